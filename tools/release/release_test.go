package main

import (
	"cmp"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
	modzip "golang.org/x/mod/zip"

	"example.com/herokuapp/tools/internal/tree"
	"example.com/herokuapp/tools/internal/treetest"
)

func newRelease(dir, version string, out io.Writer) *release {
	return &release{
		top: dir, version: version, date: time.Date(2026, 3, 1, 23, 0, 0, 0, time.UTC),
		check: []string{"true"}, do: true, out: out,
	}
}

func TestShow(t *testing.T) {
	dir := newRepo(t)
	before := state(t, dir)
	var out strings.Builder
	r := newRelease(dir, "v0.2.0", &out)
	r.do = false
	r.check = []string{"false"}
	if err := r.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	unchanged(t, dir, before)
	for _, want := range []string{
		"+++ b/prog/go.mod\n",
		"+require example.net/tree/lib v0.2.0\n",
		"+## v0.2.0 - 2026-03-01\n",
		"Would run: false\n",
		"tag it: v0.2.0 lib/v0.2.0 prog/v0.2.0\n",
		"To do it: go run ./tools/release -do v0.2.0\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("printed\n%s\nwhich lacks %q", &out, want)
		}
	}
}

func TestMake(t *testing.T) {
	dir := newRepo(t)
	for _, version := range []string{"v0.1.0", "v0.2.0-rc.1", "v0.2.0"} {
		before := treetest.Git(t, dir, "rev-parse", "HEAD")
		var out strings.Builder
		r := newRelease(dir, version, &out)
		// What is checked is the commit, with nothing beside it.
		checked := filepath.Join(t.TempDir(), "checked")
		r.check = []string{"sh", "-c", `test -z "$(git status --porcelain)" && git rev-parse HEAD >` + checked}
		if err := r.run(t.Context()); err != nil {
			t.Fatal(err)
		}

		head := treetest.Git(t, dir, "rev-parse", "HEAD")
		if got := treetest.Git(t, dir, "rev-parse", "HEAD^"); got != before {
			t.Errorf("%s: the parent of the commit is %s, want %s", version, got, before)
		}
		if got := strings.TrimSpace(treetest.Read(t, filepath.Dir(checked), "checked")); got != head {
			t.Errorf("%s: checked %s, want %s", version, got, head)
		}
		if got, want := strings.Fields(treetest.Git(t, dir, "tag", "--points-at", version+"^{commit}")), []string{
			"lib/" + version, "prog/" + version, version,
		}; strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("tags %q, want %q", got, want)
		}
		if got := treetest.Git(t, dir, "cat-file", "-t", "lib/"+version); got != "tag" {
			t.Errorf("a tag is a %s, want one that says who made it", got)
		}
		wantInstallable(t, dir, version, head)
		if got, want := treetest.Read(t, dir, "prog/go.mod"), goMod(version); got != want {
			t.Errorf("%s: prog/go.mod is %q, want %q", version, got, want)
		}
		if got, want := treetest.Read(t, dir, "docs/a.md"), "```\n"+goMod(version)+"```\n"; got != want {
			t.Errorf("%s: docs/a.md is %q, want %q", version, got, want)
		}
		if got, want := treetest.Read(t, dir, "README.md"), "go get example.net/tree/lib@"+version+"\n"; got != want {
			t.Errorf("%s: README.md is %q, want %q", version, got, want)
		}
		if got := treetest.Git(t, dir, "status", "--porcelain"); got != "" {
			t.Errorf("%s: not committed: %s", version, got)
		}
		if got := treetest.Git(t, dir, "worktree", "list"); strings.Contains(got, "\n") {
			t.Errorf("%s: a work tree is left: %s", version, got)
		}
		want := "git push --atomic origin main " + version + " lib/" + version + " prog/" + version + "\n"
		if !strings.Contains(out.String(), want) {
			t.Errorf("printed %q, want %q in it", out.String(), want)
		}

		news := strings.Replace(treetest.Read(t, dir, "CHANGELOG.md"), "## Unreleased\n", "## Unreleased\n\n- More.\n", 1)
		treetest.Write(t, dir, "CHANGELOG.md", news)
		commit(t, dir)
	}
	const want = "# Changelog\n\n## Unreleased\n\n- More.\n\n## v0.2.0 - 2026-03-01\n\n- More.\n\n" +
		"## v0.2.0-rc.1 - 2026-03-01\n\n- More.\n\n## v0.1.0 - 2026-03-01\n\n- One.\n"
	if got := treetest.Read(t, dir, "CHANGELOG.md"); got != want {
		t.Errorf("CHANGELOG.md is %q, want %q", got, want)
	}
}

