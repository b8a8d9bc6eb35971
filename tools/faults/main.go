//go:build unix

// Faults runs the program as people do, breaks what can break, and says whether
// each view was counted once.
//
// Usage, from the top of the tree:
//
//	go run ./tools/faults [-setup single|sentinel|cluster|file|memory] [-views n] [-every n]
//		[-duration d] [-clients n] [-seed n] [-safe=false]
//
// It builds the app, starts Redis and four processes of the app, or one on a file, and opens the
// page over HTTP, while faults, drawn from the seed, come one after the other: on
// the lines to Redis, on its servers and on the app. Then all heals, the processes
// are stopped, and what the store holds is held against what the visitors were told:
//
//   - no number was shown twice, and none that is above what was counted;
//   - acknowledged ≤ counted ≤ opened;
//   - counted is exactly what was opened, but for views that a process had not
//     sent when it was killed;
//   - what was counted is in the hours of the run.
//
// With -safe=false Redis runs without the settings that promise that: then it
// reports, and does not judge. It needs redis-server.
//
// It exits with 0 if the promise held or was not judged, with 1 if it did not hold or
// the run could not go on, and with 2 if the arguments are wrong. Where something went
// wrong, it keeps the logs of the app and says where.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"

	"example.com/herokuapp/tools/internal/faultrun"
)

// main lends the run a test: redistest starts servers for tests alone.
func main() {
	cfg, err := parse(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		os.Exit(2) // flag has said why
	}
	os.Args = os.Args[:1] // the rest would be for package testing
	all := func(_, _ string) (bool, error) { return true, nil }
	testing.Main(all, []testing.InternalTest{{Name: "faults", F: cfg.test}}, nil, nil)
}

// test is the run as a test.
func (c config) test(t *testing.T) {
	t.Helper()
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if c.Logs, err = os.MkdirTemp("", "faults-"); err != nil { //nolint:usetesting // to be kept
		t.Fatal(err)
	}
	defer func() {
		if t.Failed() && ctx.Err() == nil {
			t.Log("the logs of the app are in", c.Logs)
		} else if err := os.RemoveAll(c.Logs); err != nil {
			t.Error(err)
		}
	}()
	holds, err := perform(ctx, t, c, faultrun.Open(t, c.Config), os.Stdout, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	if !holds {
		t.Fail()
	}
}

// config is how the run was asked for.
type config struct{ faultrun.Config }

// perform runs, reports and judges.
func perform(ctx context.Context, tb testing.TB, cfg config, s faultrun.Setup, stdout, progress io.Writer) (holds bool, err error) {
	tb.Helper()
	o, err := faultrun.Run(ctx, tb, cfg.Config, s, progress)
	if err != nil {
		return false, err
	}
	breaches := o.Breaches()
	return len(breaches) == 0 || !cfg.Safe, o.Report(stdout, cfg.Config, s, breaches)
}

// parse reads the command line, and says on stderr what is wrong with it.
func parse(args []string, stderr io.Writer) (config, error) {
	cfg := config{faultrun.Config{Top: "."}}
	flags := flag.NewFlagSet("faults", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&cfg.Setup, "setup", "single", "what the store is: "+strings.Join(faultrun.Setups(), ", "))
	flags.Int64Var(&cfg.Views, "views", 20_000, "how many pages to open; more if faults are fewer by then than one in 5000, or one of each kind")
	flags.Int64Var(&cfg.Every, "every", 1000, "how many pages to open from one fault to the next, on average")
	flags.DurationVar(&cfg.Duration, "duration", 0, "how long to open pages at most; 0: no bound")
	flags.IntVar(&cfg.Clients, "clients", 64, "how many pages to open at a time")
	flags.Uint64Var(&cfg.Seed, "seed", rand.Uint64(), "what faults are drawn from; chosen at random if not given") //nolint:gosec // no secret
	flags.BoolVar(&cfg.Safe, "safe", true, "run Redis with the settings that make the promise hold, and judge")
	if err := flags.Parse(args); err != nil {
		return config{}, err
	}
	err := cfg.check()
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("nothing is known of %q", flags.Args())
	}
	if err != nil {
		fmt.Fprintln(stderr, "faults:", err)
	}
	return cfg, err
}

func (c config) check() error {
	switch {
	case c.Views < 1:
		return errors.New("-views is to be 1 or more")
	case c.Every < 1:
		return errors.New("-every is to be 1 or more")
	case c.Clients < 1:
		return errors.New("-clients is to be 1 or more")
	case c.Duration < 0:
		return errors.New("-duration is to be 0 or more")
	case !slices.Contains(faultrun.Setups(), c.Setup):
		return fmt.Errorf("-setup is %q; choose one of %s", c.Setup, strings.Join(faultrun.Setups(), ", "))
	}
	return nil
}
