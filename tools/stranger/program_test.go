package stranger_test

import (
	"path/filepath"
	"strings"
	"testing"

	"example.com/herokuapp/tools/internal/tree"
	"example.com/herokuapp/tools/internal/treetest"
)

// program is a module outside of the tree, with one package.
type program struct {
	dir   string
	env   []string
	proxy packed
}

// newPrograms returns a function that makes programs of a source text. They share
// a module cache, empty at first.
func newPrograms(t *testing.T, proxy packed) func(t *testing.T, source string) *program {
	t.Helper()
	env := []string{
		"GOWORK=off",
		"GOPROXY=" + fileURL(proxy.dir) + "," + fileURL(filepath.Join(others(t), "cache", "download")),
		"GOSUMDB=off", "GOPRIVATE=", "GONOPROXY=", "GONOSUMDB=", "GOTOOLCHAIN=local", "GO111MODULE=on",
		"GOMODCACHE=" + t.TempDir(),
		// Without folders' names in it, what was built is found in the build cache again.
		"GOFLAGS=-mod=mod -modcacherw -trimpath",
	}
	return func(t *testing.T, source string) *program {
		t.Helper()
		p := &program{dir: t.TempDir(), env: env, proxy: proxy}
		treetest.Write(t, p.dir, "main.go", source)
		p.run(t, "go", "mod", "init", "stranger.example/program")
		return p
	}
}

// others returns the folder of this machine's module cache, in which there is what
// the modules need of others.
func others(t *testing.T) string {
	t.Helper()
	for _, module := range []string{"app", "counter-file", "counter-redis"} {
		for _, args := range [][]string{{"mod", "download"}, {"list", "-m", "all"}} {
			cmd := tree.Command(t.Context(), filepath.Join(top, module), "go", args...)
			cmd.Env = append(cmd.Env, "GOWORK=off")
			treetest.Run(t, cmd)
		}
	}
	cache := treetest.Run(t, tree.Command(t.Context(), top, "go", "env", "GOMODCACHE"))
	return strings.TrimSpace(cache)
}

func fileURL(dir string) string { return "file://" + filepath.ToSlash(dir) }

// get gets modules of the tree, at their version.
func (p *program) get(t *testing.T, modules ...string) {
	t.Helper()
	args := []string{"get"}
	for _, m := range modules {
		args = append(args, p.proxy.path+"/"+m+"@"+p.proxy.version)
	}
	p.run(t, "go", args...)
}

// build builds the program and returns the binary's name.
func (p *program) build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(p.dir, "program")
	p.run(t, "go", "build", "-o", binary)
	return binary
}

// modules returns the modules that the program's own depends on, those of the tree
// by their folders.
func (p *program) modules(t *testing.T) []string {
	t.Helper()
	list := p.run(t, "go", "list", "-m", "-f", "{{if not .Main}}{{.Path}}{{end}}", "all")
	return fields(p.short(list))
}

// version returns the version of a module that the program's own depends on.
func (p *program) version(t *testing.T, module string) string {
	t.Helper()
	return strings.TrimSpace(p.run(t, "go", "list", "-m", "-f", "{{.Version}}", module))
}

// packages returns what is in the program beside the standard library: packages of
// the tree by their folders, and modules of others.
func (p *program) packages(t *testing.T) []string {
	t.Helper()
	list := p.run(t, "go", "list", "-deps", "-f",
		"{{if not (or .Standard .Module.Main)}}{{.ImportPath}} {{.Module.Path}}{{end}}")
	var names []string
	for line := range strings.Lines(list) {
		pkg, module, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.HasPrefix(module, p.proxy.path+"/") {
			module = pkg
		}
		names = append(names, module)
	}
	return fields(p.short(strings.Join(names, "\n")))
}

func (p *program) short(list string) string { return strings.ReplaceAll(list, p.proxy.path+"/", "") }

// run runs the command in the program's folder and returns what it prints.
func (p *program) run(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := tree.Command(t.Context(), p.dir, name, args...)
	cmd.Env = append(cmd.Env, p.env...)
	out := treetest.Run(t, cmd)
	return out
}
