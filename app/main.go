// Command app serves a page that says how often it was viewed. The environment
// configures it: see package config.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"go.uber.org/dig"
	"go.uber.org/fx"

	"example.com/herokuapp/app/internal/config"
)

func main() {
	os.Exit(run(os.Getenv, os.Stderr))
}

// run runs the program until a signal or a fault ends it, and returns its exit
// status. What keeps it from running is one line on stderr.
func run(getenv func(string) string, stderr io.Writer) int {
	cfg, err := config.Load(getenv)
	if err != nil {
		return fail(stderr, err)
	}
	log, err := newLogger(cfg)
	if err != nil {
		return fail(stderr, err)
	}
	// fx listens only once the program has started, and to one signal. An earlier
	// one must stop the program, too, and another one not kill it while it stops.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)

	app := fx.New(options(cfg, log))
	if err := app.Start(context.Background()); err != nil {
		return fail(stderr, dig.RootCause(err))
	}
	var status int
	select {
	case end := <-app.Wait():
		status = end.ExitCode
	case <-signals:
	}
	ctx, cancel := context.WithTimeout(context.Background(), cfg.ShutdownTimeout+config.ReportTime)
	defer cancel()
	if err := app.Stop(ctx); err != nil {
		return fail(stderr, err)
	}
	return status
}

// fail prints each fault as one line, and returns the exit status.
func fail(stderr io.Writer, err error) int {
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintln(stderr, "app:", strings.TrimSuffix(line, "\n"))
	}
	return 1
}
