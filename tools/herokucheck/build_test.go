package main

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"
)

func TestBinaries(t *testing.T) {
	tests := []struct {
		name     string
		packages []string
		want     []string
		wantErr  string
	}{
		{"one", []string{"./app"}, []string{"app"}, ""},
		{"several", []string{"./tools/b", "example.com/a/app", "./tools/a"}, []string{"a", "app", "b"}, ""},
		{"a pattern", []string{"./cmd/..."}, nil, "the install line has ./cmd/..., which does not say how the binary is named: want one such as ./app"},
		{"the top", []string{"."}, nil, "the install line has ., which does not say how the binary is named: want one such as ./app"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := binaries(tt.packages)
			if message(err) != tt.wantErr {
				t.Errorf("error %q, want %q", message(err), tt.wantErr)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// What the caller sets for the go command is not passed on, but for where modules
// come from and the build cache.
func TestBuildEnv(t *testing.T) {
	cache := t.TempDir()
	for name, value := range map[string]string{
		"GOCACHE": cache, "GOPROXY": "off", "GOSUMDB": "off", "GOPRIVATE": "example.com", "GOFLAGS": "-mod=mod",
		"GOWORK": "off", "GOTOOLCHAIN": "local", "GOBIN": cache, "GOMODCACHE": cache, "GOPATH": cache, "CI": "true",
	} {
		t.Setenv(name, value)
	}
	w, err := newWalk(".", t.TempDir(), func(name string) string {
		return map[string]string{"PATH": "/usr/bin", "SSL_CERT_FILE": "ca.pem", "GOFLAGS": "-mod=mod"}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.buildEnv(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	want := map[string]string{
		"GOCACHE": cache, "GOPROXY": "off", "GOSUMDB": "off", "GOPRIVATE": "example.com", "GONOPROXY": "example.com",
		"GONOSUMDB": "example.com", "GOINSECURE": "", "GOAUTH": got["GOAUTH"], "GOROOT": got["GOROOT"],
		"PATH":          filepath.Join(got["GOROOT"], "bin") + string(filepath.ListSeparator) + "/usr/bin",
		"SSL_CERT_FILE": "ca.pem", "HOME": w.home(), "TMPDIR": w.temp(), "SOURCE_VERSION": sourceVersion,
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
