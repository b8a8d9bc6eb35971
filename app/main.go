// Command app serves a page that shows how often it was viewed. It is configured by
// environment variables: see package config.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"go.uber.org/dig"
	"go.uber.org/fx"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/logging"
)

// lastWords is the least time that the log has for its last lines.
const lastWords = 250 * time.Millisecond

func main() {
	if len(os.Args) > 1 {
		os.Exit(tell(os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
	}
	os.Exit(run(os.Getenv, os.Stderr))
}

// tell says what the program was built from if the arguments ask for that, and returns the exit
// status. There is nothing else to ask for.
func tell(args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	if len(args) > 1 || args[0] != "-version" && args[0] != "--version" {
		fmt.Fprintln(stderr, "app: the only argument is -version; environment variables configure the program")
		return 2
	}
	if _, err := fmt.Fprintf(stdout, "app %s, revision %s, %s %s/%s\n", config.Version(), config.Revision(getenv), runtime.Version(), runtime.GOOS, runtime.GOARCH); err != nil {
		fmt.Fprintln(stderr, "app: the version can't be written:", err)
		return 1
	}
	return 0
}

// run runs the program until a signal or a failure ends it, and returns its exit status.
// If the program can't start, run writes the reason to stderr in one line.
func run(getenv func(string) string, stderr io.Writer) int {
	stop := stopSignals()
	cfg, err := config.Load(getenv)
	if err != nil {
		fmt.Fprint(stderr, faults(err))
		return 1
	}
	log := logging.New(stderr, cfg.Debug)
	status, deadline := serve(stop, cfg, log)
	if earliest := time.Now().Add(lastWords); deadline.Before(earliest) {
		deadline = earliest
	}
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	_ = log.Close(ctx) // a log that can't be written is not a failure of the program
	return status
}

// serve runs the program until stop ends or it can't go on. It returns the exit status and the
// deadline for the end of the process.
func serve(stop context.Context, cfg config.Config, log *logging.Log) (status int, deadline time.Time) {
	app := fx.New(options(stop, cfg, log.Logger))
	// fx starts to listen for signals here, and takes only one. An earlier signal must also
	// stop the program, and a second one must not kill it before it has drained.
	err := app.Start(context.WithoutCancel(stop))
	if err != nil {
		deadline = time.Now().Add(cfg.ShutdownTimeout)
		if stop.Err() != nil && errors.Is(err, context.Canceled) {
			log.Print(stacks(context.Cause(stop)))
			return 0, deadline // nothing was counted yet
		}
		log.Print(faults(dig.RootCause(err)))
		return 1, deadline
	}
	select {
	case end := <-app.Wait():
		status = end.ExitCode
	case <-stop.Done():
		log.Print(stacks(context.Cause(stop)))
	}
	deadline = time.Now().Add(cfg.ShutdownTimeout)
	ctx, cancel := context.WithDeadline(context.WithoutCancel(stop), deadline)
	defer cancel()
	if err := app.Stop(ctx); err != nil {
		log.Print(faults(err))
		return 1, deadline
	}
	return status, deadline
}

// faults returns a line for each error that err joins.
func faults(err error) string {
	var lines strings.Builder
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintln(&lines, "app:", strings.TrimSuffix(line, "\n"))
	}
	return lines.String()
}
