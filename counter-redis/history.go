package counterredis

import counter "example.com/herokuapp/counter-core"

// The history of a counter with the key a is in its slot, under keys that no writer's record
// can have, because what follows the brace does not begin with a colon:
//
//	{a}2026-11     the days of the month that have counted, each a field such as 26
//	{a}2026-11-26  the hours of that day, each a field such as 13; it expires
//	{a}months      the months that there are, each a field such as 2026-11
//
// A hash with so few fields takes only a few bytes for each. Adding to it takes a few
// microseconds less than adding to a hash of a whole year, because Redis looks at one field
// after the other.

// monthsPart ends the key of the months.
const monthsPart = "months"

// sourcesPart ends the key of what was brought from other services.
const sourcesPart = "sources"

// moment is an hour as the keys and fields of a history name it.
type moment struct {
	hour                counter.Hour
	month, date         string // with which the keys end
	dayField, hourField string
	expiry              int64 // of the hours, in milliseconds since 1970
}

// momentOf returns how the hour is named. It remembers the last one, which most batches share.
func (s *Store) momentOf(hour counter.Hour) *moment {
	if last := s.last.Load(); last != nil && last.hour == hour {
		return last
	}
	text := hour.Time().Format("2006-01-02T15")
	month, day, hourField := text[:len("2006-01")], text[len("2006-01-"):len("2006-01-02")], text[len("2006-01-02T"):]
	m := &moment{hour, month, month + "-" + day, day, hourField, hour.KeptUntil(s.historyHours).Time().UnixMilli()}
	s.last.Store(m)
	return m
}

// keys returns the keys of the writer's record and of the history, which are parts of one
// string: that takes one allocation.
func (m *moment) keys(key, writer string) (record, days, hours, months string) {
	brace := "{" + key + "}"
	record = ":" + escape(writer)
	all := brace + record + brace + m.month + brace + m.date + brace + monthsPart
	cut := func(end string) (part string) {
		n := len(brace) + len(end)
		part, all = all[:n], all[n:]
		return part
	}
	return cut(record), cut(m.month), cut(m.date), cut(monthsPart)
}
