package tree_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/herokuapp/tools/internal/tree"
	"example.com/herokuapp/tools/internal/treetest"
)

func TestCopy(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	treetest.Git(t, from, "init", "-q")
	treetest.Write(t, from, ".gitignore", "*.log\n/bin/\n")
	treetest.Write(t, from, "tracked", "then")
	treetest.Write(t, from, "deleted", "")
	treetest.Write(t, from, "forced.log", "kept")
	treetest.Git(t, from, "add", "-f", ".gitignore", "tracked", "deleted", "forced.log")
	treetest.Write(t, from, "tracked", "now")
	if err := os.Remove(filepath.Join(from, "deleted")); err != nil {
		t.Fatal(err)
	}
	treetest.Write(t, from, "sub/new é", "new")
	treetest.Write(t, from, "sub/new.log", "")
	treetest.Write(t, from, "bin/app", "")
	treetest.Write(t, from, "run", "")
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
	treetest.Git(t, from, "init", "-q")
	err := tree.Copy(t.Context(), from, t.TempDir())
	if want := "has no files that Git tracks or would add"; !strings.Contains(message(err), want) {
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

// message returns what the error says, if there is one.
func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
