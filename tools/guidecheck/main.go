// Guidecheck checks that the code Markdown guides show is the code there is.
//
// Usage, from the top of the tree:
//
//	go run ./tools/guidecheck docs/guide.md docs/backend.md
//
// A fenced block whose info string is a language and a path, such as
//
//	```go app/main.go
//
// must be found in that file: whole lines, one after the other, word for word.
// The path begins at the top of the tree and has forward slashes. A line that
// holds only …, // …, # … or <!-- … --> stands for any number of lines left out;
// the parts around it must follow one another in the file. Blank lines at the
// ends of a part do not count. A block that names no file is not checked.
//
// It exits with 0 if every named block was found and with 1 if not, or if a
// guide has no named block.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: guidecheck docs/guide.md …")
		os.Exit(2)
	}
	failed := false
	for _, guide := range os.Args[1:] {
		if err := run(".", guide, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "guidecheck:", err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

// run checks the guide, a path below the folder dir, and reports on out.
func run(dir, guide string, out io.Writer) error {
	// A root lets no path in the guide, and no link in the tree, lead out of it.
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("opening the tree: %w", err)
	}
	defer root.Close()
	file, err := root.Open(guide)
	if err != nil {
		return fmt.Errorf("opening the guide: %w", err)
	}
	defer file.Close()

	checked, problems, err := check(root.FS(), file)
	if err != nil {
		return fmt.Errorf("%s: %w", guide, err)
	}
	for _, p := range problems {
		fmt.Fprintf(out, "%s:%d: %s\n", guide, p.line, p.text)
	}
	switch {
	case len(problems) > 0:
		return fmt.Errorf("%s: problems: %d", guide, len(problems))
	case checked == 0:
		return fmt.Errorf("%s: %w", guide, errNothing)
	}
	fmt.Fprintf(out, "%s: blocks checked: %d\n", guide, checked)
	return nil
}

var errNothing = errors.New("no block names a file, so nothing was checked")
