package coalesce

import (
	"time"

	counter "example.com/herokuapp/counter-core"
)

// reconcileEvery bounds how often all counters are reconciled.
const reconcileEvery = 10 * time.Second

// outage is what is to be done after the store was failing: it may have lost
// additions it had acknowledged, and a counter that nobody adds to would not heal.
type outage struct {
	announced    bool      // Failing was observed, and Recovered not yet
	answered     bool      // the store has answered since
	endedAt      time.Time // when a batch that had failed was answered
	due          bool      // counters are to be reconciled
	dueAt        time.Time
	reconciledAt time.Time
}

// answeredLocked notes that the store has answered a batch, even if it refused it.
func (s *Store) answeredLocked(f *group) {
	if f.failures == 0 {
		s.outage.answered = s.outage.answered || len(s.failed) == 0
		return
	}
	s.outage.answered = true
	// A single failure is most often a lost reply, or a connection that was cut. Of
	// the many batches of a reconciliation some fail more often without an outage,
	// and must not bring about the next reconciliation.
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

// reconcileLocked has each counter that was added to before the outage, and was not
// heard of since, send a batch of nothing.
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
