package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
	modzip "golang.org/x/mod/zip"

	"example.com/herokuapp/tools/internal/tree"
)

// installable makes `go install module@version` work for the modules that are programs, and commits
// that in the work tree at dir. The go command refuses a program with replacements, so the go.mod of
// each loses its own, and its go.sum gets the sums of the siblings as of the last commit. go.work
// gets the replacements instead, so that within the workspace the siblings are still found. It
// returns the commit, or the last one if there are no programs.
func (r *release) installable(ctx context.Context, dir string) (string, error) {
	head, err := commitAt(ctx, dir)
	if err != nil {
		return "", err
	}
	work, err := tree.ReadWorkspace(dir)
	if err != nil {
		return "", err
	}
	changed := false
	for _, m := range work.Modules {
		is, err := isProgram(ctx, filepath.Join(dir, m.Dir))
		if err != nil {
			return "", err
		}
		if !is || len(m.File.Replace) == 0 {
			continue
		}
		if err := r.withoutReplacements(work, m, head); err != nil {
			return "", fmt.Errorf("%s: %w", m.Path(), err)
		}
		changed = true
	}
	if !changed {
		return head, nil
	}
	if _, err := tree.Git(ctx, dir, "add", "."); err != nil {
		return "", err
	}
	if _, err := tree.Git(ctx, dir, "commit", "--quiet", "--message", "release "+r.version+": no replacements, for go install"); err != nil {
		return "", err
	}
	return commitAt(ctx, dir)
}

// commitAt returns the last commit of the tree at dir.
func commitAt(ctx context.Context, dir string) (string, error) {
	head, err := tree.Git(ctx, dir, "rev-parse", "HEAD")
	return strings.TrimSpace(head), err
}

// isProgram reports whether the package in the folder itself is a program.
func isProgram(ctx context.Context, dir string) (bool, error) {
	name, err := tree.Run(tree.Command(ctx, dir, "go", "list", "-e", "-f", "{{.Name}}", "."))
	return strings.TrimSpace(name) == "main", err
}

// withoutReplacements rewrites the go.mod and the go.sum of a module.
func (r *release) withoutReplacements(work *tree.Workspace, m tree.Module, commit string) error {
	sums := sumFile{}
	sumName := filepath.Join(work.Top, m.Dir, "go.sum")
	text, err := os.ReadFile(sumName)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := sums.parse(string(text)); err != nil {
		return err
	}
	for _, sibling := range work.Modules {
		if err := m.File.DropReplace(sibling.Path(), ""); err != nil {
			return err
		}
		required := false
		for _, other := range m.File.Require {
			required = required || other.Mod.Path == sibling.Path()
		}
		if !required {
			continue
		}
		if err := use(work, sibling, r.version); err != nil {
			return err
		}
		if err := sums.add(r.top, commit, sibling, r.version); err != nil {
			return err
		}
	}
	m.File.Cleanup()
	goMod, err := m.File.Format()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(work.Top, m.Dir, "go.mod"), goMod, 0o600); err != nil { // an existing file keeps its mode
		return err
	}
	return os.WriteFile(sumName, []byte(sums.format()), 0o600)
}

// use replaces a module by its folder in the workspace.
func use(work *tree.Workspace, m tree.Module, version string) error {
	name := filepath.Join(work.Top, "go.work")
	return rewrite(name, func(text string) (string, error) {
		file, err := modfile.ParseWork(name, []byte(text), nil)
		if err != nil {
			return "", err
		}
		if err := file.AddReplace(m.Path(), version, "./"+m.Dir, ""); err != nil {
			return "", err
		}
		file.SortBlocks()
		file.Cleanup()
		return string(modfile.Format(file.Syntax)), nil
	})
}

// sumFile is a go.sum: the sum of each version and of each version's go.mod. The version of the
// latter has the suffix /go.mod, as in the file.
type sumFile map[module.Version]string

func (f sumFile) parse(text string) error {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			return fmt.Errorf("go.sum has the line %q", line)
		}
		f[module.Version{Path: fields[0], Version: fields[1]}] = fields[2]
	}
	return nil
}

func (f sumFile) format() string {
	var versions []module.Version
	for version := range f {
		versions = append(versions, version)
	}
	module.Sort(versions)
	var text strings.Builder
	for _, version := range versions {
		fmt.Fprintln(&text, version.Path, version.Version, f[version])
	}
	return text.String()
}

// add adds the sums of a module's version, calculated from a commit of the repository.
func (f sumFile) add(repo, commit string, m tree.Module, version string) error {
	v := module.Version{Path: m.Path(), Version: version}
	packed, err := os.CreateTemp("", "release-*.zip")
	if err != nil {
		return err
	}
	defer os.Remove(packed.Name())
	subdir := m.Dir
	if subdir == "." {
		subdir = ""
	}
	err = modzip.CreateFromVCS(packed, v, repo, commit, subdir)
	if err := errors.Join(err, packed.Close()); err != nil {
		return err
	}
	sum, err := dirhash.HashZip(packed.Name(), dirhash.Hash1)
	if err != nil {
		return err
	}
	f[v] = sum
	goMod, err := m.File.Format()
	if err != nil {
		return err
	}
	open := func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(goMod)), nil }
	if sum, err = dirhash.Hash1([]string{"go.mod"}, open); err != nil {
		return err
	}
	f[module.Version{Path: v.Path, Version: version + "/go.mod"}] = sum
	return nil
}
