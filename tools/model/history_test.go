package model

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// history is what callers have asked for and were told.
type history struct {
	report *report

	mu        sync.Mutex
	additions []*addition
}

// addition is one call of Add.
type addition struct {
	process *process
	name    string
	delta   int64
	adjusts bool         // it is not for the history
	hour    counter.Hour // when it was called
	eras    [2]int       // when it was called, and when it returned

	returned bool
	number   int64
	err      error
	pending  bool // the error says so
	unknown  bool
}

// counts says that the addition is in the total, or will be.
func (a *addition) counts() bool {
	return a.returned && (a.err == nil || a.pending)
}

// mayCount says that the addition is in the total, or can be.
func (a *addition) mayCount() bool {
	return !a.returned || a.err == nil || a.pending || a.unknown
}

// add adds, and notes what comes of it.
func (h *history) add(ctx context.Context, p *process, name string, delta int64, adjusts bool, era func() int) {
	a := &addition{
		process: p, name: name, delta: delta, adjusts: adjusts, hour: counter.HourOf(time.Now()), eras: [2]int{era()},
	}
	h.mu.Lock()
	h.additions = append(h.additions, a)
	h.mu.Unlock()
	before := h.sum(func(b *addition) bool { return b.name == name && b.process == p && b.counts() })

	add, verb := p.store.Add, "add"
	if adjusts {
		add, verb = p.store.Adjust, "adjust by"
	}
	number, err := add(ctx, name, delta)
	h.report.trace("%s: %s %d to %s = %d, %v", p, verb, delta, name, number, err)

	h.mu.Lock()
	a.returned, a.number, a.err, a.eras[1] = true, number, err, era()
	a.pending, a.unknown = errors.Is(err, counter.ErrPending), errors.Is(err, counter.ErrUnknown)
	h.mu.Unlock()
	if pending, ok := errors.AsType[*counter.PendingError](err); ok && pending.Known {
		p.checkAtLeast(name, pending.AtLeast, before+delta)
	}
}

// sum adds up the additions that are so.
func (h *history) sum(is func(*addition) bool) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	sum := int64(0)
	for _, a := range h.additions {
		if is(a) {
			sum += a.delta
		}
	}
	return sum
}

// waiting returns how many callers have not been told anything.
func (h *history) waiting() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, a := range h.additions {
		if !a.returned {
			n++
		}
	}
	return n
}

// numbers returns what callers were told to have made, in order.
func (h *history) numbers(is func(*addition) bool) []span {
	h.mu.Lock()
	defer h.mu.Unlock()
	var told []span
	for _, a := range h.additions {
		if a.returned && a.err == nil && is(a) {
			told = append(told, span{a.number - a.delta, a.number})
		}
	}
	slices.SortFunc(told, func(x, y span) int { return cmp.Compare(x.to, y.to) })
	return told
}

// checkDisjoint checks that no number is among those of two callers.
func (h *history) checkDisjoint(name string, told []span) {
	for i := range max(len(told), 1) - 1 {
		if told[i].to > told[i+1].from {
			h.report.wrong("%s: numbers up to %d and from %d are given to two callers", name, told[i].to, told[i+1].from+1)
		}
	}
}
