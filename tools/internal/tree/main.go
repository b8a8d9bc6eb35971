package tree

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Command-line tools that work on a tree share these exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
)

// A Tool is a command that works on the tree in the current folder.
type Tool struct {
	// Flags has the tool's flags, Usage the arguments as the usage shows them.
	Flags *flag.FlagSet
	Usage string
	// Do does the work on the tree at top with the only argument.
	Do func(ctx context.Context, top, arg string, out io.Writer) error
}

// Main runs the tool on the current folder, until SIGINT or SIGTERM, and exits.
func (t Tool) Main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := t.Run(ctx, ".", os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Run runs the tool on the tree at top and returns the exit code: 0 for success, 1 for an
// error, which it prints, and 2 for wrong arguments.
func (t Tool) Run(ctx context.Context, top string, args []string, stdout, stderr io.Writer) int {
	t.Flags.SetOutput(stderr)
	t.Flags.Usage = func() {
		fmt.Fprintln(stderr, "usage:", t.Flags.Name(), t.Usage)
		t.Flags.PrintDefaults()
	}
	if err := t.Flags.Parse(args); err != nil {
		return exitUsage
	}
	if t.Flags.NArg() != 1 {
		t.Flags.Usage()
		return exitUsage
	}
	if err := t.Do(ctx, top, t.Flags.Arg(0), stdout); err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", t.Flags.Name(), err)
		return exitFailed
	}
	return 0
}
