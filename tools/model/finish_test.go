package model

import "time"

// settled is longer than anything takes that the store answers.
const settled = 15 * time.Second

// finish ends the faults, drains everything, and checks what has been counted.
func (w *world) finish() error {
	w.network.mend()
	time.Sleep(settled)
	w.check()
	if n := w.history.waiting(); n > 0 && !w.profile.restarts {
		w.report.wrong("%d callers wait, though the store answers", n)
	}
	if w.profile.fails {
		w.heal()
	}
	for _, p := range w.processes {
		ctx, cancel := w.within(settled)
		p.stop(ctx)
		cancel()
	}
	w.calls.Wait()
	w.network.arriving.Wait() // what is late must not count again
	for _, name := range names() {
		w.checkNumbers(name)
		w.checkTotal(name)
		w.checkHistory(name)
	}
	return w.report.err()
}

// heal has each process notice that a replica took over: by calls that fail, for a
// counter that is asked for nothing else. The others must heal with nobody adding
// to them.
func (w *world) heal() {
	for _, p := range w.processes {
		w.network.script("other", fault{times: 3, refused: errAway, cut: never})
		w.call(never, false, false, p, "other", 1)
		time.Sleep(2 * settled)
	}
}

// checkNumbers checks what callers were told that they made.
func (w *world) checkNumbers(name string) {
	if w.profile.sets && w.profile.huge {
		return // one may reach the numbers of another value
	}
	of := func(a *addition) bool { return a.name == name }
	told := w.history.numbers(of)
	if w.network.era == 0 || w.profile.oneWriter() && w.network.gone[name] == 0 {
		w.history.checkDisjoint(name, told)
	}
	for era := range w.network.era + 1 {
		within := func(a *addition) bool { return of(a) && a.eras == [2]int{era, era} }
		w.history.checkDisjoint(name, w.history.numbers(within))
	}
	for _, s := range told {
		if !w.real && !w.wasCounted(name, s) {
			w.report.wrong("%s: a caller was given %d to %d, which the store did not count", name, s.from+1, s.to)
		}
	}
}

// wasCounted says that the numbers are among those of one batch.
func (w *world) wasCounted(name string, s span) bool {
	for _, counted := range w.network.counted[name] {
		if counted.from <= s.from && s.to <= counted.to {
			return true
		}
	}
	return false
}

// checkTotal checks what the store has counted against what callers were told.
func (w *world) checkTotal(name string) {
	of := func(a *addition) bool { return a.name == name }
	promised := w.history.sum(func(a *addition) bool { return of(a) && a.counts() })
	opened := w.history.sum(func(a *addition) bool { return of(a) && a.mayCount() })
	lost := w.lost(name)
	counted := w.network.all(w.ctx, name)
	if counted < promised-lost || counted > opened {
		w.report.wrong("%s: %d counted; want %d, without %d said to be lost, to %d", name, counted, promised, lost, opened)
	}
	if opened != promised && !w.profile.loses() {
		w.report.wrong("%s: callers are in doubt of %d additions for no reason", name, opened-promised)
	}
}

// lost is how much at most the processes said that they won't count, and the store lost for
// good.
func (w *world) lost(name string) int64 {
	lost := w.network.gone[name]
	for _, p := range append(w.processes, w.stopped...) {
		lost += p.lost[name]
	}
	return lost
}
