package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"example.com/herokuapp/tools/internal/tree"
)

// edit makes the tree at dir that of the version, but for the commit.
func (r *release) edit(ctx context.Context, dir string) error {
	work, err := tree.ReadWorkspace(dir)
	if err != nil {
		return err
	}
	if err := r.require(work); err != nil {
		return err
	}
	if err := r.document(ctx, work); err != nil {
		return err
	}
	for _, m := range work.Modules {
		tidy := tree.Command(ctx, filepath.Join(dir, m.Dir), "go", "mod", "tidy")
		tidy.Env = append(tidy.Env, "GOWORK=off")
		if _, err := tree.Run(tidy); err != nil {
			return fmt.Errorf("tidying %s: %w", m.Path(), err)
		}
	}
	return rewrite(filepath.Join(dir, "CHANGELOG.md"), func(text string) (string, error) {
		return changelog(text, r.version, r.date)
	})
}

// require requires the version of every sibling.
func (r *release) require(work *tree.Workspace) error {
	for _, m := range work.Modules {
		for _, required := range m.File.Require {
			if !work.Has(required.Mod.Path) {
				continue
			}
			if err := m.File.AddRequire(required.Mod.Path, r.version); err != nil {
				return fmt.Errorf("%s: %w", m.Path(), err)
			}
		}
		text, err := m.File.Format()
		if err != nil {
			return fmt.Errorf("%s: %w", m.Path(), err)
		}
		err = rewrite(filepath.Join(work.Top, m.Dir, "go.mod"), func(string) (string, error) { return string(text), nil })
		if err != nil {
			return err
		}
	}
	return nil
}

// document writes the version where the documentation has one of a module.
func (r *release) document(ctx context.Context, work *tree.Workspace) error {
	names, err := tree.Files(ctx, work.Top)
	if err != nil {
		return err
	}
	for _, name := range names {
		if filepath.Ext(name) != ".md" || name == "CHANGELOG.md" {
			continue
		}
		err := rewrite(filepath.Join(work.Top, name), func(text string) (string, error) {
			return setVersions(text, work.Path, r.version), nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// setVersions returns the text with the version after each path of a module whose
// path begins with root, as in a go.mod or after an @.
func setVersions(text, root, version string) string {
	const one = `v[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?`
	pattern := regexp.MustCompile(`(` + regexp.QuoteMeta(root) + `(?:/[\w./-]+)?[ @])` + one)
	return pattern.ReplaceAllString(text, "${1}"+version)
}

// rewrite writes what change makes of the file's text, if that is another.
func rewrite(name string, change func(string) (string, error)) error {
	old, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	text, err := change(string(old))
	if err != nil || text == string(old) {
		return err
	}
	return os.WriteFile(name, []byte(text), 0o600) // as it is there, its mode stays
}
