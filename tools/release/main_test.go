package main

import (
	"strings"
	"testing"

	"example.com/herokuapp/tools/internal/treetest"
)

func TestRun(t *testing.T) {
	tests := []struct {
		name       string
		args       []string
		code       int
		wantOut    string
		wantErr    string
		wantTagged bool
	}{
		{
			name:    "no version",
			code:    2,
			wantErr: "usage: release [-do] [-check command] v0.2.0\n",
		},
		{
			name:    "an unknown flag",
			args:    []string{"-undo", "v0.2.0"},
			code:    2,
			wantErr: "flag provided but not defined: -undo\n",
		},
		{
			name:    "what can't be",
			args:    []string{"-do", "v2.0.0"},
			code:    1,
			wantErr: "release: v2.0.0: from v2 on",
		},
		{
			name:    "shown",
			args:    []string{"v0.2.0"},
			wantOut: "Would run: make test check\n",
		},
		{
			name:       "done",
			args:       []string{"-do", "-check", "git diff --exit-code", "v0.2.0"},
			wantOut:    "Made v0.2.0. To publish it:\n",
			wantTagged: true,
		},
		{
			name:    "check fails",
			args:    []string{"-do", "-check", "git diff --exit-code HEAD^", "v0.2.0"},
			code:    1,
			wantOut: "+++ b/prog/go.mod\n",
			wantErr: "release: git diff --exit-code HEAD^: exit status 1; nothing was changed\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := newRepo(t)
			var stdout, stderr strings.Builder
			if code := tool().Run(t.Context(), dir, tt.args, &stdout, &stderr); code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			if !strings.Contains(stdout.String(), tt.wantOut) {
				t.Errorf("printed %q, want %q in it", &stdout, tt.wantOut)
			}
			if !strings.Contains(stderr.String(), tt.wantErr) {
				t.Errorf("printed as an error %q, want %q in it", &stderr, tt.wantErr)
			}
			if got := treetest.Git(t, dir, "tag") != ""; got != tt.wantTagged {
				t.Errorf("tagged: %t, want %t", got, tt.wantTagged)
			}
		})
	}
}
