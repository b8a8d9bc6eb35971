package stranger_test

import (
	"archive/zip"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"

	"example.com/herokuapp/tools/internal/tree"
	"example.com/herokuapp/tools/internal/treetest"
)

// top is the tree whose modules are packed.
const top = "../.."

// packed is the modules of the tree as a module proxy serves them.
type packed struct {
	dir      string // of a proxy on disk
	path     string // with which the modules' begin
	version  string
	licensed []string // which modules have a license
}

// pack commits the tree as it is, in a repository of the test's own, releases it there, and packs
// each module from its tag.
func pack(t *testing.T) packed {
	t.Helper()
	repo := treetest.Commit(t, top)
	work, err := tree.ReadWorkspace(repo)
	if err != nil {
		t.Fatal(err)
	}
	p := packed{dir: t.TempDir(), path: work.Path, version: version(t, work)}
	treetest.Release(t, repo, p.version)
	if work, err = tree.ReadWorkspace(repo); err != nil {
		t.Fatal(err)
	}
	for _, m := range work.Modules {
		p.add(t, repo, m)
	}
	return p
}

// version returns the version that the modules require of each other.
func version(t *testing.T, work *tree.Workspace) string {
	t.Helper()
	var versions []string
	for _, m := range work.Modules {
		for _, required := range m.File.Require {
			if work.Has(required.Mod.Path) {
				versions = append(versions, required.Mod.Version)
			}
		}
	}
	slices.Sort(versions)
	if versions = slices.Compact(versions); len(versions) != 1 {
		t.Fatalf("the modules require %q of each other, want one version", versions)
	}
	return versions[0]
}

// add packs the module as the go command does from a repository with its tag.
func (p *packed) add(t *testing.T, repo string, m tree.Module) {
	t.Helper()
	escaped, err := module.EscapePath(m.Path())
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(p.dir, filepath.FromSlash(escaped), "@v")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	goMod, err := m.File.Format()
	if err != nil {
		t.Fatal(err)
	}
	treetest.Write(t, dir, "list", p.version+"\n")
	treetest.Write(t, dir, p.version+".info", fmt.Sprintf(`{"Version":%q}`, p.version))
	treetest.Write(t, dir, p.version+".mod", string(goMod))

	file, err := os.Create(filepath.Join(dir, p.version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	subdir := m.Dir
	if subdir == "." {
		subdir = ""
	}
	v := module.Version{Path: m.Path(), Version: p.version}
	if err := modzip.CreateFromVCS(file, v, repo, m.Tag(p.version), subdir); err != nil {
		t.Fatal(err)
	}
	if hasLicense(t, file.Name(), v) {
		p.licensed = append(p.licensed, m.Dir)
	}
}

func hasLicense(t *testing.T, name string, v module.Version) bool {
	t.Helper()
	archive, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	return slices.ContainsFunc(archive.File, func(f *zip.File) bool {
		return f.Name == path.Join(v.String(), "LICENSE")
	})
}

// fields returns the words of the text in order, each once.
func fields(text string) []string {
	words := strings.Fields(text)
	slices.Sort(words)
	return slices.Compact(words)
}
