package docs_test

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.com/herokuapp/tools/internal/tree"
	"example.com/herokuapp/tools/internal/treetest"
)

// docs/security.md lists each module that one of the tree requires itself, those of the program and
// the others apart.
func TestDependencies(t *testing.T) {
	work, err := tree.ReadWorkspace(top)
	if err != nil {
		t.Fatal(err)
	}
	direct := map[string]bool{}
	for _, m := range work.Modules {
		for _, required := range m.File.Require {
			if !required.Indirect && !work.Has(required.Mod.Path) {
				direct[required.Mod.Path] = true
			}
		}
	}
	inProgram := map[string]bool{}
	for module := range strings.Lines(goList(t, "{{with .Module}}{{.Path}}{{end}}", "-deps", "./app")) {
		if module = strings.TrimSpace(module); direct[module] {
			inProgram[module] = true
		}
	}
	text := treetest.Read(t, top, path.Join("docs", "security.md"))
	program, others, found := strings.Cut(text, "These are used only in tests and tools")
	if !found {
		t.Fatal("it does not tell the program's modules from others")
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z]\\S+\\.\\S+/\\S+)` \\| \\S[^|]+ \\| \\S[^|]+ \\|$")
	listed := func(text string) []string {
		var modules []string
		for _, match := range row.FindAllStringSubmatch(text, -1) {
			modules = append(modules, match[1])
		}
		slices.Sort(modules)
		return modules
	}
	if got, want := listed(program), slices.Sorted(maps.Keys(inProgram)); !slices.Equal(got, want) {
		t.Errorf("the program's modules are\n%q, listed are\n%q", want, got)
	}
	maps.DeleteFunc(direct, func(module string, _ bool) bool { return inProgram[module] })
	if got, want := listed(others), slices.Sorted(maps.Keys(direct)); !slices.Equal(got, want) {
		t.Errorf("the other modules are\n%q, listed are\n%q", want, got)
	}
}

// goList returns what go list says of packages of the workspace.
func goList(t *testing.T, format string, args ...string) string {
	t.Helper()
	out := treetest.Run(t, tree.Command(t.Context(), top, "go", append([]string{"list", "-f", format}, args...)...))
	return out
}
