package model

import (
	counter "example.com/herokuapp/counter-core"
)

// checkHistory checks in which hours the store has counted. In each it is what was opened
// in it, and what was healed in it.
func (w *world) checkHistory(name string) {
	hours := w.network.hours(w.ctx, name)
	var sum int64
	for _, count := range hours {
		sum += count
	}
	of := func(a *addition) bool { return a.name == name && !a.adjusts }
	promised := w.history.sum(func(a *addition) bool { return of(a) && a.counts() })
	opened := w.history.sum(func(a *addition) bool { return of(a) && a.mayCount() })
	lost := w.lost(name)
	if sum < promised-lost || sum > opened {
		w.report.wrong("%s: %d counted in hours; want %d, without %d said to be lost, to %d", name, sum, promised, lost, opened)
	}
	if counted := w.network.all(w.ctx, name); sum != counted && !w.profile.adjusts {
		w.report.wrong("%s: %d counted in hours; want %d, as in all", name, sum, counted)
	}
	if w.real {
		return // an hour may turn between a call and its addition
	}
	for hour := range w.history.hours(hours) {
		in := func(a *addition) bool { return of(a) && a.hour == hour }
		at := moment{name, hour}
		least := w.history.sum(func(a *addition) bool { return in(a) && a.counts() }) - lost - w.network.taken[at]
		most := w.history.sum(func(a *addition) bool { return in(a) && a.mayCount() }) + w.network.healed[at]
		if count := hours[hour]; count < least || count > most {
			w.report.wrong("%s: %d counted in hour %d; want %d to %d", name, count, hour, least, most)
		}
	}
}

// hours returns the hours in which something was opened, and those given.
func (h *history) hours(given map[counter.Hour]int64) map[counter.Hour]bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	hours := map[counter.Hour]bool{}
	for hour := range given {
		hours[hour] = true
	}
	for _, a := range h.additions {
		hours[a.hour] = true
	}
	return hours
}
