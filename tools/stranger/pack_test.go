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

// pack commits and tags the tree as it is, in a repository of the test's own, and
// packs each module from its tag.
func pack(t *testing.T) packed {
	t.Helper()
	repo := t.TempDir()
	if err := tree.Copy(t.Context(), top, repo); err != nil {
		t.Fatal(err)
	}
	work, err := tree.ReadWorkspace(repo)
	if err != nil {
		t.Fatal(err)
	}
	p := packed{dir: t.TempDir(), path: work.Path, version: version(t, work)}
	git(t, repo, "init", "--quiet")
	git(t, repo, "add", ".")
	git(t, repo, "-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgSign=false",
		"commit", "--quiet", "--message", "The tree.")
	for _, m := range work.Modules {
		git(t, repo, "-c", "tag.gpgSign=false", "tag", m.Tag(p.version))
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
	write(t, filepath.Join(dir, "list"), p.version+"\n")
	write(t, filepath.Join(dir, p.version+".info"), fmt.Sprintf(`{"Version":%q}`, p.version))
	write(t, filepath.Join(dir, p.version+".mod"), string(goMod))

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

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	if _, err := tree.Git(t.Context(), dir, args...); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// fields returns the words of the text in order, each once.
func fields(text string) []string {
	words := strings.Fields(text)
	slices.Sort(words)
	return slices.Compact(words)
}
