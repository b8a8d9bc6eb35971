package coalesce

import "time"

// reconcileEvery bounds how often all counters are reconciled.
const reconcileEvery = time.Second

// outage is what is to be done after the store was failing: it may have lost
// additions it had acknowledged, and a counter that nobody adds to would not heal.
type outage struct {
	over        bool
	endedAt     time.Time // when a batch that had failed was answered
	reconcileAt time.Time
	lastAt      time.Time
}

// recovered notes that a batch which had failed was answered.
func (s *Store) recovered(now time.Time) {
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
func (s *Store) reconcile() {
	s.outage.over = false
	s.outage.lastAt = time.Now()
	retention := s.applier.Retention()
	for _, t := range s.tallies {
		if t.writer != "" && t.idle() && t.counted.Before(s.outage.endedAt) && s.outage.endedAt.Sub(t.counted) < retention {
			t.reconcile = true
			s.schedule(t)
		}
	}
}
