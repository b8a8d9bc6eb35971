package main

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/herokuapp/tools/internal/tree"
	"example.com/herokuapp/tools/internal/treetest"
)

// top is the tree of which a copy is renamed.
const top = "../.."

// renamed sorts after the paths that stand in go.mod files, so that their lines
// change places. In two parts, it is not found here when it is renamed back.
const renamed = "z.example.org" + "/somebody/else"

func TestRename(t *testing.T) {
	dir := t.TempDir()
	if err := tree.Copy(t.Context(), top, dir); err != nil {
		t.Fatal(err)
	}
	commit(t, dir)
	work, err := tree.ReadWorkspace(dir)
	if err != nil {
		t.Fatal(err)
	}
	original, before := work.Path, treetest.Contents(t, dir)

	if err := rename(t.Context(), dir, renamed, false, io.Discard); err != nil {
		t.Fatal(err)
	}
	for name, text := range treetest.Contents(t, dir) {
		if strings.Contains(text, original) {
			t.Errorf("%s has the path %s", name, original)
		}
	}
	// Without folders' names in it, what was built is found in the build cache again.
	t.Setenv("GOFLAGS", os.Getenv("GOFLAGS")+" -trimpath")
	for _, m := range work.Modules {
		if m.Dir != "." { // which has no package
			do(t, filepath.Join(dir, m.Dir), "env", "GOWORK=off", "go", "build", "./...")
		}
		do(t, filepath.Join(dir, m.Dir), "env", "GOWORK=off", "go", "mod", "tidy", "-diff")
	}
	do(t, dir, "go", "vet", "work")
	do(t, dir, "go", "test", "./counter-core/...", "./counter-memory/...", "./app/internal/config")
	do(t, dir, "go", "test", "./tools/docs", "-run", "TestShown")

	// It can be renamed again. By renaming back all is as it was.
	if err := rename(t.Context(), dir, original, true, io.Discard); err != nil {
		t.Fatal(err)
	}
	after := treetest.Contents(t, dir)
	for name := range before {
		if after[name] != before[name] {
			t.Errorf("%s is not as it was", name)
		}
	}
	if !maps.Equal(after, before) {
		t.Errorf("%d files, want %d", len(after), len(before))
	}
}

func TestRefused(t *testing.T) {
	dir := smallTree(t)
	commit(t, dir)
	before := treetest.Contents(t, dir)
	tests := []struct{ name, path, want string }{
		{"a URL", "https://example.org/you/repo", "want a path such as github.com/you/repo"},
		{"no host", "repo", "want a path such as github.com/you/repo"},
		{"a slash at the end", "example.org/you/", "want a path such as github.com/you/repo"},
		{"a version", "example.org/you/repo/v2", "it ends with a version"},
		{"another's", "github.com/other", "github.com/other is the path of others: example.net/tree/lib requires github.com/other/lib"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := rename(t.Context(), dir, tt.path, false, io.Discard)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q in it", err, tt.want)
			}
			if !maps.Equal(treetest.Contents(t, dir), before) {
				t.Error("files changed")
			}
		})
	}
}

func TestRefusedDirty(t *testing.T) {
	dir := smallTree(t)
	commit(t, dir)
	treetest.Write(t, dir, "new.txt", "example.net/tree\n")
	before := treetest.Contents(t, dir)
	err := rename(t.Context(), dir, "example.org/you/repo", false, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "?? new.txt") {
		t.Errorf("error %v, want one that names the file", err)
	}
	if !maps.Equal(treetest.Contents(t, dir), before) {
		t.Error("files changed")
	}

	var out strings.Builder
	if err := rename(t.Context(), dir, "example.org/you/repo", true, &out); err != nil {
		t.Fatal(err)
	}
	if got, want := treetest.Contents(t, dir)["new.txt"], "example.org/you/repo\n"; got != want {
		t.Errorf("new.txt is %q, want %q", got, want)
	}
	if want := "example.net/tree is now example.org/you/repo, in 3 files."; !strings.HasPrefix(out.String(), want) {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
}

// Of a file that is not laid out, or can't be, the path alone changes.
func TestUntidy(t *testing.T) {
	dir := smallTree(t)
	treetest.Write(t, dir, "lib/a.go", "package lib\n\nimport _  \"example.net/tree/b\"\n")
	treetest.Write(t, dir, "lib/testdata/b.go", "package example.net/tree\n")
	commit(t, dir)
	if err := rename(t.Context(), dir, "example.org/you/repo", false, io.Discard); err != nil {
		t.Fatal(err)
	}
	after := treetest.Contents(t, dir)
	if got, want := after["lib/a.go"], "package lib\n\nimport _  \"example.org/you/repo/b\"\n"; got != want {
		t.Errorf("lib/a.go is %q, want %q", got, want)
	}
	if got, want := after["lib/testdata/b.go"], "package example.org/you/repo\n"; got != want {
		t.Errorf("lib/testdata/b.go is %q, want %q", got, want)
	}
}

func TestSamePath(t *testing.T) {
	dir := smallTree(t)
	commit(t, dir)
	var out strings.Builder
	if err := rename(t.Context(), dir, "example.net/tree", false, &out); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "The modules have the path example.net/tree.\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

// smallTree makes a tree of two modules.
func smallTree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	treetest.Write(t, dir, "go.work", "go 1.26.0\n\nuse (\n\t.\n\t./lib\n)\n")
	treetest.Write(t, dir, "go.mod", "module example.net/tree\n\ngo 1.26.0\n")
	treetest.Write(t, dir, "lib/go.mod", "module example.net/tree/lib\n\ngo 1.26.0\n\nrequire github.com/other/lib v0.1.0\n")
	return dir
}

func commit(t *testing.T, dir string) {
	t.Helper()
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	do(t, dir, "git", "init", "--quiet")
	do(t, dir, "git", "add", ".")
	do(t, dir, "git", "-c", "user.name=Test", "-c", "user.email=test@example.com",
		"commit", "--quiet", "--message", "The tree.")
}

func do(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	treetest.Run(t, tree.Command(t.Context(), dir, name, args...))
}
