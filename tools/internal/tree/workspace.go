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

// Workspace is the modules that a go.work names. The path of each module is that of the module at
// the top, followed by the module's folder.
type Workspace struct {
	Top     string // its folder
	Path    string // of the module at the top
	Modules []Module
}

// Module is a module of a workspace.
type Module struct {
	Dir  string        // below the top, with forward slashes; "." is the top itself
	File *modfile.File // its go.mod; the caller writes it back
}

// ReadWorkspace reads the go.work in the folder top and the go.mod files of its
// modules, in the order of their folders.
func ReadWorkspace(top string) (*Workspace, error) {
	w := &Workspace{Top: top}
	if err := w.read(); err != nil {
		return nil, fmt.Errorf("reading the workspace: %w", err)
	}
	return w, nil
}

func (w *Workspace) read() error {
	text, err := os.ReadFile(filepath.Join(w.Top, "go.work"))
	if err != nil {
		return err
	}
	work, err := modfile.ParseWork("go.work", text, nil)
	if err != nil {
		return err
	}
	for _, use := range work.Use {
		m := Module{Dir: path.Clean(filepath.ToSlash(use.Path))}
		name := path.Join(m.Dir, "go.mod")
		if text, err = os.ReadFile(filepath.Join(w.Top, name)); err != nil {
			return err
		}
		if m.File, err = modfile.Parse(name, text, nil); err != nil {
			return err
		}
		if m.File.Module == nil {
			return fmt.Errorf("%s names no module", name)
		}
		w.Modules = append(w.Modules, m)
	}
	slices.SortFunc(w.Modules, func(a, b Module) int { return cmp.Compare(a.Dir, b.Dir) })
	if len(w.Modules) == 0 || w.Modules[0].Dir != "." {
		return errors.New("go.work uses no module at the top")
	}
	w.Path = w.Modules[0].Path()
	for _, m := range w.Modules {
		if want := path.Join(w.Path, m.Dir); m.Path() != want {
			return fmt.Errorf("the module in %s is %s, want %s", m.Dir, m.Path(), want)
		}
	}
	return nil
}

// Path returns the module's path.
func (m Module) Path() string { return m.File.Module.Mod.Path }

// Tag returns the tag that gives a commit the version of the module.
func (m Module) Tag(version string) string { return path.Join(m.Dir, version) }

// Has reports whether the module path is one of the workspace.
func (w *Workspace) Has(modulePath string) bool {
	return slices.ContainsFunc(w.Modules, func(m Module) bool { return m.Path() == modulePath })
}
