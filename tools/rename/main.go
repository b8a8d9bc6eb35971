// Rename gives all modules of the workspace another path.
//
// Usage, from the top of the tree, with all committed:
//
//	go run ./tools/rename github.com/you/repo
//
// The path is where the repository can be cloned from, without https://. It replaces
// the present one, that of the module at the top, wherever it stands in a text file
// that Git has or would take: go.mod files, imports, settings, documentation. Longer
// paths that begin with it follow. Where the order or the layout of lines depends on
// the path, as gofmt and go mod tidy want it, it is set right. It may be renamed
// again at any time; renamed back, it is as it was.
//
// With -dirty the tree may have changes that are not committed.
//
// It exits with 0 if the modules have the path, with 1 if they can't, and with 2 if
// the arguments are wrong.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, ".", os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run renames the modules of the tree at top as the arguments say, and returns the
// exit code.
func run(ctx context.Context, top string, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("rename", flag.ContinueOnError)
	flags.SetOutput(stderr)
	dirty := flags.Bool("dirty", false, "rename though the tree has changes that are not committed")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: rename [-dirty] github.com/you/repo")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() != 1 {
		flags.Usage()
		return 2
	}
	if err := rename(ctx, top, flags.Arg(0), *dirty, stdout); err != nil {
		fmt.Fprintln(stderr, "rename:", err)
		return 1
	}
	return 0
}
