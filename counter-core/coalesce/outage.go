package coalesce

import (
	"time"

	counter "example.com/herokuapp/counter-core"
)

// reconcileEvery is the least time from one reconciliation of all counters to the next.
const reconcileEvery = 10 * time.Second

// outage tracks whether the store is failing, and when to reconcile all counters after it
// was: the store may have lost additions that it had acknowledged, and a counter that nobody
// adds to would not heal by itself.
type outage struct {
	announced    bool      // Failing was observed, Recovered not yet
	answered     bool      // the store has answered since then
	endedAt      time.Time // when a batch that had failed was last answered
	due          bool      // a reconciliation is due, at dueAt
	dueAt        time.Time
	reconciledAt time.Time
}

// answeredLocked notes that the store has answered a batch, if only to refuse it.
func (s *Store) answeredLocked(f *group) {
	if f.failures == 0 {
		s.outage.answered = s.outage.answered || len(s.failed) == 0
		return
	}
	s.outage.answered = true
	// A single failure is usually a lost reply or a cut connection. A reconciliation sends
	// so many batches that a few fail more often without an outage. They must not cause
	// the next reconciliation.
	if f.failures == 1 || f.batch.Delta == 0 && f.failures < 4 {
		return
	}
	now := time.Now()
	s.outage.endedAt = now
	if !s.outage.due {
		s.outage.due = true
		s.outage.dueAt = now
		if next := s.outage.reconciledAt.Add(reconcileEvery); next.After(now) {
			s.outage.dueAt = next
		}
	}
	s.retryLocked()
}

// reconcileLocked sends an empty batch for each counter that was added to before the outage
// and has had no answer since.
func (s *Store) reconcileLocked(now time.Time) {
	s.outage.due = false
	s.outage.reconciledAt = now
	retention := s.inner.Retention()
	for _, t := range s.tallies {
		if !t.idle() {
			continue
		}
		for w := range t.writers() {
			if w.id != "" && w.sum <= counter.MaxSum &&
				w.heardOf.Before(s.outage.endedAt) && s.outage.endedAt.Sub(w.counted) < retention {
				s.keepLocked(t, w, 0, now)
			}
		}
		s.scheduleLocked(t)
	}
}
