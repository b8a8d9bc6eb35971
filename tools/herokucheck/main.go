// Herokucheck walks the steps by which Heroku builds, starts and stops the program.
//
// Usage, from the top of the tree:
//
//	go run ./tools/herokucheck
//
// It copies what Git has or would take of the tree into a temporary folder, reads
// go.mod, Procfile and app.json there as Heroku does, and runs the go commands of
// both buildpacks in an environment such as theirs: no .git, an empty module cache,
// and of the caller's settings only the build cache and where modules come from.
// Then it starts the Procfile's web process as a dyno does, opens the page, looks
// for the revision that was stamped into the program, and stops it by SIGTERM. It
// needs git and bash, and a way to the modules.
//
// It exits with 0 if all of that passed, and with 1 at the first step that did not.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, ".", os.Getenv, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "herokucheck:", err)
		os.Exit(1)
	}
}

// run walks the steps on the tree whose top is dir, and reports each on out.
func run(ctx context.Context, dir string, getenv func(string) string, out io.Writer) (err error) {
	scratch, err := makeScratch(os.TempDir())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove(scratch)) }()

	w, err := newWalk(dir, scratch, getenv)
	if err != nil {
		return err
	}
	for _, step := range w.steps() {
		report, err := step.do(ctx)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("%s: %w", step.name, context.Cause(ctx))
		case err != nil:
			return fmt.Errorf("%s: %w", step.name, err)
		}
		if _, err := fmt.Fprintf(out, "%s: %s\n", step.name, report); err != nil {
			return fmt.Errorf("%s: reporting: %w", step.name, err)
		}
	}
	return nil
}
