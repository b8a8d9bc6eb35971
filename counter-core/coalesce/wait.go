package coalesce

import (
	"errors"
	"time"
)

// waiting is a list of the groups that callers wait for, in the order in which they expire. One
// timer serves them all, so that a view needs none of its own.
type waiting struct {
	first, last *group
	timer       *time.Timer // nil until it is needed
	running     bool        // it fires when first expires, or earlier
}

// pushBack adds a group, which expires no sooner than any other.
func (w *waiting) pushBack(g *group) { w.insert(w.last, g) }

// insert adds a group after another, or in front if that is nil.
func (w *waiting) insert(prev, g *group) {
	next := w.first
	if prev != nil {
		next = prev.next
	}
	g.prev, g.next = prev, next
	w.link(prev, g)
	w.link(g, next)
}

// remove takes a group out. It does nothing if the group isn't in.
func (w *waiting) remove(g *group) {
	if g.prev == nil && w.first != g {
		return
	}
	w.link(g.prev, g.next)
	g.prev, g.next = nil, nil
}

// link makes next follow prev; nil stands for either end.
func (w *waiting) link(prev, next *group) {
	if prev == nil {
		w.first = next
	} else {
		prev.next = next
	}
	if next == nil {
		w.last = prev
	} else {
		next.prev = prev
	}
}

// watchLocked ensures that the callers of a group are told in time that they are pending.
func (s *Store) watchLocked(g *group, now time.Time) {
	g.expires = now.Add(s.opts.Wait)
	s.waiting.pushBack(g)
	if s.waiting.running { // until a group before this one expires
		return
	}
	s.waiting.running = true
	if s.waiting.timer == nil {
		s.waiting.timer = time.AfterFunc(s.opts.Wait, s.expire)
	} else {
		s.waiting.timer.Reset(s.opts.Wait)
	}
}

var errOverdue = errors.New("the store takes long to answer")

// expire tells the callers that have waited long enough that they are pending.
func (s *Store) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for g := s.waiting.first; g != nil; g = s.waiting.first {
		if left := g.expires.Sub(now); left > 0 {
			s.waiting.timer.Reset(left)
			return
		}
		s.waiting.remove(g)
		cause := g.tally.failing()
		if cause == nil {
			cause = errOverdue
		}
		g.expire(g.tally.pending(cause))
		g.tally.notify() // a Set gives up, too
	}
	s.waiting.running = false
}
