//go:build unix

// Soak runs the app on each store for a while under load, restarts it and breaks what can
// break, and says whether it stays as it was.
//
// Usage, from the top of the tree:
//
//	go run ./tools/soak [-for d] [-rate n] [-stores memory,file,single] [-seed n]
//
// The app runs in memory, on a file and, as four processes, on Redis, all at the same time.
// Clients open the page, count by the API and by badges, and listen to events. With the defaults,
// each store gets an hour's views of a busy site, 360,000, in ten minutes. Meanwhile the app is
// terminated and killed, Redis is stopped and killed, and the line to it loses requests and replies
// and is cut.
//
// One process of each store is spared: the first of those on Redis, and elsewhere the one that runs
// after the first quarter of the time. The run fails
//
//   - if the memory, the goroutines or the open files of a spared process grew: if the median in
//     the last quarter exceeds that in the second by more than 25 % and a fixed allowance;
//   - if a process has logged a warning or an error that no fault of the run explains;
//   - if a view was lost or counted twice, as in tools/faults;
//   - if a listener was told a number below an earlier one.
//
// It needs Linux and redis-server. It prints its progress to stderr and tables to stdout. It exits
// with 0 if all is well, with 1 if not, and with 2 if the arguments are wrong.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/herokuapp/tools/internal/faultrun"
)

func main() { command().Main() }

// config is how the run was asked for.
type config struct {
	top    string // of the tree
	logs   string // a folder for those of the app
	long   time.Duration
	rate   int // views a second of each store
	stores []string
	seed   uint64
}

func command() faultrun.Command {
	cfg := config{top: ".", stores: stores()}
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.DurationVar(&cfg.long, "for", 10*time.Minute, "how long to run, 10s or more")
	flags.IntVar(&cfg.rate, "rate", 600, "how many views a second to open on each store")
	flags.Func("stores", "which stores to run (default "+strings.Join(stores(), ",")+")", func(names string) error {
		cfg.stores = strings.Split(names, ",")
		return nil
	})
	flags.Uint64Var(&cfg.seed, "seed", rand.Uint64(), "what faults are drawn from; chosen at random if not given") //nolint:gosec // no secret
	return faultrun.Command{
		Flags: flags,
		Check: func() error { return cfg.check() },
		Run: func(ctx context.Context, tb testing.TB, logs string) (bool, error) {
			tb.Helper()
			cfg.logs = logs
			faults, err := run(ctx, tb, cfg, os.Stdout, os.Stderr)
			return len(faults) == 0, err
		},
	}
}

// stores returns what the app runs on: set-ups of tools/faults.
func stores() []string { return []string{"memory", "file", "single"} }

func (c config) check() error {
	switch {
	case c.long < 10*time.Second:
		return errors.New("-for must be 10s or more: a process needs some seconds to start")
	case c.rate < 10:
		return errors.New("-rate must be 10 or more")
	}
	for i, name := range c.stores {
		if !slices.Contains(stores(), name) || slices.Contains(c.stores[:i], name) {
			return fmt.Errorf("-stores has %q; choose some of %s", name, strings.Join(stores(), ","))
		}
	}
	return nil
}

// run runs all stores at the same time, prints a report, and returns what went wrong.
func run(ctx context.Context, tb testing.TB, cfg config, out, progress io.Writer) ([]string, error) {
	tb.Helper()
	soaks := make([]*soak, 0, len(cfg.stores))
	for _, name := range cfg.stores {
		soaks = append(soaks, newSoak(tb, cfg, name))
	}
	errs := make(chan error, len(soaks))
	for _, s := range soaks {
		go func() {
			err := errors.New(s.config.Setup + ": the run was given up") // by the test
			defer func() { errs <- err }()
			err = s.run(ctx, tb, progress)
		}()
	}
	var failed []error
	for range soaks {
		failed = append(failed, <-errs)
	}
	if err := errors.Join(failed...); err != nil {
		return nil, err
	}
	var faults []string
	for _, s := range soaks {
		found, err := s.report(out)
		if err != nil {
			return nil, err
		}
		faults = append(faults, found...)
	}
	return faults, nil
}
