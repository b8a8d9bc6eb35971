package main

import (
	"maps"
	"os"
	"strings"
	"testing"

	"example.com/herokuapp/tools/internal/tree"
	"example.com/herokuapp/tools/internal/treetest"
)

// newRepo makes a repository of three modules, all committed on main.
func newRepo(t *testing.T) string {
	t.Helper()
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_SYSTEM", os.DevNull)
	t.Setenv("GOPROXY", "off")
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.work":      "go 1.26.0\n\nuse (\n\t.\n\t./lib\n\t./prog\n)\n",
		"go.mod":       "// Words.\nmodule example.net/tree\n\ngo 1.26.0\n",
		"lib/go.mod":   "module example.net/tree/lib\n\ngo 1.26.0\n",
		"lib/lib.go":   "package lib\n",
		"prog/go.mod":  goMod("v0.1.0"),
		"prog/main.go": "package main\n\nimport _ \"example.net/tree/lib\"\n\nfunc main() {}\n",
		"README.md":    "go get example.net/tree/lib@v0.1.0\n",
		"docs/a.md":    "```\n" + goMod("v0.1.0") + "```\n",
		"CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n- One.\n",
		".gitignore":   "*.log\n",
	} {
		treetest.Write(t, dir, name, text)
	}
	treetest.Git(t, dir, "init", "--quiet", "--initial-branch", "main")
	treetest.Git(t, dir, "config", "user.name", "Test")
	treetest.Git(t, dir, "config", "user.email", "test@example.com")
	commit(t, dir)
	return dir
}

// goMod is the go.mod of prog, which requires that version of lib.
func goMod(version string) string {
	return "module example.net/tree/prog\n\ngo 1.26.0\n\nrequire example.net/tree/lib " + version +
		"\n\nreplace example.net/tree/lib => ../lib\n"
}

func commit(t *testing.T, dir string) {
	t.Helper()
	treetest.Git(t, dir, "add", ".")
	treetest.Git(t, dir, "commit", "--quiet", "--message", "Words.")
}

// state is all that a release may change.
func state(t *testing.T, dir string) map[string]string {
	t.Helper()
	s := map[string]string{}
	for _, command := range []string{"for-each-ref", "symbolic-ref --quiet HEAD", "status --porcelain --ignored", "worktree list", "diff"} {
		s[command], _ = tree.Git(t.Context(), dir, strings.Fields(command)...) // a detached HEAD has no name
	}
	maps.Copy(s, treetest.Contents(t, dir))
	return s
}

func unchanged(t *testing.T, dir string, before map[string]string) {
	t.Helper()
	if after := state(t, dir); !maps.Equal(after, before) {
		t.Errorf("changed:\n%q\nwas\n%q", after, before)
	}
}
