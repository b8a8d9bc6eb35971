package main

import (
	"strings"
	"testing"
)

const goodManifest = `{
	"name": "A",
	"description": "Some words.",
	"repository": "https://example.com/a",
	"keywords": ["a"],
	"buildpacks": [{"url": "heroku/go"}],
	"addons": ["heroku-redis:mini"],
	"env": {
		"SECRET_KEY": {"description": "Some words.", "generator": "secret"},
		"ADMIN_PASSWORD": {"description": "Some words.", "required": false},
		"REDIS_TLS_SKIP_VERIFY": {"description": "Some words.", "value": "true"},
		"GO_LINKER_SYMBOL": {"description": "Some words.", "value": "example.com/a/app.revision"}
	},
	"formation": {"web": {"quantity": 1, "size": "basic"}},
	"environments": {"test": {"addons": [], "scripts": {"test": "go test work"}}}
}`

func TestManifest(t *testing.T) {
	tests := []struct {
		name     string
		old, new string // what is replaced in goodManifest
		wantErr  string
	}{
		{name: "good"},
		{"no name", `"name": "A"`, `"name": ""`, "name: want 1 to 30 characters"},
		{"a name of 30 characters", `"name": "A"`, `"name": "` + strings.Repeat("é", 30) + `"`, ""},
		{"a longer name", `"name": "A"`, `"name": "` + strings.Repeat("é", 31) + `"`, "name: want 1 to 30 characters"},
		{"no description", `"description": "Some words.",` + "\n\t\"rep", `"rep`, "description: want some words"},
		{"a repository without a host", "https://example.com/a", "https:/a", "repository: want an https URL"},
		{"a repository without a scheme", "https://example.com/a", "example.com/a", "repository: want an https URL"},
		{"no keywords", `"keywords": ["a"]`, `"keywords": []`, "keywords: want some words"},
		{"another buildpack too", `{"url": "heroku/go"}`, `{"url": "heroku/go"}, {"url": "heroku/ruby"}`, "buildpacks: want heroku/go alone"},
		{"no store", "heroku-redis:mini", "heroku-postgresql:mini", "addons: want heroku-redis with a plan"},
		{"a store without a plan", "heroku-redis:mini", "heroku-redis", "addons: want heroku-redis with a plan"},
		{
			"a secret for all to read", `"generator": "secret"`, `"value": "secret"`,
			`env.SECRET_KEY: want the generator "secret"`,
		},
		{
			"another generator", `"generator": "secret"`, `"generator": "uuid"`,
			"env.SECRET_KEY: want the generator \"secret\"\nenv.SECRET_KEY: want no generator but \"secret\"",
		},
		{
			"a value and a generator", `"generator": "secret"`, `"generator": "secret", "value": "x"`,
			"env.SECRET_KEY: want either a value or a generator",
		},
		{
			"a password for all to read", `"required": false`, `"required": false, "value": "x"`,
			`env.ADMIN_PASSWORD: want no value, and not required: who deploys chooses`,
		},
		{
			"a password without which nothing is deployed", `"required": false`, `"required": true`,
			"env.ADMIN_PASSWORD: want no value, and not required: who deploys chooses\nenv.ADMIN_PASSWORD: want either a value or a generator",
		},
		{
			"certificates are verified", `"value": "true"`, `"value": "false"`,
			`env.REDIS_TLS_SKIP_VERIFY: want the value "true"`,
		},
		{
			"another module's variable", "example.com/a/app.revision", "example.com/ab/app.revision",
			"env.GO_LINKER_SYMBOL: want a variable of a package of example.com/a",
		},
		{
			"no description of a variable", `"env": {`, `"env": {"DEBUG": {"value": "true"},`,
			"env.DEBUG: want a description",
		},
		{
			"no name of a variable", `"env": {`, `"env": {"debug": {"description": "x", "value": "true"},`,
			"env.debug: want a name of capital letters, digits and _",
		},
		{
			"a variable that changes the build", `"env": {`, `"env": {"GOFLAGS": {"description": "x", "value": "-mod=mod"},`,
			"env.GOFLAGS: want no variable that changes the build",
		},
		{"no dyno", `"quantity": 1`, `"quantity": 0`, "formation.web: want a dyno at least"},
		{
			"another process type", `"formation": {`, `"formation": {"worker": {"quantity": 1, "size": "basic"},`,
			"formation.worker: want a process type of the Procfile",
		},
		{
			"another size", `"basic"`, `"huge"`,
			"formation.web: want a size of eco, basic, standard-1x, standard-2x, performance-m, performance-l, " +
				"performance-l-ram, performance-xl, performance-2xl",
		},
		{
			"no test script", `"test": "go test work"`, ``,
			"environments.test.scripts.test: want a command: the buildpack's own tests ./..., which in a workspace is nothing",
		},
		{"a field that Heroku does not know", `"keywords"`, `"tags"`, `reading it: json: unknown field "tags"`},
		{"an environment that Heroku does not know", `{"test": {"a`, `{"production": {"a`, `reading it: json: unknown field "production"`},
		{"no text", `"name": "A"`, `"name": 1`, "reading it: json: cannot unmarshal number into Go struct field manifest.name of type string"},
		{"more than one value", "{\n\t\"name\"", "{} {\n\t\"name\"", "reading it: more than one value"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(goodManifest, tt.old) {
				t.Fatalf("%q is not there to be replaced", tt.old)
			}
			m, err := parseManifest(strings.Replace(goodManifest, tt.old, tt.new, 1))
			if err == nil {
				err = failed(m.checks(map[string]string{"web": "app"}, "example.com/a"))
			}
			if message(err) != tt.wantErr {
				t.Errorf("error %q, want %q", message(err), tt.wantErr)
			}
		})
	}
}
