package counterfile_test

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	counterfile "example.com/herokuapp/counter-file"
)

// A file or folder that the user may not use is refused with an error that says so.
func TestOpenWithoutPermission(t *testing.T) {
	for _, c := range []struct {
		name         string
		folder, file os.FileMode // file 0: there is none
	}{
		{"a folder that can't be written to", 0o555, 0},
		{"a folder that can't be entered", 0o444, 0o666},
		{"a file that can't be read", 0o777, 0o222},
		{"a file that can't be written to", 0o777, 0o444},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := newPath(t)
			if c.file != 0 {
				if err := open(t, path).Close(); err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(path, c.file); err != nil {
					t.Fatal(err)
				}
			}
			folder := filepath.Dir(path)
			if err := os.Chmod(folder, c.folder); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = os.Chmod(folder, 0o700) }() // so that it can be removed
			var openErr error
			asNobody(t, func() { _, openErr = counterfile.Open(path, counterfile.Options{}) })
			wantOpenErr(t, openErr, os.ErrPermission, path)
		})
	}
}

// asNobody runs do as an unprivileged user, to whom file modes apply. They do not apply to
// root; other users run do as they are.
func asNobody(t *testing.T, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if os.Getuid() == 0 {
			runtime.LockOSThread() // until the goroutine ends, and with it the thread
			if err := syscall.Setfsuid(65534); err != nil {
				t.Error(err)
				return
			}
		}
		do()
	}()
	<-done
}
