package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// list does what the Cloud Native Buildpack does before it installs: it lists the
// packages below the top, even where go.mod has an install line. The go install that
// follows is the classic one's, but stamps no revision.
func (w *walk) list(ctx context.Context) (string, error) {
	env, err := w.buildEnv(ctx)
	if err != nil {
		return "", err
	}
	env["GO111MODULE"] = "on"
	env["GOMODCACHE"] = filepath.Join(w.layers, "go_deps", "cache")
	env["GOBIN"] = filepath.Join(w.layers, "go_target", "bin")
	const format = `{{ if eq .Name "main" }}{{ .ImportPath }}{{ end }}`
	if _, err := w.goCommand(ctx, env, "list", "-tags", "heroku", "-f", format, "./..."); err != nil {
		return "", err
	}
	return "go list ./... passes", nil
}

// install does what the classic buildpack does: it installs the packages of the
// install line into bin/, and stamps the revision.
func (w *walk) install(ctx context.Context) (string, error) {
	want, err := binaries(w.directives.packages)
	if err != nil {
		return "", err
	}
	env, err := w.buildEnv(ctx)
	if err != nil {
		return "", err
	}
	bin := filepath.Join(w.build, "bin")
	env["GOPATH"] = filepath.Join(w.layers, "go-path") // the module cache is in it
	env["GOBIN"] = bin
	stamp := "-X " + w.manifest.Env["GO_LINKER_SYMBOL"].Value + "=" + sourceVersion
	args := slices.Concat([]string{"install", "-v", "-tags", "heroku", "-ldflags", stamp}, w.directives.packages)
	if _, err := w.goCommand(ctx, env, args...); err != nil {
		return "", err
	}

	entries, err := os.ReadDir(bin)
	if err != nil {
		return "", fmt.Errorf("looking at what was installed: %w", err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if !slices.Equal(got, want) {
		return "", fmt.Errorf("bin/ holds %q, want %q", got, want)
	}
	return "go install makes bin/" + strings.Join(got, ", bin/"), nil
}

// binaries returns, in order, the names of what is installed for the packages.
func binaries(packages []string) ([]string, error) {
	var names []string
	for _, pkg := range packages {
		name := path.Base(pkg)
		if name == "." || name == ".." || strings.Contains(pkg, "...") {
			return nil, fmt.Errorf("the install line has %s, which does not say how the binary is named: want one such as ./app", pkg)
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// buildEnv returns what the environments of both buildpacks have in common. Of the
// caller's it keeps where modules come from, and the build cache: an entry is found
// by the content of all that went into it, so that it hides nothing that is missing
// and spares compiling the standard library each time.
func (w *walk) buildEnv(ctx context.Context) (map[string]string, error) {
	// The command sees its files of settings too, not the environment alone.
	cmd := exec.CommandContext(ctx, "go", "env", "-json", "GOROOT", "GOCACHE",
		"GOPROXY", "GOSUMDB", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE", "GOAUTH")
	cmd.Dir = w.top
	text, err := output(cmd)
	if err != nil {
		return nil, err
	}
	env := map[string]string{}
	if err := json.Unmarshal([]byte(text), &env); err != nil {
		return nil, fmt.Errorf("reading what go env prints: %w", err)
	}
	if env["GOROOT"] == "" || env["GOCACHE"] == "" {
		return nil, errors.New("go env names no GOROOT or no GOCACHE")
	}
	for _, name := range []string{
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
	} {
		if value := w.getenv(name); value != "" {
			env[name] = value
		}
	}
	env["PATH"] = filepath.Join(env["GOROOT"], "bin") + string(filepath.ListSeparator) + w.getenv("PATH")
	env["HOME"] = w.home()
	env["TMPDIR"] = w.temp()
	env["SOURCE_VERSION"] = sourceVersion
	return env, nil
}

// goCommand runs the go command of env's GOROOT at the top of the exported tree.
func (w *walk) goCommand(ctx context.Context, env map[string]string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(env["GOROOT"], "bin", "go"), args...) //nolint:gosec // made by this package
	cmd.Dir = w.build
	cmd.Env = environ(env)
	return output(cmd)
}

// environ returns the variables as a process gets them.
func environ(env map[string]string) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}
