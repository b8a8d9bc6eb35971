package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"example.com/herokuapp/tools/internal/tree"
)

// edit changes the tree at dir to that of the version, and does not commit it.
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

// document writes the version wherever the documentation has the version of a module.
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

// rewrite replaces the file's text by what change makes of it.
func rewrite(name string, change func(string) (string, error)) error {
	old, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	text, err := change(string(old))
	if err != nil || text == string(old) {
		return err
	}
	return os.WriteFile(name, []byte(text), 0o600) // an existing file keeps its mode
}

const unreleased = "## Unreleased\n"

var (
	errNoHeading = errors.New(`CHANGELOG.md has no heading "## Unreleased"`)
	errNothing   = errors.New(`nothing stands under "## Unreleased" in CHANGELOG.md`)
)

// changelog returns the changelog's text with the unreleased changes under a heading of the
// version and the date.
func changelog(text, version string, date time.Time) (string, error) {
	before, after, found := strings.Cut("\n"+text, "\n"+unreleased)
	if !found {
		return "", errNoHeading
	}
	news, older, found := strings.Cut("\n"+after, "\n## ")
	if found {
		older = "\n## " + older
	}
	if news = strings.TrimSpace(news); news == "" {
		return "", errNothing
	}
	heading := "## " + version + " - " + date.Format(time.DateOnly) + "\n"
	return strings.TrimPrefix(before+"\n", "\n") + unreleased + "\n" + heading + "\n" + news + "\n" + older, nil
}

// checkVersion returns an error if the version can't follow those of the tags, which may be of any
// module.
func checkVersion(version string, tags []string) error {
	switch {
	case !semver.IsValid(version) || semver.Canonical(version) != version || module.IsPseudoVersion(version):
		return fmt.Errorf("%q is not a version such as v0.2.0", version)
	case semver.Major(version) != "v0" && semver.Major(version) != "v1":
		return fmt.Errorf("%s: from v2 on, the path of each module would have to end with /%s", version, semver.Major(version))
	}
	highest := ""
	for _, tag := range tags {
		last := path.Base(tag)
		if last == version {
			return fmt.Errorf("the tag %s exists", tag)
		}
		if semver.IsValid(last) && semver.Canonical(last) == last && semver.Compare(last, highest) > 0 {
			highest = last
		}
	}
	if semver.Compare(version, highest) < 0 {
		return fmt.Errorf("%s is not higher than the last version, %s", version, highest)
	}
	return nil
}
