package coalesce

// Stats are figures of a [Store] since it was made.
type Stats struct {
	// Calls is the number of calls to the backend, and Batches the number of batches they
	// carried. Both include repeats, and what has not been answered yet.
	Calls, Batches int64
	// Additions is the sum of the deltas that were accepted.
	Additions int64
	// Pending is the part of Additions that is not known to be counted yet.
	Pending int64
	// Healed is the sum of the additions that the backend had lost and has counted again.
	Healed int64
	// Failing reports whether calls to the backend fail: it is true between the events
	// Failing and Recovered.
	Failing bool
}

// Stats returns the figures as they are now. It looks at every counter in use, but does not
// ask the backend. It is safe for concurrent use.
func (s *Store) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Failing = s.outage.announced
	for _, t := range s.tallies {
		stats.Pending = saturatingAdd(stats.Pending, t.kept())
	}
	return stats
}
