package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// manifest is app.json: of Heroku's schema, the fields and forms that this tree uses.
type manifest struct {
	Name         string              `json:"name"`
	Description  string              `json:"description"`
	Repository   string              `json:"repository"`
	Keywords     []string            `json:"keywords"`
	Buildpacks   []buildpack         `json:"buildpacks"`
	Addons       []string            `json:"addons"`
	Env          map[string]variable `json:"env"`
	Formation    map[string]dynos    `json:"formation"`
	Environments struct {
		Test struct {
			Addons  []string `json:"addons"` // in place of those above
			Scripts struct {
				Test string `json:"test"`
			} `json:"scripts"`
		} `json:"test"`
	} `json:"environments"`
}

type buildpack struct {
	URL string `json:"url"`
}

type variable struct {
	Description string `json:"description"`
	Value       string `json:"value"`
	Generator   string `json:"generator"`
	Required    *bool  `json:"required"` // true if left out
}

type dynos struct {
	Quantity int    `json:"quantity"`
	Size     string `json:"size"`
}

// parseManifest reads an app.json. A field that manifest does not name is an error.
func parseManifest(text string) (manifest, error) {
	var m manifest
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&m); err != nil {
		return manifest{}, fmt.Errorf("reading it: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return manifest{}, errors.New("reading it: more than one value")
	}
	return m, nil
}

// check is something that has to be true of a field.
type check struct {
	field string
	ok    bool
	want  string
}

// failed returns an error that names each check that did not pass.
func failed(checks []check) error {
	var errs []error
	for _, c := range checks {
		if !c.ok {
			errs = append(errs, fmt.Errorf("%s: want %s", c.field, c.want))
		}
	}
	return errors.Join(errs...)
}

// checks returns what has to be true of the manifest beside a Procfile with these
// processes and a go.mod of this module.
func (m manifest) checks(processes map[string]string, module string) []check {
	isStore := func(addon string) bool { return strings.HasPrefix(addon, "heroku-redis:") }
	checks := []check{
		{"name", m.Name != "" && utf8.RuneCountInString(m.Name) <= 30, "1 to 30 characters"},
		{"description", m.Description != "", "some words"},
		{"repository", isHTTPS(m.Repository), "an https URL"},
		{"keywords", len(m.Keywords) > 0, "some words"},
		{"buildpacks", slices.Equal(m.Buildpacks, []buildpack{{"heroku/go"}}), "heroku/go alone"},
		{"addons", slices.ContainsFunc(m.Addons, isStore), "heroku-redis with a plan"},
		{"env.SECRET_KEY", m.Env["SECRET_KEY"].Generator == "secret", `the generator "secret"`},
		{"env.ADMIN_PASSWORD", m.Env["ADMIN_PASSWORD"].open(), "no value, and not required: who deploys chooses"},
		{"env.REDIS_TLS_SKIP_VERIFY", m.Env["REDIS_TLS_SKIP_VERIFY"].Value == "true", `the value "true"`},
		{"env.GO_LINKER_SYMBOL", strings.HasPrefix(m.Env["GO_LINKER_SYMBOL"].Value, module+"/"), "a variable of a package of " + module},
		{"formation.web", m.Formation["web"].Quantity > 0, "a dyno at least"},
		{"environments.test.scripts.test", m.Environments.Test.Scripts.Test != "", "a command: the buildpack's own tests ./..., which in a workspace is nothing"},
	}
	for _, name := range slices.Sorted(maps.Keys(m.Env)) {
		checks = append(checks, m.Env[name].checks(name)...)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Formation)) {
		checks = append(checks, m.Formation[name].checks(name, processes)...)
	}
	return checks
}

func (v variable) checks(name string) []check {
	field := "env." + name
	isName := regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`).MatchString(name)
	// These change the build, and this command does not pass them on.
	isKnown := !slices.Contains([]string{
		"CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS", "GOFLAGS", "GONOPROXY", "GOPRIVATE", "GOPROXY",
		"GOVERSION", "GOWORK", "GO_INSTALL_PACKAGE_SPEC", "GO_INSTALL_TOOLS_IN_IMAGE", "GO_LINKER_VALUE",
		"GO_SETUP_GOPATH_FOR_MODULE_CACHE",
	}, name)
	return []check{
		{field, isName, "a name of capital letters, digits and _"},
		{field, isKnown, "no variable that changes the build"},
		{field, v.Description != "", "a description"},
		{field, v.open() || (v.Value == "") != (v.Generator == ""), "either a value or a generator"},
		{field, v.Generator == "" || v.Generator == "secret", `no generator but "secret"`},
	}
}

// open says whether it is left to who deploys, who may leave it out.
func (v variable) open() bool {
	return v.Required != nil && !*v.Required && v.Value == "" && v.Generator == ""
}

func (d dynos) checks(name string, processes map[string]string) []check {
	field := "formation." + name
	sizes := []string{
		"eco", "basic", "standard-1x", "standard-2x",
		"performance-m", "performance-l", "performance-l-ram", "performance-xl", "performance-2xl",
	}
	return []check{
		{field, processes[name] != "", "a process type of the Procfile"},
		{field, d.Quantity >= 0, "a quantity that is not negative"},
		{field, slices.Contains(sizes, d.Size), "a size of " + strings.Join(sizes, ", ")},
	}
}

func isHTTPS(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "https" && u.Host != ""
}
