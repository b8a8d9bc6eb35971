// Command app serves a page that says how often it was viewed. The environment
// configures it: see package config.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"go.uber.org/dig"
	"go.uber.org/fx"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/logging"
)

// lastWords is how long the log has at least for its last lines.
const lastWords = 250 * time.Millisecond

func main() {
	os.Exit(run(os.Getenv, os.Stderr))
}

// run runs the program until a signal or a fault ends it, and returns its exit
// status. What keeps it from running is one line on stderr.
func run(getenv func(string) string, stderr io.Writer) int {
	cfg, err := config.Load(getenv)
	if err != nil {
		fmt.Fprint(stderr, faults(err))
		return 1
	}
	stop := stopSignals()
	log := logging.New(stderr, cfg.Debug)
	status, deadline := serve(cfg, log, stop)
	if earliest := time.Now().Add(lastWords); deadline.Before(earliest) {
		deadline = earliest
	}
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	_ = log.Close(ctx) // a log that takes no lines is not a fault of the program
	return status
}

// serve runs the program until it is told to stop, or can't go on. It returns the exit
// status, and when the process has to have ended.
func serve(cfg config.Config, log *logging.Log, stop <-chan os.Signal) (status int, deadline time.Time) {
	app := fx.New(options(cfg, log.Logger))
	// fx listens to signals only now, and to one. An earlier one must stop the program,
	// too, and a second one must not end it before it has drained.
	err := app.Start(context.Background())
	if err != nil {
		log.Print(faults(dig.RootCause(err)))
		return 1, time.Now().Add(cfg.ShutdownTimeout)
	}
	select {
	case end := <-app.Wait():
		status = end.ExitCode
	case signal := <-stop:
		log.Print(stacks(signal))
	}
	deadline = time.Now().Add(cfg.ShutdownTimeout)
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	if err := app.Stop(ctx); err != nil {
		log.Print(faults(err))
		return 1, deadline
	}
	return status, deadline
}

// faults returns each fault as one line.
func faults(err error) string {
	var lines strings.Builder
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintln(&lines, "app:", strings.TrimSuffix(line, "\n"))
	}
	return lines.String()
}
