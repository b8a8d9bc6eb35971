// Package docs tests that the documentation is right. It holds tests alone: one follows
// docs/guide.md as a reader does, and one compares the code that docs show with the files.
package docs_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.com/herokuapp/tools/internal/treetest"
)

// top is the tree whose documentation is tested.
const top = "../.."

// block is a fenced block of a Markdown file.
type block struct {
	at       string // file and line of the fence that opens it
	heading  string // the last one above it
	language string
	file     string // named after the language; may be empty
	text     string
}

// readBlocks returns the fenced blocks of a file, whose name begins at the top.
func readBlocks(t *testing.T, name string) []block {
	t.Helper()
	blocks, err := parseBlocks(name, treetest.Read(t, top, name))
	if err != nil {
		t.Fatal(err)
	}
	return blocks
}

// parseBlocks returns the blocks between fences of three backticks. In a list, a fence
// and its block are indented, by spaces; a block that names a file is not.
func parseBlocks(name, text string) ([]block, error) {
	var (
		blocks  []block
		heading string
		open    bool
		indent  string
		lines   = strings.SplitAfter(text, "\n")
	)
	for n, line := range lines {
		trimmed := strings.TrimLeft(line, " ")
		info, fence := strings.CutPrefix(strings.TrimSpace(trimmed), "```")
		switch {
		case fence && open:
			if info != "" {
				return nil, fmt.Errorf("%s:%d: a fence opens inside of a block", name, n+1)
			}
			open = false
		case fence:
			b := block{at: fmt.Sprintf("%s:%d", name, n+1), heading: heading}
			indent = line[:len(line)-len(trimmed)]
			words := strings.Fields(info)
			switch {
			case len(words) > 2, len(words) == 2 && indent != "":
				return nil, fmt.Errorf("%s: want a language, and then a file if the fence is not indented", b.at)
			case len(words) == 2:
				b.language, b.file = words[0], words[1]
			case len(words) == 1:
				b.language = words[0]
			}
			if !filepath.IsLocal(b.file) && b.file != "" {
				return nil, fmt.Errorf("%s: want a file below the top, not %s", b.at, b.file)
			}
			blocks = append(blocks, b)
			open = true
		case open:
			last := &blocks[len(blocks)-1]
			last.text += strings.TrimPrefix(line, indent)
		case strings.HasPrefix(line, "#"):
			heading = strings.TrimSpace(strings.TrimLeft(line, "#"))
		}
	}
	if open {
		return nil, fmt.Errorf("%s: this fence is never closed", blocks[len(blocks)-1].at)
	}
	return blocks, nil
}

func TestParseBlocks(t *testing.T) {
	const text = "# A\n\nText:\n```go a/b.go\nx\n\n# no heading\n```\n## B\n   ```sh\n   cd\n     y\n   ```\n```\nz\n```"
	got, err := parseBlocks("d.md", text)
	want := []block{
		{at: "d.md:4", heading: "A", language: "go", file: "a/b.go", text: "x\n\n# no heading\n"},
		{at: "d.md:10", heading: "B", language: "sh", text: "cd\n  y\n"},
		{at: "d.md:14", heading: "B", text: "z\n"},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	for _, tt := range []struct{ name, text, want string }{
		{"never closed", "```go\nx\n", "d.md:1: this fence is never closed"},
		{"opened twice", "```go\n```sh\n```\n", "d.md:2: a fence opens inside of a block"},
		{"a file in a list", "1. x\n   ```go a.go\n   ```\n", "d.md:2: want a language, and then a file if the fence is not indented"},
		{"two files", "```go a.go b.go\n```\n", "d.md:1: want a language, and then a file if the fence is not indented"},
		{"a file elsewhere", "```go ../a.go\n```\n", "d.md:1: want a file below the top, not ../a.go"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := parseBlocks("d.md", tt.text); err == nil || err.Error() != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}
