package tree

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"

	"golang.org/x/mod/modfile"
)

// Workspace is the modules that a go.work names. The path of the one at the top
// begins the paths of the others; their folders follow.
type Workspace struct {
	Top     string // its folder
	Path    string // of the module at the top
	Modules []Module
}

// Module is a module of a workspace.
type Module struct {
	Dir  string        // below the top, with forward slashes; "." is the top itself
	File *modfile.File // its go.mod; writing it back is the caller's
}

// ReadWorkspace reads the go.work in the folder top and the go.mod files of its
// modules, in the order of their folders.
func ReadWorkspace(top string) (*Workspace, error) {
	root, err := os.OpenRoot(top)
	if err != nil {
		return nil, fmt.Errorf("reading the workspace: %w", err)
	}
	defer root.Close()
	text, err := root.ReadFile("go.work")
	if err != nil {
		return nil, fmt.Errorf("reading the workspace: %w", err)
	}
	work, err := modfile.ParseWork("go.work", text, nil)
	if err != nil {
		return nil, fmt.Errorf("reading the workspace: %w", err)
	}
	w := &Workspace{Top: top}
	for _, use := range work.Use {
		m, err := readModule(root, path.Clean(filepath.ToSlash(use.Path)))
		if err != nil {
			return nil, fmt.Errorf("reading the workspace: %w", err)
		}
		w.Modules = append(w.Modules, m)
	}
	slices.SortFunc(w.Modules, func(a, b Module) int { return cmp.Compare(a.Dir, b.Dir) })
	if len(w.Modules) == 0 || w.Modules[0].Dir != "." {
		return nil, errors.New("reading the workspace: go.work uses no module at the top")
	}
	w.Path = w.Modules[0].Path()
	for _, m := range w.Modules {
		if want := path.Join(w.Path, m.Dir); m.Path() != want {
			return nil, fmt.Errorf("reading the workspace: the module in %s is %s, want %s", m.Dir, m.Path(), want)
		}
	}
	return w, nil
}

func readModule(root *os.Root, dir string) (Module, error) {
	name := path.Join(dir, "go.mod")
	text, err := root.ReadFile(name)
	if err != nil {
		return Module{}, err
	}
	file, err := modfile.Parse(name, text, nil)
	if err != nil {
		return Module{}, err
	}
	if file.Module == nil {
		return Module{}, fmt.Errorf("%s names no module", name)
	}
	return Module{Dir: dir, File: file}, nil
}

// Path returns the module's path.
func (m Module) Path() string { return m.File.Module.Mod.Path }

// Tag returns what the commit is tagged with that is the module's version.
func (m Module) Tag(version string) string { return path.Join(m.Dir, version) }

// Has reports whether the module path is one of the workspace.
func (w *Workspace) Has(modulePath string) bool {
	return slices.ContainsFunc(w.Modules, func(m Module) bool { return m.Path() == modulePath })
}
