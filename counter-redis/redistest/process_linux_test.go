package redistest

import (
	"os"
	"path/filepath"
	"testing"
)

// A server that is killed while a child of it writes a snapshot is gone once that
// child is, too: nobody writes into the folder that the test is about to remove.
func TestKillWaitsForForks(t *testing.T) {
	server := Start(t, "--rdb-key-save-delay", "50000") // microseconds
	client := server.Client()
	for key := range "abcdefghij" {
		if err := client.Set(t.Context(), string(rune('a'+key)), "x", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.BgSave(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if n := processesIn(t, server.dir); n != 2 {
		t.Fatalf("%d processes work in the server's folder, want the server and its child", n)
	}
	server.Kill()
	if n := processesIn(t, server.dir); n != 0 {
		t.Errorf("%d processes still work in the folder of a server that was killed", n)
	}
}

// processesIn returns how many processes have the folder as their working one.
func processesIn(t *testing.T, dir string) int {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	var n int
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && to == dir { // others' can't be read
			n++
		}
	}
	return n
}
