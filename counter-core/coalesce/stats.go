package coalesce

// Stats is what a [Store] tells of itself. Counts begin at New.
type Stats struct {
	// Calls is how many calls were made to the backend, and Batches how many batches
	// they carried, repeats included. What has not been answered yet is included.
	Calls, Batches int64
	// Additions is how many additions were accepted: the sum of their deltas.
	Additions int64
	// Pending is how many of them are not known to be counted yet.
	Pending int64
	// Healed is how many additions the backend had lost, and has now counted again.
	Healed int64
	// Failing says that calls to the backend fail, as between the events Failing and
	// Recovered.
	Failing bool
}

// Stats goes through all counters in hand. It doesn't ask the backend.
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
