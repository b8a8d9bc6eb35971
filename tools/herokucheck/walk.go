package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"example.com/herokuapp/tools/internal/tree"
)

// sourceVersion is the commit that Heroku says it builds.
const sourceVersion = "c0ffee0123456789abcdef0123456789abcdef01"

// walk is what the steps learn and hand on.
type walk struct {
	top    string // of the tree that is checked
	build  string // where its files are built: HOME of a dyno
	layers string // what the buildpacks keep beside it
	getenv func(string) string

	directives directives
	processes  map[string]string
	manifest   manifest
}

// newWalk makes the folders of a walk below scratch.
func newWalk(top, scratch string, getenv func(string) string) (*walk, error) {
	w := &walk{
		top:    top,
		build:  filepath.Join(scratch, "build"),
		layers: filepath.Join(scratch, "layers"),
		getenv: getenv,
	}
	for _, dir := range []string{w.build, w.home(), w.temp()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("making a temporary folder: %w", err)
		}
	}
	return w, nil
}

// home is where the go command looks for settings of the user: there are none.
func (w *walk) home() string { return filepath.Join(w.layers, "home") }

// temp is where the go command works.
func (w *walk) temp() string { return filepath.Join(w.layers, "tmp") }

// step is a part of the walk. It returns what it saw, in a few words.
type step struct {
	name string
	do   func(context.Context) (string, error)
}

func (w *walk) steps() []step {
	return []step{
		{"export", w.export},
		{"go.mod", w.readGoMod},
		{"Procfile", w.readProcfile},
		{"app.json", w.readManifest},
		{"Heroku CI", w.findLinter},
		// The first to run finds what a module cache filled by the other would hide.
		{"Cloud Native Buildpack", w.list},
		{"classic buildpack", w.install},
		{"dyno", w.serve},
	}
}

func (w *walk) export(ctx context.Context) (string, error) {
	n, err := tree.Copy(ctx, w.top, w.build)
	return fmt.Sprintf("%d files", n), err
}

func (w *walk) readGoMod(context.Context) (string, error) {
	goMod, err := w.read("go.mod")
	if err != nil {
		return "", err
	}
	goWork, err := w.read("go.work")
	if err != nil {
		return "", err
	}
	if w.directives, err = parseDirectives(goMod); err != nil {
		return "", err
	}
	if err := w.directives.compare(goWork); err != nil {
		return "", err
	}
	return w.directives.goVersion + " installs " + strings.Join(w.directives.packages, " "), nil
}

func (w *walk) readProcfile(context.Context) (string, error) {
	text, err := w.read("Procfile")
	if err != nil {
		return "", err
	}
	if w.processes, err = parseProcfile(text); err != nil {
		return "", err
	}
	if w.processes["web"] == "" {
		return "", errors.New("no web process, the only one that gets requests")
	}
	for _, command := range w.processes {
		if strings.Contains(command, "bin/") {
			return "", fmt.Errorf("%q: the Cloud Native Buildpack puts no program into bin/, both put them on the PATH: want a bare name", command)
		}
	}
	return "web: " + w.processes["web"], nil
}

func (w *walk) readManifest(context.Context) (string, error) {
	text, err := w.read("app.json")
	if err != nil {
		return "", err
	}
	if w.manifest, err = parseManifest(text); err != nil {
		return "", err
	}
	checks := w.manifest.checks(w.processes, w.directives.module)
	return fmt.Sprintf("%d checks", len(checks)), failed(checks)
}

// findLinter looks for the files that make Heroku CI fetch and run golangci-lint
// 1.20, which is of 2019 and reads no file of today.
func (w *walk) findLinter(context.Context) (string, error) {
	for _, name := range []string{".golangci.yml", ".golangci.toml", ".golangci.json"} {
		_, err := os.Lstat(filepath.Join(w.build, name))
		if err == nil {
			return "", fmt.Errorf("%s makes the buildpack run a linter of 2019: name it .golangci.yaml", name)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("looking for a linter's settings: %w", err)
		}
	}
	return "no file that makes it run a linter of 2019", nil
}

// read returns the text of a file at the top of the exported tree.
func (w *walk) read(name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(w.build, name))
	if err != nil {
		return "", fmt.Errorf("reading what was exported: %w", err)
	}
	return string(text), nil
}
