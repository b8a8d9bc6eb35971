// Rename gives all modules of the workspace another path.
//
// Usage, from the top of the tree, with everything committed:
//
//	go run ./tools/rename github.com/you/repo
//
// The path is the address that the repository can be cloned from, without https://. It
// replaces the present path, which is that of the module at the top, in every text file
// that Git has or would add: go.mod files, imports, settings, documentation. Longer paths
// that begin with the present one change, too. Lines are sorted and aligned again where
// gofmt and go mod tidy would do so. You can rename again at any time. Renaming back
// restores the tree.
//
// With -dirty the tree may have changes that are not committed.
//
// The exit code is 0 if the modules have the path, 1 if they can't have it, and 2 if the
// arguments are wrong.
package main

import (
	"context"
	"flag"
	"io"

	"example.com/herokuapp/tools/internal/tree"
)

func main() { tool().Main() }

func tool() tree.Tool {
	flags := flag.NewFlagSet("rename", flag.ContinueOnError)
	dirty := flags.Bool("dirty", false, "rename even if the tree has changes that are not committed")
	return tree.Tool{Flags: flags, Usage: "[-dirty] github.com/you/repo", Do: func(ctx context.Context, top, to string, out io.Writer) error {
		return rename(ctx, top, to, *dirty, out)
	}}
}
