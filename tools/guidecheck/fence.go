package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// block is a fenced block of a Markdown text.
type block struct {
	line  int // where its opening fence is, from 1
	info  string
	lines []string
}

// problem is what is wrong at a line of the guide.
type problem struct {
	line int
	text string
}

// parseBlocks returns the fenced blocks of a Markdown text as CommonMark defines
// them, and a problem for each fence that can't be read as its author meant it.
func parseBlocks(guide io.Reader) ([]block, []problem, error) {
	var (
		blocks   []block
		problems []problem
		open     fence // the one that is open, if its length is not 0
	)
	scanner := bufio.NewScanner(guide)
	for n := 1; scanner.Scan(); n++ {
		line := scanner.Text()
		f, isFence := parseFence(line)
		switch {
		case open.length > 0 && isFence && f.closes(open):
			open = fence{}
		case open.length > 0:
			b := &blocks[len(blocks)-1]
			b.lines = append(b.lines, trimIndent(line, open.indent))
		case isFence && f.indent <= maxIndent:
			open = f
			blocks = append(blocks, block{line: n, info: f.info})
		case isFence && len(strings.Fields(f.info)) > 1:
			// Markdown takes this for a paragraph, or for a block in a list: not
			// what we parse, and too easily taken for checked.
			problems = append(problems, problem{n, fmt.Sprintf("a fence that names a file is indented by at most %d spaces", maxIndent)})
		}
	}
	if err := scanner.Err(); err != nil {
		return nil, nil, fmt.Errorf("reading the guide: %w", err)
	}
	if open.length > 0 {
		last := len(blocks) - 1
		problems = append(problems, problem{blocks[last].line, "this fence is never closed"})
		blocks = blocks[:last]
	}
	return blocks, problems, nil
}

// maxIndent is by how many spaces a fence can be indented.
const maxIndent = 3

// fence is a line that opens or closes a block.
type fence struct {
	indent int
	mark   byte // a backtick or a tilde
	length int  // how many marks
	info   string
}

// parseFence reads a line as a fence, however far it is indented.
func parseFence(line string) (fence, bool) {
	text := strings.TrimLeft(line, " \t")
	if text == "" || text[0] != '`' && text[0] != '~' {
		return fence{}, false
	}
	f := fence{mark: text[0], indent: len(line) - len(text)}
	if strings.Contains(line[:f.indent], "\t") {
		f.indent = maxIndent + 1
	}
	info := strings.TrimLeft(text, text[:1])
	f.length = len(text) - len(info)
	f.info = strings.TrimSpace(info)
	// With a backtick in its info string it is code within a line of text.
	if f.length < 3 || f.mark == '`' && strings.Contains(f.info, "`") {
		return fence{}, false
	}
	return f, true
}

// closes reports whether f ends a block that open began.
func (f fence) closes(open fence) bool {
	return f.mark == open.mark && f.length >= open.length && f.info == "" && f.indent <= maxIndent
}

// trimIndent removes up to n leading spaces: a block is indented as its fence is.
func trimIndent(line string, n int) string {
	for range n {
		line = strings.TrimPrefix(line, " ")
	}
	return line
}
