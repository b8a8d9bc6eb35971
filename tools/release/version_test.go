package main

import "testing"

func TestCheckVersion(t *testing.T) {
	tags := []string{"v0.2.0", "lib/v0.2.0", "lib/v0.10.0-rc.1", "nightly", "v0.3", "lib/v0.1.0"}
	tests := []struct {
		version string
		tags    []string
		want    string // nothing: it is right
	}{
		{version: "v0.1.0"},
		{version: "v0.0.1-beta.1"},
		{version: "v0.10.0", tags: tags},
		{version: "v0.10.0-rc.2", tags: tags},
		{version: "v1.0.0", tags: tags},
		{version: "", want: `"" is not a version such as v0.2.0`},
		{version: "0.2.0", want: `"0.2.0" is not a version such as v0.2.0`},
		{version: "v0.2", want: `"v0.2" is not a version such as v0.2.0`},
		{version: "v0.02.0", want: `"v0.02.0" is not a version such as v0.2.0`},
		{version: "v0.2.0+linux", want: `"v0.2.0+linux" is not a version such as v0.2.0`},
		{
			version: "v0.2.1-0.20260301000000-0123456789ab",
			want:    `"v0.2.1-0.20260301000000-0123456789ab" is not a version such as v0.2.0`,
		},
		{version: "v2.0.0", want: "v2.0.0: from v2 on, the path of each module would have to end with /v2"},
		{version: "v0.2.0", tags: tags, want: "the tag v0.2.0 exists"},
		{version: "v0.1.0", tags: tags, want: "the tag lib/v0.1.0 exists"},
		{version: "v0.9.0", tags: tags, want: "v0.9.0 is not higher than the last version, v0.10.0-rc.1"},
	}
	for _, tt := range tests {
		t.Run(tt.version, func(t *testing.T) {
			got := ""
			if err := checkVersion(tt.version, tt.tags); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSetVersions(t *testing.T) {
	const root = "example.net/tree"
	tests := []struct{ text, want string }{
		{"require example.net/tree/lib v0.1.0\n", "require example.net/tree/lib v0.2.0\n"},
		{"go get example.net/tree/lib/sub@v0.1.0.", "go get example.net/tree/lib/sub@v0.2.0."},
		{"(example.net/tree@v1.2.3-rc.1)", "(example.net/tree@v0.2.0)"},
		{"example.net/tree/lib => ../lib", "example.net/tree/lib => ../lib"},
		{"example.net/trees/lib v0.1.0", "example.net/trees/lib v0.1.0"},
		{"github.com/other/lib v0.1.0", "github.com/other/lib v0.1.0"},
	}
	for _, tt := range tests {
		if got := setVersions(tt.text, root, "v0.2.0"); got != tt.want {
			t.Errorf("of %q: got %q, want %q", tt.text, got, tt.want)
		}
	}
}
