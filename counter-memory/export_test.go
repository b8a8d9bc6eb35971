package countermemory

import (
	"time"

	counter "example.com/herokuapp/counter-core"
)

// Wipe loses every counter and every record.
func (s *Store) Wipe() { s.cells.Clear() }

// Age makes every record older.
func (s *Store) Age(by time.Duration) {
	for _, c := range s.cells.Range {
		c := c.(*cell)
		c.mu.Lock()
		for writer, last := range c.records.byWriter {
			last.at = last.at.Add(-by)
			c.records.byWriter[writer] = last
		}
		c.mu.Unlock()
	}
}

// Records returns how many records there are, expired ones included.
func (s *Store) Records() int {
	n := 0
	for _, c := range s.cells.Range {
		c := c.(*cell)
		c.mu.Lock()
		n += len(c.records.byWriter)
		c.mu.Unlock()
	}
	return n
}

// ExpireHours drops every hour there is, as time does.
func (s *Store) ExpireHours() {
	for _, c := range s.cells.Range {
		c := c.(*cell)
		c.mu.Lock()
		if c.past != nil {
			c.past.history.expire(keep{now: counter.MaxHour, hours: 0})
		}
		c.mu.Unlock()
	}
}

// Hours returns how many hours of a counter are kept, those whose time is over included.
func (s *Store) Hours(name string) int {
	c, _ := s.cells.Load(name)
	n := 0
	for _, d := range c.(*cell).past.history.days {
		if d.hours != nil {
			n += len(d.hours.counts)
		}
	}
	return n
}
