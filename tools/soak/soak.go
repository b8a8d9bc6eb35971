//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"example.com/herokuapp/tools/internal/faultrun"
)

const (
	// faultsEach is about how many faults a store has in a run of any length: in ten minutes,
	// one every five seconds.
	faultsEach = 120
	clients    = 30
	listeners  = 30
)

// soak is a run on one store.
type soak struct {
	config  faultrun.Config
	setup   faultrun.Setup
	watch   *watch
	crowd   *crowd
	outcome *faultrun.Outcome
}

// newSoak starts the store, which ends with the test.
func newSoak(tb testing.TB, cfg config, store string) *soak {
	tb.Helper()
	s := &soak{watch: newWatch(cfg.long), crowd: &crowd{}}
	s.config = faultrun.Config{
		Top: cfg.top, Logs: filepath.Join(cfg.logs, store), Setup: store, Seed: cfg.seed, Safe: true, Steady: true,
		Surfaces: []faultrun.Surface{faultrun.Home(), faultrun.API(), faultrun.Badge()},
		Views:    math.MaxInt64, Duration: cfg.long,
		Every:   max(int64(float64(cfg.rate)*cfg.long.Seconds()/faultsEach), 1),
		Clients: clients, Rate: cfg.rate,
		Beside: s.beside,
	}
	s.setup = faultrun.Open(tb, s.config)
	return s
}

// run runs until the time is over. The outcome is then in the soak.
func (s *soak) run(ctx context.Context, tb testing.TB, progress io.Writer) (err error) {
	tb.Helper()
	if err := os.MkdirAll(s.config.Logs, 0o700); err != nil {
		return err
	}
	if s.outcome, err = faultrun.Run(ctx, tb, s.config, s.setup, progress); err != nil {
		return fmt.Errorf("%s: %w", s.config.Setup, err)
	}
	return nil
}

// beside watches the processes, and listens.
func (s *soak) beside(ctx context.Context, fleet *faultrun.Fleet) {
	var running sync.WaitGroup
	running.Go(func() { s.watch.run(ctx, fleet) })
	for i := range listeners {
		running.Go(func() { s.crowd.listen(ctx, fleet, i) })
	}
	running.Wait()
}

// report prints the outcome, and returns what went wrong.
func (s *soak) report(out io.Writer) ([]string, error) {
	breaches := s.outcome.Breaches()
	if err := s.outcome.Report(out, s.config, s.setup, breaches); err != nil {
		return nil, err
	}
	faults := breaches
	explained, unexplained := explain(s.outcome.Warnings(), s.outcome.Faults())
	for _, line := range unexplained {
		faults = append(faults, "no fault explains: "+line.Process+" logged "+line.Text)
	}
	told, backwards := s.crowd.told.Load(), s.crowd.backwards.Load()
	if backwards > 0 {
		faults = append(faults, fmt.Sprintf("%d times a listener was told a number below the one before", backwards))
	}
	if told == 0 {
		faults = append(faults, "no listener was told a number")
	}
	rows, grown := s.watch.judge()
	faults = append(faults, grown...)
	if err := writeTable(out, rows); err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "%d listeners were told %d numbers on %d connections. %d warnings and errors in the logs, %d explained by a fault.\n",
		listeners, told, s.crowd.connections.Load(), explained+len(unexplained), explained)
	for _, fault := range faults[len(breaches):] {
		fmt.Fprintln(out, "-", fault)
	}
	verdict := "All is well.\n\n"
	if len(faults) > 0 {
		verdict = "NOT ALL IS WELL.\n\n"
	}
	_, err := io.WriteString(out, verdict)
	return faults, err
}

// quarter returns the quarter of the run, 0 to 3, that a time since its start is in.
func quarter(at, long time.Duration) int { return int(4 * at / max(long, 1)) }
