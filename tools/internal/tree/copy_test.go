package tree_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/herokuapp/tools/internal/tree"
)

func TestCopy(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	git(t, from, "init", "-q")
	write(t, filepath.Join(from, ".gitignore"), "*.log\n/bin/\n")
	write(t, filepath.Join(from, "tracked"), "then")
	write(t, filepath.Join(from, "deleted"), "")
	write(t, filepath.Join(from, "forced.log"), "kept")
	git(t, from, "add", "-f", ".gitignore", "tracked", "deleted", "forced.log")
	write(t, filepath.Join(from, "tracked"), "now")
	if err := os.Remove(filepath.Join(from, "deleted")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(from, "sub", "new é"), "new")
	write(t, filepath.Join(from, "sub", "new.log"), "")
	write(t, filepath.Join(from, "bin", "app"), "")
	write(t, filepath.Join(from, "run"), "")
	if err := os.Chmod(filepath.Join(from, "run"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("sub/new é", filepath.Join(from, "link")); err != nil {
		t.Fatal(err)
	}

	if err := tree.Copy(t.Context(), from, to); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		".gitignore": "-rw------- *.log\n/bin/\n",
		"tracked":    "-rw------- now",
		"forced.log": "-rw------- kept",
		"sub/new é":  "-rw------- new",
		"run":        "-rwx------ ",
	}
	if got := contents(t, to); !maps.Equal(got, want) {
		t.Errorf("copied %q, want %q", got, want)
	}
}

func TestCopyNothing(t *testing.T) {
	from := t.TempDir()
	git(t, from, "init", "-q")
	err := tree.Copy(t.Context(), from, t.TempDir())
	if want := "has no file that Git has or would take"; !strings.Contains(message(err), want) {
		t.Errorf("error %q, want %q in it", message(err), want)
	}
}

// contents returns the mode and the content of each file below dir.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		files[name] = info.Mode().String() + " " + string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	if _, err := tree.Git(t.Context(), dir, args...); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// message returns what the error says, if there is one.
func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
