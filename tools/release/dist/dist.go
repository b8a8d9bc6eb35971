// Package dist makes the files that are published with a version: the program for each platform,
// as an archive and as a Debian package, its bill of materials, checksums, and the release notes.
// The same commit, built by the same Go, gives the same files.
package dist

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.com/herokuapp/tools/internal/program"
	"example.com/herokuapp/tools/internal/tree"
)

// Name is the program's name where it is installed.
const Name = "counter"

// Platforms are those that the program is published for.
func Platforms() []program.Platform {
	var all []program.Platform
	for _, system := range []string{"linux", "darwin", "windows", "freebsd"} {
		for _, arch := range []string{"amd64", "arm64"} {
			all = append(all, program.Platform{OS: system, Arch: arch})
		}
	}
	return all
}

// ParsePlatforms reads platforms such as linux/amd64, joined by commas, out of [Platforms].
func ParsePlatforms(text string) ([]program.Platform, error) {
	var found []program.Platform
	for part := range strings.SplitSeq(text, ",") {
		at := slices.IndexFunc(Platforms(), func(p program.Platform) bool { return p.String() == part })
		if at < 0 {
			return nil, fmt.Errorf("%q is not one of %v", part, Platforms())
		}
		found = append(found, Platforms()[at])
	}
	return found, nil
}

// Make makes the files of the version in the folder dir, which must not exist yet. The version
// is a tag of the last commit of the tree at top, which has no other changes. Make writes a line
// to out for each file. If it fails, it leaves no folder.
func Make(ctx context.Context, top, version, dir string, platforms []program.Platform, out io.Writer) (err error) {
	source, err := tagged(ctx, top, version)
	if err != nil {
		return err
	}
	changes, err := os.ReadFile(filepath.Join(top, "CHANGELOG.md"))
	if err != nil {
		return err
	}
	notes, err := Notes(string(changes), version)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil { //nolint:gosec // it is to be published
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil { //nolint:gosec // ditto
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	m := maker{source: source, dir: dir, out: out}
	if err := m.make(ctx, platforms); err != nil {
		return err
	}
	if err := m.sum(); err != nil {
		return err
	}
	return m.write("notes.md", []byte(notes))
}

// tagged returns the tree as the source of the version.
func tagged(ctx context.Context, top, version string) (program.Source, error) {
	tags, err := tree.Git(ctx, top, "tag", "--points-at", "HEAD")
	if err != nil {
		return program.Source{}, err
	}
	if !slices.Contains(strings.Fields(tags), version) {
		return program.Source{}, fmt.Errorf("the last commit does not have the tag %s: git switch --detach %s", version, version)
	}
	if err := tree.Clean(ctx, top); err != nil {
		return program.Source{}, err
	}
	source, err := program.Read(ctx, top)
	source.Version = version
	return source, err
}

// maker makes the files of a version in a folder.
type maker struct {
	source program.Source
	dir    string
	out    io.Writer
	files  []string
}

func (m *maker) make(ctx context.Context, platforms []program.Platform) error {
	scratch, err := os.MkdirTemp("", "dist-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	licenses, err := Licenses(ctx, m.source.Top)
	if err != nil {
		return err
	}
	list := newInventory(m.source)
	for _, on := range platforms {
		binary := filepath.Join(scratch, on.OS+"_"+on.Arch)
		if err := m.source.Build(ctx, on, binary); err != nil {
			return err
		}
		if err := list.add(binary); err != nil {
			return err
		}
		if err := m.archive(on, binary, licenses); err != nil {
			return err
		}
		if on.OS == "linux" {
			if err := m.debianPackage(ctx, on, binary, licenses, scratch); err != nil {
				return err
			}
		}
	}
	text, err := list.encode()
	if err != nil {
		return err
	}
	return m.write(Name+"_"+m.source.Version+".cdx.json", text)
}

// write writes a file of the version.
func (m *maker) write(name string, content []byte) error {
	if err := os.WriteFile(filepath.Join(m.dir, name), content, 0o644); err != nil { //nolint:gosec // it is to be published
		return err
	}
	m.made(name)
	return nil
}

func (m *maker) made(name string) {
	m.files = append(m.files, name)
	fmt.Fprintln(m.out, filepath.Join(m.dir, name))
}

// sum writes the checksums of all files so far, in the form that sha256sum reads.
func (m *maker) sum() error {
	var sums strings.Builder
	slices.Sort(m.files)
	for _, name := range m.files {
		content, err := os.ReadFile(filepath.Join(m.dir, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(content), name)
	}
	return m.write("SHA256SUMS", []byte(sums.String()))
}

// Notes returns the changelog's text for the version.
func Notes(changelog, version string) (string, error) {
	_, after, found := strings.Cut("\n"+changelog, "\n## "+version+" - ")
	if !found {
		return "", fmt.Errorf("CHANGELOG.md has no heading for %s", version)
	}
	_, text, _ := strings.Cut(after, "\n") // the date
	text, _, _ = strings.Cut(text, "\n## ")
	if text = strings.TrimSpace(text); text == "" {
		return "", fmt.Errorf("CHANGELOG.md says nothing of %s", version)
	}
	return text + "\n", nil
}
