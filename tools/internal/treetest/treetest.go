// Package treetest reads and writes trees of files, and makes repositories of them, in tests.
package treetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"example.com/herokuapp/tools/internal/tree"
)

// Read returns the text of the file whose path these elements make.
func Read(tb testing.TB, path ...string) string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

// Write writes a file, and makes the folders it is in. The name has forward slashes.
func Write(tb testing.TB, dir, name, text string) {
	tb.Helper()
	name = filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
}

// Contents returns the text of each file below dir that Git tracks or would add, by its name.
func Contents(tb testing.TB, dir string) map[string]string {
	tb.Helper()
	names, err := tree.Files(tb.Context(), dir)
	if err != nil {
		tb.Fatal(err)
	}
	files := map[string]string{}
	for _, name := range names {
		files[name] = Read(tb, dir, name)
	}
	return files
}

// Run runs the command, which must succeed, and returns what it prints.
func Run(tb testing.TB, cmd *exec.Cmd) string {
	tb.Helper()
	out, err := tree.Run(cmd)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// Git runs git in dir and returns what it prints, without the spaces around it.
func Git(tb testing.TB, dir string, args ...string) string {
	tb.Helper()
	out, err := tree.Git(tb.Context(), dir, args...)
	if err != nil {
		tb.Fatal(err)
	}
	return strings.TrimSpace(out)
}
