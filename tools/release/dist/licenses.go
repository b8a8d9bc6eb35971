package dist

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"example.com/herokuapp/tools/internal/tree"
)

// Licenses returns the licences of everything from elsewhere in the program of the tree at top.
// Whoever passes the program on must pass them on, too.
func Licenses(ctx context.Context, top string) ([]byte, error) {
	list, err := tree.Run(tree.Command(ctx, top, "go", "list", "-deps", "-f",
		`{{with .Module}}{{if .Version}}{{.Path}} {{.Version}}{{"\t"}}{{.Dir}}{{end}}{{end}}`, "./app"))
	if err != nil {
		return nil, err
	}
	goRoot, err := tree.Run(tree.Command(ctx, top, "go", "env", "GOROOT"))
	if err != nil {
		return nil, err
	}
	modules := strings.Split(strings.TrimSpace(list), "\n")
	slices.Sort(modules)
	modules = append([]string{"Go and its standard library\t" + strings.TrimSpace(goRoot)}, slices.Compact(modules)...)
	files, err := tree.Files(ctx, top)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	for _, module := range modules {
		name, dir, ok := strings.Cut(module, "\t")
		if !ok { // a package of the standard library or of the tree
			continue
		}
		if err := license(&text, name, dir); err != nil {
			return nil, err
		}
	}
	for _, name := range files { // of files in the tree that are from elsewhere, such as the widths of letters
		if strings.HasPrefix(name, "tools/") || !strings.HasPrefix(path.Base(name), "LICENSE-") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(top, name))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&text, "== %s\n\n%s\n\n", name, bytes.TrimSpace(content))
	}
	return text.Bytes(), nil
}

// license writes the files of a module that have its licence.
func license(text *bytes.Buffer, module, dir string) error {
	found := false
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		base, _, _ := strings.Cut(strings.ToUpper(entry.Name()), ".")
		if entry.IsDir() || !slices.Contains([]string{"LICENSE", "LICENCE", "COPYING", "NOTICE"}, base) {
			continue
		}
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(text, "== %s: %s\n\n%s\n\n", module, entry.Name(), bytes.TrimSpace(content))
		found = true
	}
	if !found {
		return fmt.Errorf("%s has no licence in %s", module, dir)
	}
	return nil
}
