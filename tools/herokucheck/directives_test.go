package main

import (
	"reflect"
	"testing"
)

func TestParseDirectives(t *testing.T) {
	tests := []struct {
		name    string
		goMod   string
		want    directives
		wantErr string
	}{
		{
			name:  "both",
			goMod: "// Some words.\n\n// +heroku goVersion go1.26\n// +heroku install ./app\nmodule example.com/a\n\ngo 1.26.0\n",
			want:  directives{"example.com/a", "go1.26", []string{"./app"}},
		},
		{
			name:  "several packages, more space, quotes, no newline at the end",
			goMod: "module \"example.com/a\"\r\n  //\t+heroku  install  ./a ./b\r\n// +heroku goVersion go1.26.1 or so",
			want:  directives{"example.com/a", "go1.26.1", []string{"./a", "./b"}},
		},
		{
			name:    "nothing",
			goMod:   "module example.com/a\n",
			wantErr: `lines that begin with "// +heroku goVersion ": 0, want 1`,
		},
		{
			name:    "no space, which neither buildpack reads",
			goMod:   "//+heroku goVersion go1.26\n// +heroku install ./app\nmodule example.com/a\n",
			wantErr: `lines that begin with "// +heroku goVersion ": 0, want 1`,
		},
		{
			name:    "after other text",
			goMod:   "// +heroku goVersion go1.26\nmodule example.com/a // +heroku install ./app\n",
			wantErr: `lines that begin with "// +heroku install ": 0, want 1`,
		},
		{
			name:    "no package",
			goMod:   "// +heroku goVersion go1.26\n// +heroku install\nmodule example.com/a\n",
			wantErr: `lines that begin with "// +heroku install ": 0, want 1`,
		},
		{
			name:    "twice, where the buildpacks disagree",
			goMod:   "// +heroku goVersion go1.26\n// +heroku install ./a\n// +heroku install ./b\nmodule example.com/a\n",
			wantErr: `lines that begin with "// +heroku install ": 2, want 1`,
		},
		{
			name:    "no module",
			goMod:   "// +heroku goVersion go1.26\n// +heroku install ./app\n",
			wantErr: "no module line",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseDirectives(tt.goMod)
			if message(err) != tt.wantErr {
				t.Errorf("error %q, want %q", message(err), tt.wantErr)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestCompare(t *testing.T) {
	tests := []struct {
		name      string
		goVersion string
		goWork    string
		wantErr   string
	}{
		{"the newest patch release", "go1.26", "go 1.26.0\n\nuse .\n", ""},
		{"the newest patch release, a later one asked for", "go1.26", "go 1.26.3\n", ""},
		{"the newest patch release, any asked for", "go1.26", "go 1.26\n", ""},
		{"the same patch release", "go1.26.3", "go 1.26.3\n", ""},
		{"a later release", "go1.27.0", "go 1.26.3\n", ""},
		{"an earlier patch release", "go1.26.2", "go 1.26.3\n", "goVersion is go1.26.2, and go.work asks for go1.26.3"},
		{"an earlier release", "go1.25", "go 1.26.0\n", "goVersion is go1.25, and go.work asks for go1.26.0"},
		{"10 is after 9", "go1.9", "go 1.10\n", "goVersion is go1.9, and go.work asks for go1.10"},
		{"no prefix", "1.26", "go 1.26.0\n", `goVersion is "1.26": want one such as go1.26`},
		{"a range", ">=1.26", "go 1.26.0\n", `goVersion is ">=1.26": want one such as go1.26`},
		{"no go line", "go1.26", "use .\n", "go.work has no go line"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := directives{goVersion: tt.goVersion}.compare(tt.goWork)
			if message(err) != tt.wantErr {
				t.Errorf("error %q, want %q", message(err), tt.wantErr)
			}
		})
	}
}

// message returns what the error says, if there is one.
func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
