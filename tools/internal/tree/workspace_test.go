package tree_test

import (
	"strings"
	"testing"

	"example.com/herokuapp/tools/internal/tree"
	"example.com/herokuapp/tools/internal/treetest"
)

func TestReadWorkspace(t *testing.T) {
	dir := t.TempDir()
	treetest.Write(t, dir, "go.work", "go 1.26.0\n\nuse (\n\t./lib\n\t./deep/er\n\t.\n)\n")
	treetest.Write(t, dir, "go.mod", "module example.net/tree\n")
	treetest.Write(t, dir, "lib/go.mod", "module example.net/tree/lib\n")
	treetest.Write(t, dir, "deep/er/go.mod", "module example.net/tree/deep/er\n")
	work, err := tree.ReadWorkspace(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range work.Modules {
		got = append(got, m.Path()+" "+m.Tag("v0.1.0"))
	}
	want := "example.net/tree v0.1.0, example.net/tree/deep/er deep/er/v0.1.0, example.net/tree/lib lib/v0.1.0"
	if strings.Join(got, ", ") != want || work.Path != "example.net/tree" {
		t.Errorf("got %q of %s, want %q", got, work.Path, want)
	}
	if !work.Has("example.net/tree/lib") || work.Has("example.net/tree/deep") {
		t.Error("Has: want lib, and not deep, which is not a module")
	}
}

func TestReadWorkspaceWrong(t *testing.T) {
	tests := []struct{ name, work, top, lib, want string }{
		{"no module at the top", "use ./lib\n", "module example.net/tree\n", "module example.net/tree/lib\n", "go.work uses no module at the top"},
		{
			"another path", "use (\n.\n./lib\n)\n", "module example.net/tree\n", "module example.net/lib\n",
			"the module in lib is example.net/lib, want example.net/tree/lib",
		},
		{"no path", "use (\n.\n./lib\n)\n", "module example.net/tree\n", "go 1.26.0\n", "lib/go.mod names no module"},
		{"no go.mod", "use (\n.\n./more\n)\n", "module example.net/tree\n", "", "no such file"},
		{"a mistake", "use\n", "module example.net/tree\n", "", "go.work:2: usage: use local/dir"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			treetest.Write(t, dir, "go.work", "go 1.26.0\n"+tt.work)
			treetest.Write(t, dir, "go.mod", tt.top)
			treetest.Write(t, dir, "lib/go.mod", tt.lib)
			_, err := tree.ReadWorkspace(dir)
			if got := message(err); !strings.HasPrefix(got, "reading the workspace: ") || !strings.Contains(got, tt.want) {
				t.Errorf("error %q, want %q in it", got, tt.want)
			}
		})
	}
}

// What is about another tree does not reach the command.
func TestCommand(t *testing.T) {
	t.Setenv("GIT_DIR", "/nowhere")
	t.Setenv("GOWORK", "/nowhere/go.work")
	t.Setenv("KEPT", "kept")
	dir := t.TempDir()
	treetest.Git(t, dir, "init", "-q")
	out := treetest.Run(t, tree.Command(t.Context(), dir, "env"))
	if strings.Contains(out, "/nowhere") || !strings.Contains(out, "KEPT=kept\n") || !strings.Contains(out, "PWD="+dir+"\n") {
		t.Errorf("the environment is\n%s", out)
	}
}
