package treetest

import (
	"testing"

	"example.com/herokuapp/tools/internal/tree"
)

// Clone returns a clone of the repository, elsewhere, at its last commit.
func Clone(tb testing.TB, repo string) (clone string) {
	tb.Helper()
	clone = tb.TempDir()
	run(tb, clone, "git", "clone", "--quiet", repo, ".")
	return clone
}

// Commit returns a copy of the tree at top as it is now, committed in a repository of the
// test's own. The same tree gives the same commit each time.
func Commit(tb testing.TB, top string) (repo string) {
	tb.Helper()
	repo = tb.TempDir()
	if err := tree.Copy(tb.Context(), top, repo); err != nil {
		tb.Fatal(err)
	}
	for _, args := range [][]string{
		{"init", "--quiet", "--initial-branch=main"},
		{"config", "user.name", "Test"},
		{"config", "user.email", "test@example.com"},
		{"config", "commit.gpgSign", "false"},
		{"config", "tag.gpgSign", "false"},
		{"add", "."},
		{"commit", "--quiet", "--message", "The tree."},
	} {
		run(tb, repo, "git", args...)
	}
	return repo
}

// Release gives the tree in the repository the version, and switches to it.
func Release(tb testing.TB, repo, version string) {
	tb.Helper()
	run(tb, repo, "go", "run", "./tools/release", "-do", "-check=", version)
	run(tb, repo, "git", "switch", "--quiet", "--detach", version)
}

func run(tb testing.TB, dir, name string, args ...string) {
	tb.Helper()
	cmd := tree.Command(tb.Context(), dir, name, args...)
	cmd.Env = append(cmd.Env, "GIT_AUTHOR_DATE=2026-01-02T03:04:05Z", "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z")
	if _, err := tree.Run(cmd); err != nil {
		tb.Fatal(err)
	}
}
