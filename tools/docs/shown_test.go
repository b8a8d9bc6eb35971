package docs_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.com/herokuapp/tools/internal/treetest"
)

// What these pages show of a file is in the file.
func TestShown(t *testing.T) {
	for _, page := range []string{"docs/architecture.md", "docs/backend.md"} {
		shown := 0
		for _, b := range readBlocks(t, page) {
			if b.file == "" {
				continue
			}
			shown++
			file, err := os.ReadFile(filepath.Join(top, b.file))
			if err != nil {
				t.Errorf("%s: %v", b.at, err)
			} else if err := inFile(b.text, string(file)); err != nil {
				t.Errorf("%s: %s: %v", b.at, b.file, err)
			}
		}
		if shown == 0 {
			t.Errorf("%s shows no file", page)
		}
	}
}

// docs/backend.md shows whole declarations, names their files to its reader, and leaves out
// none of the methods that a backend needs.
func TestBackendShown(t *testing.T) {
	const page = "docs/backend.md"
	text := treetest.Read(t, top, page)
	missing := []string{"Add", "Get", "Set", "List", "Ping", "Close", "Apply", "Retention"}
	for _, b := range readBlocks(t, page) {
		if b.language != "go" {
			continue
		}
		if !strings.Contains(text, "(../"+b.file+")") {
			t.Errorf("%s: no link to %s", b.at, b.file)
		}
		if regexp.MustCompile(`(?m)^\s+// …$`).MatchString(b.text) {
			t.Errorf("%s: it leaves out part of a declaration", b.at)
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+b.text, 0)
		if err != nil {
			t.Errorf("%s: %v", b.at, err)
			continue
		}
		for _, decl := range parsed.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv != nil {
				missing = slices.DeleteFunc(missing, func(name string) bool { return name == f.Name.Name })
			}
		}
	}
	if len(missing) > 0 {
		t.Errorf("%s does not show the methods %q", page, missing)
	}
}

// inFile returns an error unless the file has the lines of the block, one after the
// other. A line that holds only …, or // …, stands for lines left out.
func inFile(block, file string) error {
	rest := "\n" + file
	for _, part := range regexp.MustCompile(`(?m)^\s*(// )?…$`).Split(block, -1) {
		part = strings.Trim(part, "\n")
		_, after, found := strings.Cut(rest, "\n"+part+"\n")
		if !found || part == "" {
			return fmt.Errorf("the file has not, at this place:\n%s", part)
		}
		rest = "\n" + after
	}
	return nil
}

func TestInFile(t *testing.T) {
	const file = "a\n\nb {\n\tc\n\td\n}\n"
	for _, tt := range []struct {
		name, block string
		want        bool
	}{
		{"the whole file", file, true},
		{"lines of it", "b {\n\tc\n", true},
		{"lines left out", "a\n\n// …\n\tc\n\t// …\n}\n", true},
		{"the wrong order", "\td\n// …\n\tc\n", false},
		{"a line twice", "\tc\n// …\n\tc\n", false},
		{"a line that is missing without a sign", "b {\n\td\n", false},
		{"part of a line", "b\n", false},
		{"spaces for a tab", "    c\n", false},
		{"more lines than the file has", "}\ne\n", false},
		{"nothing", "// …\n", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := inFile(tt.block, file); (err == nil) != tt.want {
				t.Errorf("inFile: %v, want found: %t", err, tt.want)
			}
		})
	}
}
