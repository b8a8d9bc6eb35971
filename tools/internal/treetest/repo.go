package treetest

import (
	"testing"

	"example.com/herokuapp/tools/internal/tree"
)

// Clone clones the repository to a new folder, and returns it.
func Clone(tb testing.TB, repo string) (clone string) {
	tb.Helper()
	clone = tb.TempDir()
	run(tb, clone, "git", "clone", "--quiet", repo, ".")
	return clone
}

// Commit copies the tree at top as it is now to a new repository, commits it there, and returns the
// repository's folder. The same tree gives the same commit each time.
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

// Release releases the version in the repository, and switches to its tag.
func Release(tb testing.TB, repo, version string) {
	tb.Helper()
	run(tb, repo, "go", "run", "./tools/release", "-do", "-check=", version)
	run(tb, repo, "git", "switch", "--quiet", "--detach", version)
}

func run(tb testing.TB, dir, name string, args ...string) {
	tb.Helper()
	cmd := tree.Command(tb.Context(), dir, name, args...)
	cmd.Env = append(cmd.Env, "GIT_AUTHOR_DATE=2026-01-02T03:04:05Z", "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z")
	Run(tb, cmd)
}
