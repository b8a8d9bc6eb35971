//go:build unix

package faultrun

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// Run opens pages on the set-up while things break, and returns the outcome.
func Run(ctx context.Context, tb testing.TB, cfg Config, s Setup, progress io.Writer) (*Outcome, error) {
	tb.Helper()
	if len(cfg.Surfaces) == 0 {
		cfg.Surfaces = []Surface{Home()}
	}
	f, err := startFleet(ctx, tb, cfg, s)
	if err != nil {
		return nil, err
	}
	r := &running{
		cfg: cfg, fleet: f, ledgers: make([]ledger, len(cfg.Surfaces)),
		schedule: newSchedule(s.faults(f), cfg.Every, random(cfg.Seed, 0)),
	}
	took, err := r.openPages(ctx, progress)
	if err != nil {
		return nil, err
	}
	if s.empty != nil {
		if err := s.empty(ctx, f.serving[0].Load(), cfg.Surfaces); err != nil {
			return nil, fmt.Errorf("reading the counters: %w", err)
		}
	}
	f.stop()
	var names []string
	for _, surface := range cfg.Surfaces {
		names = append(names, surface.counter)
		if surface.site != "" {
			names = append(names, surface.site)
		}
	}
	counted, err := s.counted(ctx, names, counter.HourOf(f.began))
	if err != nil {
		return nil, fmt.Errorf("reading the counters: %w", err)
	}
	o := newOutcome(f, r.ledgers, r.schedule, counted, took)
	for _, line := range s.lines {
		requests, replies, cuts := line.Lost()
		o.lost.add(requests, replies, cuts)
	}
	return o, nil
}

// random returns a source of random numbers that depends only on the seed and this number.
func random(seed, number uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, number)) //nolint:gosec // no secret
}

// running is a run while pages are opened.
type running struct {
	cfg      Config
	fleet    *Fleet
	ledgers  []ledger // by surface
	schedule *schedule
	now      atomic.Pointer[string] // the fault there is
}

// openPages opens pages until there are enough, and returns how long it took.
func (r *running) openPages(ctx context.Context, progress io.Writer) (time.Duration, error) {
	visiting, leave := context.WithCancel(ctx)
	defer leave()
	var clients, ticker sync.WaitGroup
	var every time.Duration
	if r.cfg.Rate > 0 {
		every = time.Second * time.Duration(r.cfg.Clients) / time.Duration(r.cfg.Rate)
	}
	for i := range r.cfg.Clients {
		surface := i % len(r.ledgers)
		c := &client{fleet: r.fleet, surface: surface, ledger: &r.ledgers[surface], every: every, random: random(r.cfg.Seed, uint64(i)+1)}
		clients.Go(func() { c.run(visiting) })
	}
	if r.cfg.Beside != nil {
		clients.Go(func() { r.cfg.Beside(visiting, r.fleet) })
	}
	ended := make(chan struct{})
	ticker.Go(func() { r.report(progress, ended) })

	begin := time.Now()
	err := r.strike(ctx, begin)
	took := time.Since(begin)
	leave()
	clients.Wait()
	close(ended)
	ticker.Wait()
	return took, err
}

// opened returns how many pages were opened on all surfaces.
func (r *running) opened() (sum int64) {
	for i := range r.ledgers {
		sum += r.ledgers[i].opened.Load()
	}
	return sum
}

// strike causes one fault after the other, until as many pages were opened as the run asks for, or
// its time is over. It also ends if a process has died.
func (r *running) strike(ctx context.Context, begin time.Time) error {
	next := r.schedule.gap()
	for {
		opened := r.opened()
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case r.cfg.Duration > 0 && time.Since(begin) >= r.cfg.Duration,
			opened >= r.cfg.Views && r.schedule.enough(r.cfg.Views),
			r.fleet.died(): // the verdict says so
			return nil
		case opened < next:
			pause(ctx, time.Millisecond)
			continue
		}
		if fault, ok := r.schedule.next(); ok {
			r.now.Store(&fault.kind)
			if err := r.schedule.strike(ctx, fault); err != nil {
				return fmt.Errorf("%s: %w", fault.kind, err)
			}
			r.now.Store(nil)
		}
		next = r.opened() + r.schedule.gap()
	}
}

// report prints a line each second until the run has ended.
func (r *running) report(out io.Writer, ended <-chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var before int64
	for {
		select {
		case <-ended:
			return
		case <-tick.C:
		}
		opened := r.opened()
		told := r.fleet.told()
		line := fmt.Sprintf("%-8s %4.0fs  %d views, %d/s: %d with a number, %d pending, %d not known",
			r.cfg.Setup, r.fleet.clock().Seconds(), opened, opened-before, told.counted, told.pending, told.unknown+told.unanswered)
		if kind := r.now.Load(); kind != nil {
			line += "; " + *kind
		}
		fmt.Fprintln(out, line)
		before = opened
	}
}
