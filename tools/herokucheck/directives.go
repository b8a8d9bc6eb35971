package main

import (
	"errors"
	"fmt"
	"go/version"
	"strings"
)

// directives is what the buildpacks read in go.mod.
type directives struct {
	module    string
	goVersion string   // of the line // +heroku goVersion
	packages  []string // of the line // +heroku install
}

// parseDirectives reads a go.mod as both buildpacks do. Without the install line
// the classic one lists ./..., which in a workspace matches nothing; of two lines
// it takes the first, and the Cloud Native Buildpack the last.
func parseDirectives(goMod string) (directives, error) {
	var d directives
	seen := map[string]int{}
	for line := range strings.Lines(goMod) {
		words := strings.Fields(line)
		switch {
		case len(words) > 1 && words[0] == "module" && d.module == "":
			d.module = strings.Trim(words[1], `"`)
		case len(words) < 4 || words[0] != "//" || words[1] != "+heroku":
		case words[2] == "goVersion":
			seen["goVersion"]++
			d.goVersion = words[3]
		case words[2] == "install":
			seen["install"]++
			d.packages = words[3:]
		}
	}
	for _, name := range []string{"goVersion", "install"} {
		if seen[name] != 1 {
			return directives{}, fmt.Errorf("lines that begin with \"// +heroku %s \": %d, want 1", name, seen[name])
		}
	}
	if d.module == "" {
		return directives{}, errors.New("no module line")
	}
	return d, nil
}

// compare checks that the Go version Heroku gets is the one that go.work asks for,
// or a newer one.
func (d directives) compare(goWork string) error {
	want := ""
	for line := range strings.Lines(goWork) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "go" {
			want = "go" + words[1]
			break
		}
	}
	if !version.IsValid(want) {
		return errors.New("go.work has no go line")
	}
	// Without the prefix, 1.26 is 1.27 too for the Cloud Native Buildpack.
	if !version.IsValid(d.goVersion) {
		return fmt.Errorf("goVersion is %q: want one such as %s", d.goVersion, version.Lang(want))
	}
	least := want
	if d.goVersion == version.Lang(d.goVersion) { // which stands for its newest patch release
		least = version.Lang(want)
	}
	if version.Compare(d.goVersion, least) < 0 {
		return fmt.Errorf("goVersion is %s, and go.work asks for %s", d.goVersion, want)
	}
	return nil
}
