// Package stranger tests that a program outside this repository gets the modules it asks for, and
// nothing else. It has only tests.
//
// The tree as it is now is committed to a repository of the test's own, and released there as the
// version that its modules require of each other. The modules are packed from the tags, as a module
// proxy packs them. Programs in folders of their own get them from there by go get, without
// workspace, replacements, or anything this machine has downloaded before. Then they are built and
// run. Third-party modules come from this machine's module cache, which the go command fills first
// if it has to.
package stranger_test

import (
	"bufio"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.com/herokuapp/counter-redis/redistest"
	"example.com/herokuapp/tools/internal/treetest"
)

func TestStranger(t *testing.T) {
	proxy := pack(t)
	newProgram := newPrograms(t, proxy)

	t.Run("license", func(t *testing.T) {
		// Without one, pages that show documentation show none.
		same(t, "modules with a license", proxy.licensed,
			".", "app", "counter-core", "counter-file", "counter-memory", "counter-redis", "templates", "tools")
	})

	t.Run("memory", func(t *testing.T) {
		p := newProgram(t, treetest.Read(t, "testdata/memory/main.go"))
		p.get(t, "counter-core", "counter-memory")
		printed(t, p.run(t, p.build(t)), "1\n2\n3\n")
		same(t, "modules", p.modules(t), "counter-core", "counter-memory")
		same(t, "packages", p.packages(t), "counter-core", "counter-memory")
	})

	t.Run("README", func(t *testing.T) {
		p := newProgram(t, readme(t))
		p.get(t, "counter-core", "counter-memory")
		printed(t, p.run(t, p.build(t)), "1 <nil>\n")
		same(t, "modules", p.modules(t), "counter-core", "counter-memory")
	})

	t.Run("install", func(t *testing.T) { testInstall(t, proxy, newProgram(t, "package main\n\nfunc main() {}\n").env) })

	t.Run("coalesce", func(t *testing.T) {
		p := newProgram(t, treetest.Read(t, "testdata/coalesce/main.go"))
		p.get(t, "counter-core", "counter-memory")
		printed(t, p.run(t, p.build(t)), "100\n")
		same(t, "modules", p.modules(t), "counter-core", "counter-memory")
		same(t, "packages", p.packages(t), "counter-core", "counter-core/coalesce", "counter-memory")
	})

	t.Run("page", func(t *testing.T) {
		p := newProgram(t, treetest.Read(t, "testdata/page/main.go"))
		p.get(t, "counter-core", "counter-memory")
		url := p.serve(t, p.build(t))
		for _, want := range []string{"viewed 1 times", "viewed 2 times", "viewed 3 times"} {
			printed(t, body(t, url), want)
		}
		same(t, "modules", p.modules(t), "counter-core", "counter-memory")
		same(t, "packages", p.packages(t), "counter-core", "counter-core/bots", "counter-core/counterhttp", "counter-memory")
	})

	t.Run("file", func(t *testing.T) {
		p := newProgram(t, treetest.Read(t, "testdata/file/main.go"))
		p.get(t, "counter-core", "counter-file")
		path := filepath.Join(t.TempDir(), "counts.db")
		printed(t, p.run(t, p.build(t), path), "1\n2\n3\n")
		printed(t, p.run(t, p.build(t), path), "4\n5\n6\n")
		same(t, "packages", p.packages(t), "counter-core", "counter-file", "go.etcd.io/bbolt", "golang.org/x/sys")
		same(t, "modules", p.modules(t), "counter-core", "counter-file", "go.etcd.io/bbolt", "golang.org/x/sys",
			// What bbolt requires for its command and its tests is in no program, but in the list.
			"github.com/aclements/go-moremath", "github.com/davecgh/go-spew", "github.com/inconshreveable/mousetrap",
			"github.com/pmezard/go-difflib", "github.com/spf13/cobra", "github.com/spf13/pflag", "github.com/stretchr/testify",
			"go.etcd.io/gofail", "golang.org/x/mod", "golang.org/x/perf", "golang.org/x/sync", "golang.org/x/tools", "gopkg.in/yaml.v3")
	})

	t.Run("redis", func(t *testing.T) {
		p := newProgram(t, treetest.Read(t, "testdata/redis/main.go"))
		p.get(t, "counter-core", "counter-redis")
		server := redistest.Start(t)
		printed(t, p.run(t, p.build(t), server.URL()), "1\n2\n3\n")
		same(t, "packages", p.packages(t), "counter-core", "counter-redis",
			// go-redis, and all that it needs.
			"github.com/redis/go-redis/v9", "github.com/cespare/xxhash/v2", "go.uber.org/atomic", "golang.org/x/sys")

		// What go-redis requires for its own tests is in no program, but in the list.
		bare := newProgram(t, "package main\n\nimport _ \"github.com/redis/go-redis/v9\"\n\nfunc main() {}\n")
		bare.run(t, "go", "get", "github.com/redis/go-redis/v9@"+p.version(t, "github.com/redis/go-redis/v9"))
		same(t, "modules", p.modules(t), append(bare.modules(t), "counter-core", "counter-redis")...)
	})
}

// same expects the names in any order.
func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func printed(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

// readme returns the program that the README shows.
func readme(t *testing.T) string {
	t.Helper()
	_, rest, _ := strings.Cut(treetest.Read(t, filepath.Join(top, "README.md")), "```go\npackage main\n")
	source, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("the README shows no program")
	}
	return "package main\n" + source
}

// serve starts the program, which ends with the test, and returns the address that
// it prints.
func (p *program) serve(t *testing.T, binary string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() }) // killed: the test's context ends before
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(url)
}

func body(t *testing.T, url string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