// wantInstallable fails the test unless the tag has the commit with no replacements, and with the
// sums of what the tag has.
func wantInstallable(t *testing.T, dir, version, head string) {
	t.Helper()
	if got := treetest.Git(t, dir, "rev-parse", version+"^"); got != head {
		t.Errorf("%s: the parent of the tagged commit is %s, want %s", version, got, head)
	}
	if got, want := treetest.Git(t, dir, "diff", "--name-only", "HEAD", version), "go.work\nprog/go.mod\nprog/go.sum"; got != want {
		t.Errorf("%s: the tagged commit differs in %q, want %q", version, got, want)
	}
	wantMod, _, _ := strings.Cut(goMod(version), "\nreplace")
	if got := treetest.Git(t, dir, "show", version+":prog/go.mod"); got != strings.TrimSpace(wantMod) {
		t.Errorf("%s: the tagged prog/go.mod is %q, want %q", version, got, wantMod)
	}
	zip := filepath.Join(t.TempDir(), "lib.zip")
	file, err := os.Create(zip)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := modzip.CreateFromVCS(file, module.Version{Path: "example.net/tree/lib", Version: version}, dir, "lib/"+version, "lib"); err != nil {
		t.Fatal(err)
	}
	sum, err := dirhash.HashZip(zip, dirhash.Hash1)
	if err != nil {
		t.Fatal(err)
	}
	sums := treetest.Git(t, dir, "show", version+":prog/go.sum")
	if lines := strings.Split(sums, "\n"); len(lines) != 2 || lines[0] != "example.net/tree/lib "+version+" "+sum ||
		!strings.HasPrefix(lines[1], "example.net/tree/lib "+version+"/go.mod h1:") {
		t.Errorf("%s: prog/go.sum is %q, want the sum %s", version, sums, sum)
	}
}

// Whatever is wrong, nothing changes.
func TestRefused(t *testing.T) {
	tests := []struct {
		name    string
		version string
		prepare string // a shell script
		check   string // ditto
		want    string
	}{
		{
			name:    "no version",
			version: "0.2.0",
			want:    `"0.2.0" is not a version such as v0.2.0`,
		},
		{
			name:    "v2",
			version: "v2.0.0",
			want:    "from v2 on",
		},
		{
			name:    "the tag exists",
			prepare: "git tag prog/v0.2.0",
			want:    "the tag prog/v0.2.0 exists",
		},
		{
			name:    "not higher",
			prepare: "git tag lib/v0.3.0",
			want:    "v0.2.0 is not higher than the last version, v0.3.0",
		},
		{
			name:    "a change",
			prepare: "echo 'package lib // more' >lib/lib.go",
			want:    "the tree has changes that are not committed:\n M lib/lib.go",
		},
		{
			name:    "a new file",
			prepare: "echo 'package lib' >lib/more.go",
			want:    "the tree has changes that are not committed:\n?? lib/more.go",
		},
		{
			name:    "another branch",
			prepare: "git switch --quiet --create feature",
			want:    "versions are made on main, and this is feature",
		},
		{
			name:    "no branch",
			prepare: "git switch --quiet --detach",
			want:    "versions are made on main, and this is HEAD",
		},
		{
			name:    "nothing new",
			prepare: "printf '## Unreleased\n\n## v0.1.0\n\n- One.\n' >CHANGELOG.md && git commit -qam Words.",
			want:    errNothing.Error(),
		},
		{
			name:    "a module with another path",
			prepare: "echo 'module example.net/library' >lib/go.mod && git commit -qam Words.",
			want:    "the module in lib is example.net/library, want example.net/tree/lib",
		},
		{
			name:    "what can't be tidied",
			prepare: `echo 'package lib; import _ "example.org/missing"' >lib/lib.go && git commit -qam Words.`,
			want:    "tidying example.net/tree/lib",
		},
		{
			name:    "a commit that is refused",
			prepare: "git config user.name ''",
			want:    "git commit",
		},
		{
			name:    "a tag that is refused",
			prepare: "git config tag.gpgSign true && git config gpg.program false",
			want:    "git tag",
		},
		{
			name:  "a check that fails",
			check: "touch more; echo >README.md; exit 3",
			want:  "exit status 3; nothing was changed",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := newRepo(t)
			treetest.Run(t, tree.Command(t.Context(), dir, "sh", "-c", tt.prepare))
			r := newRelease(dir, cmp.Or(tt.version, "v0.2.0"), io.Discard)
			r.check = []string{"sh", "-c", tt.check}
			before := state(t, dir)
			if err := r.run(t.Context()); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q in it", err, tt.want)
			}
			unchanged(t, dir, before)
		})
	}
}

// While the checks run, main goes on: its commits stay, and there is no version.
func TestOvertaken(t *testing.T) {
	dir := newRepo(t)
	r := newRelease(dir, "v0.2.0", io.Discard)
	r.check = []string{"git", "-C", dir, "commit", "--quiet", "--allow-empty", "--message", "More."}
	if err := r.run(t.Context()); err == nil || !strings.Contains(err.Error(), "git merge") {
		t.Errorf("error %v, want one of git merge", err)
	}
	if got := treetest.Git(t, dir, "log", "-1", "--format=%s"); got != "More." {
		t.Errorf("the last commit is %q, want the other one", got)
	}
	if got := treetest.Git(t, dir, "tag"); got != "" {
		t.Errorf("tags are left: %s", got)
	}
}

func TestInterrupted(t *testing.T) {
	dir := newRepo(t)
	before := state(t, dir)
	ctx, interrupt := context.WithCancel(t.Context())
	r := newRelease(dir, "v0.2.0", writer(func([]byte) { interrupt() }))
	r.check = []string{"sh", "-c", "echo checking; exec sleep 600"}
	if err := r.run(ctx); err == nil {
		t.Error("no error")
	}
	unchanged(t, dir, before)
}

// writer is a function that is called with what is written.
type writer func([]byte)

func (w writer) Write(p []byte) (int, error) {
	w(p)
	return len(p), nil
}
