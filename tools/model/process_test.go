package model

import (
	"context"
	"errors"
	"fmt"
	"sync"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
)

// process is one program that counts.
type process struct {
	id     int
	store  *coalesce.Store
	world  *world
	report *report

	mu      sync.Mutex
	failing bool             // it said that the store is
	lost    map[string]int64 // what it said that it won't count, or can't tell
}

func newProcess(w *world, id int, store counter.Backend, opts coalesce.Options) *process {
	p := &process{id: id, world: w, report: w.report, lost: map[string]int64{}}
	opts.Observe = p.observe
	p.store = coalesce.New(store, opts)
	return p
}

func (p *process) String() string { return fmt.Sprintf("process %d", p.id) }

// observe takes in what no caller is told.
func (p *process) observe(e coalesce.Event) {
	p.report.trace("%s: %s %s %d: %v", p, e.Kind, e.Name, e.Additions, e.Err)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e.Kind {
	case coalesce.Refused, coalesce.GivenUp:
		p.lost[e.Name] += e.Additions
	case coalesce.Failing, coalesce.Recovered:
		failing := e.Kind == coalesce.Failing
		if failing == p.failing {
			p.report.wrong("%s says twice: %s", p, e.Kind)
		}
		p.failing = failing
	}
}

// stop ends the process, and notes what it leaves.
func (p *process) stop(ctx context.Context) {
	err := p.store.Shutdown(ctx)
	p.report.trace("%s: Shutdown: %v", p, err)
	left, ok := errors.AsType[*coalesce.UndrainedError](err)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case ok && ctx.Err() == nil:
		p.report.wrong("%s stops before its deadline: %v", p, err)
	case ok:
		for _, entry := range left.Counters {
			p.lost[entry.Name] += entry.Value
		}
	case err != nil:
		p.report.wrong("%s: Shutdown: %v", p, err)
	case p.failing && ctx.Err() == nil && !p.world.profile.givesUp(): // what is given up has no answer
		p.report.wrong("%s has no more to do, and says that the store fails", p)
	}
}

// check checks what the process says without asking the store.
func (p *process) check(name string) {
	if !p.world.profile.boundsHold() {
		return
	}
	least := p.world.history.sum(func(a *addition) bool { return a.name == name && a.process == p && a.counts() })
	if value, known := p.store.AtLeast(name); known {
		p.checkAtLeast(name, value, least)
	}
}

// checkAtLeast checks a value that is said to be reached at least: what this
// process knows is in it, and no more than was opened.
func (p *process) checkAtLeast(name string, value, least int64) {
	w := p.world
	if !w.profile.boundsHold() {
		return
	}
	most := w.history.sum(func(a *addition) bool { return a.name == name && a.mayCount() })
	least += w.start(name)
	most += w.start(name)
	if value < least && w.goneForGood(name) == 0 || value > most {
		p.report.wrong("%s says that %s is at least %d; want %d to %d", p, name, value, least, most)
	}
}
