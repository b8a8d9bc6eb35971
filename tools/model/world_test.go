// Package model tests that every addition is counted once, whatever happens between package
// coalesce and the store behind it. It has only tests, and is in tools so that no module that
// others import requires rapid.
//
// rapid draws a script of steps: callers add, and give up after a while; values are set; time
// passes; requests or their answers are late, lost or refused; a replica takes over that lacks what
// was counted last; a process ends while another takes its place. Then the faults end, everything
// kept is sent, and what the store holds is compared with what the callers were told:
//
//   - no number is given to two callers, and each belongs to a batch that the store
//     has counted;
//   - acknowledged ≤ counted ≤ opened: an addition that was acknowledged or is pending is
//     counted once, and one that ended with a definite error never;
//   - what is counted in an hour was opened or healed in that hour, and the hours add up to the
//     count;
//   - the counter reaches each "at least" value, which includes all that callers were told of;
//   - no caller waits past the deadline of its context, or for a store that answers;
//   - a value is set only while no batch of the counter is in flight;
//   - a closed store sends nothing.
//
// Most runs are in a synctest bubble, where minutes take no time and a script does the same
// each time, but for the order of goroutines. A few use a real Redis, in real time.
package model

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing/synctest"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
	countermemory "example.com/herokuapp/counter-memory"
)

// attempt is how long one call to the store may take.
const attempt = time.Second

// world is all that takes part in a run.
type world struct {
	ctx       context.Context
	settle    func() // waits until nothing happens any more without time passing
	profile   profile
	report    *report
	history   *history
	network   *network
	processes []*process // that run
	stopped   []*process
	calls     sync.WaitGroup
	values    int64 // how many were set
	crowded   bool  // there was a crowd
	real      bool  // time is that of the machine, and the store is not seen through
}

func newWorld(ctx context.Context, p profile, store counter.Backend) *world {
	r := newReport()
	return &world{
		ctx: ctx, settle: func() {},
		profile: p, report: r, history: &history{report: r}, network: newNetwork(store, r),
	}
}

// newBubble returns a world in a synctest bubble.
func newBubble(ctx context.Context, p profile) *world {
	var store counter.Backend = countermemory.New()
	if p.retention > 0 {
		store = newLedger(p.retention)
	}
	w := newWorld(ctx, p, store)
	w.settle = synctest.Wait
	for _, name := range names() {
		if err := w.network.set(ctx, name, w.start(name)); err != nil {
			w.report.wrong("Set: %v", err)
		}
	}
	for range p.processes {
		w.processes = append(w.processes, w.newProcess())
	}
	return w
}

func (w *world) newProcess() *process {
	return newProcess(w, len(w.processes)+len(w.stopped), w.network.newLine(), coalesce.Options{AttemptTimeout: attempt, History: true})
}

// start is the counter's value at first.
func (w *world) start(name string) int64 {
	if w.profile.room != 0 && name == "a" {
		return math.MaxInt64 - w.profile.room
	}
	return 0
}

func (w *world) era() int {
	w.network.mu.Lock()
	defer w.network.mu.Unlock()
	return w.network.era
}

func (w *world) goneForGood(name string) int64 {
	w.network.mu.Lock()
	defer w.network.mu.Unlock()
	return w.network.gone[name]
}

// within returns a context that ends after the patience.
func (w *world) within(patience time.Duration) (context.Context, context.CancelFunc) {
	if patience == never {
		return context.WithoutCancel(w.ctx), func() {}
	}
	return context.WithTimeout(w.ctx, patience)
}

// call has a caller add, or adjust, who waits so long, and cancels then or has his deadline.
func (w *world) call(patience time.Duration, cancels, adjusts bool, p *process, name string, delta int64) {
	w.calls.Go(func() {
		deadline, most := patience, patience
		if cancels && patience != never {
			deadline = time.Hour
			most += attempt // which it may be making itself
		}
		ctx, cancel := w.within(deadline)
		defer cancel()
		if deadline != patience {
			defer time.AfterFunc(patience, cancel).Stop()
		}
		called := time.Now()
		w.history.add(ctx, p, name, delta, adjusts, w.era)
		if waited := time.Since(called); patience != never && waited > most && !w.real {
			w.report.wrong("a caller that would wait for %s waited for %s", patience, waited)
		}
	})
}

// set has a caller set a value: the next of those that are far from each other.
func (w *world) set(patience time.Duration, p *process, name string) {
	const far = 1e12
	w.values++
	value := w.values * far
	if w.values%2 == 0 {
		value = -value
	}
	w.calls.Go(func() {
		ctx, cancel := w.within(patience)
		defer cancel()
		err := p.store.Set(ctx, name, value)
		w.report.trace("%s: set %s to %d: %v", p, name, value, err)
		w.network.mu.Lock()
		defer w.network.mu.Unlock()
		if done := w.network.sets[value]; done != (err == nil) && !errors.Is(err, counter.ErrUnknown) {
			w.report.wrong("Set: %v; that it is done is %t", err, done)
		}
	})
	w.settle()
}

// restart stops a process while another one takes its place.
func (w *world) restart(patience time.Duration, index int) {
	old := w.processes[index]
	w.processes[index] = w.newProcess()
	w.stopped = append(w.stopped, old)
	w.calls.Go(func() {
		ctx, cancel := w.within(patience)
		defer cancel()
		old.stop(ctx)
	})
}

// check checks what can be asked of every moment.
func (w *world) check() {
	for _, p := range w.processes {
		for _, name := range names() {
			p.check(name)
		}
	}
}
