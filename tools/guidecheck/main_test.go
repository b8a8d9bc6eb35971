package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret")
	write(t, outside, "secret\n")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "Procfile"), "web: app\n")
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}

	tests := []struct {
		name    string
		guide   string
		wantOut string
		wantErr string
	}{
		{
			name:    "found",
			guide:   "```text Procfile\nweb: app\n```\n",
			wantOut: "guide.md: blocks checked: 1\n",
		},
		{
			name:    "not found",
			guide:   "Text.\n\n```text Procfile\nweb: bin/app\n```\n",
			wantOut: "guide.md:4: Procfile: this block is not in the file; first line that differs: \"web: bin/app\"\n",
			wantErr: "guide.md: problems: 1",
		},
		{
			name:    "nothing to check",
			guide:   "```text\nweb: app\n```\n",
			wantErr: "guide.md: no block names a file, so nothing was checked",
		},
		{
			name:    "a link that leads out",
			guide:   "```text link\nsecret\n```\n",
			wantOut: "guide.md:1: link: this file can't be read: openat link: path escapes from parent\n",
			wantErr: "guide.md: problems: 1",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			write(t, filepath.Join(dir, "guide.md"), tt.guide)
			var out strings.Builder
			err := run(dir, "guide.md", &out)
			if out.String() != tt.wantOut {
				t.Errorf("printed %q, want %q", out.String(), tt.wantOut)
			}
			if got := message(err); got != tt.wantErr {
				t.Errorf("error %q, want %q", got, tt.wantErr)
			}
		})
	}
}

func TestRunNoGuide(t *testing.T) {
	if err := run(t.TempDir(), "guide.md", os.Stdout); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got error %v, want %v", err, fs.ErrNotExist)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// message returns what the error says, if there is one.
func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
