package main

import (
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
)

// check looks every named block of the guide up in its file in the tree. It
// returns how many blocks name a file and what is wrong, in the guide's order.
func check(tree fs.FS, guide io.Reader) (int, []problem, error) {
	blocks, problems, err := parseBlocks(guide)
	if err != nil {
		return 0, nil, err
	}
	checked := 0
	for _, b := range blocks {
		words := strings.Fields(b.info)
		if len(words) < 2 {
			continue
		}
		checked++
		if len(words) > 2 {
			problems = append(problems, problem{b.line, fmt.Sprintf("%q: want a language and a path", b.info)})
		} else if p := checkBlock(tree, b, words[1]); p != nil {
			problems = append(problems, *p)
		}
	}
	slices.SortStableFunc(problems, func(a, b problem) int { return a.line - b.line })
	return checked, problems, nil
}

// checkBlock looks the block up in the file. It returns nil if it is there.
func checkBlock(tree fs.FS, b block, path string) *problem {
	if !fs.ValidPath(path) {
		return &problem{b.line, path + ": want a path that begins at the top of the tree and stays in it, such as app/main.go"}
	}
	text, err := fs.ReadFile(tree, path)
	if err != nil {
		return &problem{b.line, fmt.Sprintf("%s: this file can't be read: %v", path, err)}
	}
	parts := splitParts(b)
	if len(parts) == 0 {
		return &problem{b.line, path + ": this block is empty"}
	}

	file := splitLines(string(text))
	from := 0 // where in the file the next part can begin
	for _, part := range parts {
		at, matched := find(file[from:], part.lines)
		if matched < len(part.lines) {
			line, text := part.line+matched, part.lines[matched]
			return &problem{line, fmt.Sprintf("%s: this block is not in the file; first line that differs: %q%s",
				path, text, instead(file, from+at, matched))}
		}
		from += at + matched
	}
	return nil
}

// instead says what the file has where a part that begins at its line at, from 0,
// stops matching it.
func instead(file []string, at, matched int) string {
	switch n := at + matched; {
	case matched == 0:
		return ""
	case n == len(file):
		return ", where the file ends"
	default:
		return fmt.Sprintf(", where line %d of the file is %q", n+1, file[n])
	}
}

// part is a run of lines of a block with nothing left out.
type part struct {
	line  int // in the guide, from 1
	lines []string
}

// splitParts splits the block where lines are left out. No part is empty.
func splitParts(b block) []part {
	var parts []part
	begin := 0
	for i := range len(b.lines) + 1 {
		if i < len(b.lines) && !leavesOut(b.lines[i]) {
			continue
		}
		first, end := begin, i
		for first < end && isBlank(b.lines[first]) {
			first++
		}
		for first < end && isBlank(b.lines[end-1]) {
			end--
		}
		if first < end {
			parts = append(parts, part{b.line + 1 + first, b.lines[first:end]})
		}
		begin = i + 1
	}
	return parts
}

// leavesOut reports whether the line stands for lines left out.
func leavesOut(line string) bool {
	switch strings.TrimSpace(line) {
	case "…", "// …", "# …", "<!-- … -->":
		return true
	}
	return false
}

func isBlank(line string) bool { return strings.TrimSpace(line) == "" }

// splitLines returns the lines of a text without their ends.
func splitLines(text string) []string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// find returns where in the file the lines begin and how many of them match
// there: all of them at the first place where they do, else the most.
func find(file, lines []string) (at, matched int) {
	for i := range file {
		n := 0
		for n < len(lines) && i+n < len(file) && file[i+n] == lines[n] {
			n++
		}
		if n > matched {
			at, matched = i, n
		}
		if matched == len(lines) {
			break
		}
	}
	return at, matched
}
