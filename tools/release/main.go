// Release gives all modules of the workspace a version.
//
// Usage, from the top of the tree, on main, with all committed:
//
//	go run ./tools/release v0.2.0        # show what would be done, and change nothing
//	go run ./tools/release -do v0.2.0    # do it
//
// In a work tree of its own, beside yours, it requires the version of every sibling
// in each go.mod and in the documentation, tidies the modules, gives what stands under
// "## Unreleased" in CHANGELOG.md the version as its heading, commits, and runs the
// checks on that commit: make test check, or what -check says. Then main moves to the
// commit, and each module's tag is put on it: v0.2.0 for the one at the top, which is
// the name of the whole, counter-core/v0.2.0 and so on. Nothing is pushed; the command
// that does is printed.
//
// If anything fails or is interrupted, your tree, main and the tags are as they were.
//
// It exits with 0 if the version was made or shown, with 1 if it can't be, and with 2
// if the arguments are wrong.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, ".", os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run makes the version that the arguments ask for, of the tree at top, and returns
// the exit code.
func run(ctx context.Context, top string, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	flags.SetOutput(stderr)
	do := flags.Bool("do", false, "do it, instead of showing it")
	check := flags.String("check", "make test check", "the `command` that has to pass; if empty, none has to")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: release [-do] [-check command] v0.2.0")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() != 1 {
		flags.Usage()
		return 2
	}
	r := release{
		top: top, version: flags.Arg(0), date: time.Now(),
		check: strings.Fields(*check), do: *do, out: stdout,
	}
	if err := r.run(ctx); err != nil {
		fmt.Fprintln(stderr, "release:", err)
		return 1
	}
	return 0
}
