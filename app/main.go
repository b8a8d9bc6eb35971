// Command app serves a page that shows how often it was viewed. It is configured by
// environment variables: see package config.
package main

import (
	"context"
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
	fmt.Fprintf(stdout, "app %s, revision %s, %s %s/%s\n", config.Version(), config.Revision(getenv), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return 0
}

// run runs the program until a signal or a failure ends it, and returns its exit status.
// If the program can't start, run writes the reason to stderr in one line.
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
	_ = log.Close(ctx) // a log that can't be written is not a failure of the program
	return status
}

// serve runs the program until it is told to stop or can't go on. It returns the exit
// status and the deadline for the end of the process.
func serve(cfg config.Config, log *logging.Log, stop <-chan os.Signal) (status int, deadline time.Time) {
	app := fx.New(options(cfg, log.Logger))
	// fx starts to listen for signals here, and takes only one. An earlier signal must also
	// stop the program, and a second one must not kill it before it has drained.
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

// faults returns a line for each error that err joins.
func faults(err error) string {
	var lines strings.Builder
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintln(&lines, "app:", strings.TrimSuffix(line, "\n"))
	}
	return lines.String()
}
