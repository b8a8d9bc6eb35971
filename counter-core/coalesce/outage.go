package coalesce

import "time"

// reconcileEvery bounds how often all counters are reconciled.
const reconcileEvery = time.Second

// outage is what is to be done after the store was failing: it may have lost
// additions it had acknowledged, and a counter that nobody adds to would not heal.
type outage struct {
	announced   bool // Failing was observed, and Recovered not yet
	answered    bool // the store has answered since
	over        bool
	endedAt     time.Time // when a batch that had failed was answered
	reconcileAt time.Time
	lastAt      time.Time
}

// answered notes that the store has answered a batch, be it by refusing it.
func (s *Store) answered(f *flight, now time.Time) {
	if f.failures == 0 {
		s.outage.answered = s.outage.answered || len(s.failed) == 0
		return
	}
	s.outage.answered = true
	s.outage.endedAt = now
	if !s.outage.over {
		s.outage.over = true
		s.outage.reconcileAt = now
		if next := s.outage.lastAt.Add(reconcileEvery); next.After(now) {
			s.outage.reconcileAt = next
		}
	}
	s.startRetrying()
}

// reconcile has each counter that was added to before the outage, and not since,
// send a batch of nothing.
func (s *Store) reconcile(now time.Time) {
	s.outage.over = false
	s.outage.lastAt = now
	retention := s.applier.Retention()
	for _, t := range s.tallies {
		if t.writer != "" && t.idle() && t.counted.Before(s.outage.endedAt) && s.outage.endedAt.Sub(t.counted) < retention {
			s.groups += t.keep(0)
			s.schedule(t)
		}
	}
}
