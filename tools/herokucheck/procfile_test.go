package main

import (
	"maps"
	"testing"
)

func TestParseProcfile(t *testing.T) {
	tests := []struct {
		name    string
		text    string
		want    map[string]string
		wantErr string
	}{
		{"one", "web: app\n", map[string]string{"web": "app"}, ""},
		{
			"several, with empty lines and comments",
			"# What runs.\r\nweb: app -v\r\n\r\nmy_worker-2:app work: all \n",
			map[string]string{"web": "app -v", "my_worker-2": "app work: all"},
			"",
		},
		{"empty", "", map[string]string{}, ""},
		{"no command", "\nweb:\n", nil, `line 2 is "web:": want a process type, a colon and a command`},
		{"no type", "app\n", nil, `line 1 is "app": want a process type, a colon and a command`},
		{"twice", "web: a\nweb: b\n", nil, "line 2: a second web process"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseProcfile(tt.text)
			if message(err) != tt.wantErr {
				t.Errorf("error %q, want %q", message(err), tt.wantErr)
			}
			if !maps.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
