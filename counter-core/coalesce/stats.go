package coalesce

// Stats is what a [Store] tells of itself.
type Stats struct {
	// Pending is how many additions are kept, or on the way.
	Pending int64
	// Healed is how many additions the store within had lost, and has counted again,
	// since New.
	Healed int64
	// Failing says that calls to the store within fail, as between the events
	// Failing and Recovered.
	Failing bool
}

// Stats asks nobody. It goes through all counters in hand.
func (s *Store) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := Stats{Healed: s.healed, Failing: s.outage.announced}
	for _, t := range s.tallies {
		stats.Pending = saturatingAdd(stats.Pending, t.kept())
	}
	return stats
}
