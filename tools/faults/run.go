//go:build unix

package main

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

// run opens pages on the set-up while faults come, and returns what came of it.
func run(ctx context.Context, tb testing.TB, cfg config, s setup, progress io.Writer) (*outcome, error) {
	tb.Helper()
	f, err := startFleet(ctx, tb, cfg, s)
	if err != nil {
		return nil, err
	}
	r := &running{
		cfg: cfg, fleet: f,
		schedule: newSchedule(s.faults(f), cfg.every, random(cfg.seed, 0)),
	}
	took, err := r.openPages(ctx, progress)
	if err != nil {
		return nil, err
	}
	f.stop()
	counted, inHours, err := s.counted(ctx, counter.HourOf(f.began))
	if err != nil {
		return nil, fmt.Errorf("reading the counter: %w", err)
	}
	o := newOutcome(f, &r.ledger, r.schedule, took)
	o.counted, o.inHours = counted, inHours
	for _, line := range s.lines {
		requests, replies, cuts := line.Lost()
		o.lost.add(requests, replies, cuts)
	}
	return o, nil
}

// random returns the draws that have this number, which only the seed decides.
func random(seed, number uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, number)) //nolint:gosec // no secret
}

// running is a run while pages are opened.
type running struct {
	cfg      config
	fleet    *fleet
	ledger   ledger
	schedule *schedule
	now      atomic.Pointer[string] // the fault there is
}

// openPages opens pages until there were enough, and returns how long it took.
func (r *running) openPages(ctx context.Context, progress io.Writer) (time.Duration, error) {
	visiting, leave := context.WithCancel(ctx)
	defer leave()
	var clients, ticker sync.WaitGroup
	for i := range r.cfg.clients {
		c := &client{fleet: r.fleet, ledger: &r.ledger, random: random(r.cfg.seed, uint64(i)+1)}
		clients.Go(func() { c.run(visiting) })
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

// strike has one fault come after the other until pages were opened as many, or as
// long, as was asked for. A process that died ends it, too.
func (r *running) strike(ctx context.Context, begin time.Time) error {
	next := r.schedule.gap()
	for {
		opened := r.ledger.opened.Load()
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case r.cfg.duration > 0 && time.Since(begin) >= r.cfg.duration,
			opened >= r.cfg.views && r.schedule.enough(r.cfg.views),
			r.fleet.died(): // the verdict says so
			return nil
		case opened < next:
			pause(ctx, time.Millisecond)
			continue
		}
		fault := r.schedule.next()
		r.now.Store(&fault.kind)
		if err := fault.strike(ctx, r.schedule.random); err != nil {
			return fmt.Errorf("%s: %w", fault.kind, err)
		}
		r.now.Store(nil)
		next = r.ledger.opened.Load() + r.schedule.gap()
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
		opened := r.ledger.opened.Load()
		told := r.fleet.told()
		line := fmt.Sprintf("%4.0fs  %d views, %d/s: %d with a number, %d pending, %d not known",
			r.fleet.clock().Seconds(), opened, opened-before, told.counted, told.pending, told.unknown+told.unanswered)
		if kind := r.now.Load(); kind != nil {
			line += "; " + *kind
		}
		fmt.Fprintln(out, line)
		before = opened
	}
}
