package countermemory

import "time"

// Wipe loses every counter and every record.
func (s *Store) Wipe() { s.cells.Clear() }

// Age makes every record older.
func (s *Store) Age(by time.Duration) {
	for _, c := range s.cells.Range {
		c := c.(*cell)
		c.records.Lock()
		for writer, last := range c.records.byWriter {
			last.at = last.at.Add(-by)
			c.records.byWriter[writer] = last
		}
		c.records.Unlock()
	}
}

// Records returns how many records there are, expired ones included.
func (s *Store) Records() int {
	n := 0
	for _, c := range s.cells.Range {
		c := c.(*cell)
		c.records.Lock()
		n += len(c.records.byWriter)
		c.records.Unlock()
	}
	return n
}
