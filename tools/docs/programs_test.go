//go:build unix

package docs_test

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.com/herokuapp/counter-redis/redistest"
	"example.com/herokuapp/tools/internal/tree"
	"example.com/herokuapp/tools/internal/treetest"
)

// moduleOf makes a module like that of a folder, outside of the tree: it requires the
// same modules, and those of the tree are replaced by their folders there.
func moduleOf(t *testing.T, folder string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	absolute, err := filepath.Abs(top)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text := treetest.Read(t, top, path.Join(folder, name))
		put(t, filepath.Join(dir, name), strings.ReplaceAll(text, "=> ../", "=> "+absolute+"/"))
	}
	return dir
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// goIn runs the go command in the folder of a module, and returns what it prints.
func goIn(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := tree.Command(t.Context(), dir, "go", args...)
	cmd.Env = append(cmd.Env, "GOWORK=off")
	out := treetest.Run(t, cmd)
	return out
}

// The README's programs count, and the one that wants a Redis ends without.
func TestReadmePrograms(t *testing.T) {
	var programs []string
	for _, b := range readBlocks(t, "README.md") {
		if b.language == "go" {
			programs = append(programs, b.text)
		}
	}
	if len(programs) != 2 {
		t.Fatalf("the README has %d programs, want one in memory and one with Redis", len(programs))
	}
	dir := moduleOf(t, "tools")
	server := redistest.Start(t)
	nobody := "127.0.0.1:" + freePort(t)
	for i, source := range []string{
		programs[0],
		strings.ReplaceAll(programs[1], redisAddr, server.Addr()),
		strings.ReplaceAll(programs[1], redisAddr, nobody),
	} {
		put(t, filepath.Join(dir, fmt.Sprint("program", i), "main.go"), source)
	}
	for i := range 2 {
		if said := goIn(t, dir, "run", fmt.Sprint("./program", i)); said != "1 <nil>\n" {
			t.Errorf("program %d says %q", i, said)
		}
	}
	goIn(t, dir, "build", "-o", "without", "./program2")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // it takes half a minute at most
	defer cancel()
	said, err := tree.Command(ctx, dir, "./without").CombinedOutput()
	if err == nil || ctx.Err() != nil || !strings.Contains(string(said), "pending") {
		t.Errorf("without Redis: %v, %v: %s", err, ctx.Err(), said)
	}
}
