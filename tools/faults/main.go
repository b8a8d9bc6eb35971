//go:build unix

// Faults runs the program as people do, breaks what can break, and says whether
// each view was counted once.
//
// Usage, from the top of the tree:
//
//	go run ./tools/faults [-setup single|sentinel|cluster|file|memory] [-views n] [-every n]
//		[-duration d] [-clients n] [-seed n] [-safe=false]
//
// It builds the app, starts Redis and four processes of the app, or one on a file. It opens the
// home page, counts a page elsewhere by the API and another by its badge, while faults, drawn from
// the seed, come one after the other: on the lines to Redis, on its servers and on the app. Then
// all heals, the processes are stopped, and what the store holds is held against what the visitors
// were told:
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
	"slices"
	"strings"
	"testing"

	"example.com/herokuapp/tools/internal/faultrun"
)

func main() { command().Main() }

func command() faultrun.Command {
	cfg := faultrun.Config{Top: ".", Surfaces: []faultrun.Surface{faultrun.Home(), faultrun.API(), faultrun.Badge()}}
	flags := flag.NewFlagSet("faults", flag.ContinueOnError)
	flags.StringVar(&cfg.Setup, "setup", "single", "what the store is: "+strings.Join(faultrun.Setups(), ", "))
	flags.Int64Var(&cfg.Views, "views", 20_000, "how many pages to open; more if faults are fewer by then than one in 5000, or one of each kind")
	flags.Int64Var(&cfg.Every, "every", 1000, "how many pages to open from one fault to the next, on average")
	flags.DurationVar(&cfg.Duration, "duration", 0, "how long to open pages at most; 0: no bound")
	flags.IntVar(&cfg.Clients, "clients", 64, "how many pages to open at a time")
	flags.Uint64Var(&cfg.Seed, "seed", rand.Uint64(), "what faults are drawn from; chosen at random if not given") //nolint:gosec // no secret
	flags.BoolVar(&cfg.Safe, "safe", true, "run Redis with the settings that make the promise hold, and judge")
	return faultrun.Command{
		Flags: flags,
		Check: func() error { return check(cfg) },
		Run: func(ctx context.Context, tb testing.TB, logs string) (bool, error) {
			tb.Helper()
			cfg.Logs = logs
			return run(ctx, tb, cfg, os.Stdout, os.Stderr)
		},
	}
}

func check(c faultrun.Config) error {
	switch {
	case c.Views < 1:
		return errors.New("-views must be 1 or more")
	case c.Every < 1:
		return errors.New("-every must be 1 or more")
	case c.Clients < 1:
		return errors.New("-clients must be 1 or more")
	case c.Duration < 0:
		return errors.New("-duration must be 0 or more")
	case !slices.Contains(faultrun.Setups(), c.Setup):
		return fmt.Errorf("-setup is %q; choose one of %s", c.Setup, strings.Join(faultrun.Setups(), ", "))
	}
	return nil
}

// run runs, reports and judges.
func run(ctx context.Context, tb testing.TB, cfg faultrun.Config, stdout, progress io.Writer) (holds bool, err error) {
	tb.Helper()
	s := faultrun.Open(tb, cfg)
	o, err := faultrun.Run(ctx, tb, cfg, s, progress)
	if err != nil {
		return false, err
	}
	breaches := o.Breaches()
	return len(breaches) == 0 || !cfg.Safe, o.Report(stdout, cfg, s, breaches)
}
