//go:build unix

package faultrun

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"testing"
)

// Command is a command that starts the app and breaks what can break.
type Command struct {
	Flags *flag.FlagSet // with the name of the command, and ContinueOnError
	Check func() error  // says what is wrong with what the flags have set
	// Run does the work. The app logs to files in logs, which are kept unless it returns true
	// or is interrupted.
	Run func(ctx context.Context, tb testing.TB, logs string) (ok bool, err error)
}

// Main runs the command until it ends or is interrupted, and exits: with 0 if Run returned true,
// with 1 if it did not, with 2 if the arguments are wrong.
func (c Command) Main() {
	switch err := c.Parse(os.Args[1:], os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		os.Exit(2) // Parse has said why
	}
	os.Args = os.Args[:1] // the rest would be for package testing
	all := func(_, _ string) (bool, error) { return true, nil }
	// Package redistest starts servers for tests alone, so the run is one.
	testing.Main(all, []testing.InternalTest{{Name: c.Flags.Name(), F: c.test}}, nil, nil)
}

// Parse reads the arguments, and says on stderr what is wrong with them.
func (c Command) Parse(args []string, stderr io.Writer) error {
	c.Flags.SetOutput(stderr)
	if err := c.Flags.Parse(args); err != nil {
		return err
	}
	err := c.Check()
	if err == nil && c.Flags.NArg() > 0 {
		err = fmt.Errorf("unknown arguments %q", c.Flags.Args())
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", c.Flags.Name(), err)
	}
	return err
}

func (c Command) test(t *testing.T) {
	t.Helper()
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	logs, err := os.MkdirTemp("", c.Flags.Name()+"-") //nolint:usetesting // to be kept
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if t.Failed() && ctx.Err() == nil {
			t.Log("the logs of the app are in", logs)
		} else if err := os.RemoveAll(logs); err != nil {
			t.Error(err)
		}
	}()
	ok, err := c.Run(ctx, t, logs)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		t.Fail()
	}
}
