package model

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	counter "example.com/herokuapp/counter-core"
)

// step is one line of a script.
type step interface{ take(w *world) }

// drawStep draws a step that the profile allows.
func drawStep(p profile) *rapid.Generator[step] {
	kinds := []string{"add", "add", "add", "add", "faults", "faults", "pass", "pass"}
	for _, kind := range []struct {
		name    string
		allowed bool
	}{{"set", p.sets}, {"fail", p.fails}, {"restart", p.restarts}} {
		if kind.allowed {
			kinds = append(kinds, kind.name)
		}
	}
	kinds = slices.Repeat(kinds, 512)
	if p.crowd { // rarely: it takes long
		kinds = append(kinds, "crowd")
	}
	return rapid.Custom(func(t *rapid.T) step {
		switch rapid.SampledFrom(kinds).Draw(t, "step") {
		case "add":
			return drawAdd(t, p)
		case "faults":
			return script{drawName(t), rapid.SliceOfN(drawFault(p), 1, 4).Draw(t, "faults")}
		case "set":
			return set{drawProcess(t, p), drawName(t), min(max(drawPatience(t), 0), 3*time.Second)}
		case "fail":
			return fail{rapid.IntRange(1, 9).Draw(t, "entries")}
		case "restart":
			return restart{drawProcess(t, p), drawPatience(t)}
		case "crowd":
			return crowd{drawProcess(t, p)}
		default:
			times := []time.Duration{time.Millisecond, 100 * time.Millisecond, time.Second, 10 * time.Second, time.Minute}
			if p.retention >= 24*time.Hour { // or what is in doubt would be given up
				times = append(times, time.Hour)
			}
			return pass{rapid.SampledFrom(times).Draw(t, "time")}
		}
	})
}

func names() []string { return []string{"a", "b", "c"} }

// drawName draws one more often than the others, so that more comes together there.
func drawName(t *rapid.T) string { return rapid.SampledFrom(append(names(), "a", "a")).Draw(t, "name") }

func drawProcess(t *rapid.T, p profile) int {
	return rapid.IntRange(0, p.processes-1).Draw(t, "process")
}

// drawPatience draws how long a caller waits.
func drawPatience(t *rapid.T) time.Duration {
	return rapid.SampledFrom([]time.Duration{
		never, time.Nanosecond, 100 * time.Millisecond, 700 * time.Millisecond, 3 * time.Second, 30 * time.Second,
	}).Draw(t, "patience")
}

// add has callers add to a counter, one after the other without waiting for answers.
type add struct {
	process  int
	name     string
	deltas   []int64
	patience time.Duration // never: they wait for ever
	cancels  bool          // they go away then, long before their deadline
	together bool          // in no order
	adjusts  bool          // the history is left alone
}

func drawAdd(t *rapid.T, p profile) add {
	deltas := rapid.Int64Range(1, 5)
	if p.huge {
		deltas = rapid.OneOf(deltas, rapid.Int64Range(counter.MaxSum-2, counter.MaxSum+2), rapid.Just(int64(counter.MaxSum/2)))
	}
	return add{
		drawProcess(t, p), drawName(t), rapid.SliceOfN(deltas, 1, 6).Draw(t, "deltas"),
		drawPatience(t), rapid.Bool().Draw(t, "cancels"), rapid.Bool().Draw(t, "together"),
		p.adjusts && rapid.Bool().Draw(t, "adjusts"),
	}
}

func (s add) take(w *world) {
	p := w.processes[s.process]
	for _, delta := range s.deltas {
		w.call(s.patience, s.cancels, s.adjusts, p, s.name, delta)
		if !s.together {
			w.settle()
		}
	}
}

// script has the network do something to the next calls for a counter.
type script struct {
	name   string
	faults []fault
}

func (s script) take(w *world) { w.network.script(s.name, s.faults...) }

// pass lets time pass.
type pass struct{ time time.Duration }

func (s pass) take(*world) { time.Sleep(s.time) }

// set sets a counter to a value that no run of additions reaches from another. Its
// caller does not wait for long: additions wait as long as it does.
type set struct {
	process  int
	name     string
	patience time.Duration
}

func (s set) take(w *world) { w.set(s.patience, w.processes[s.process], s.name) }

// fail has a replica take over.
type fail struct{ entries int }

func (s fail) take(w *world) { w.network.fail(w.ctx, s.entries) }

// restart stops a process, within the patience, and starts another one meanwhile.
type restart struct {
	process  int
	patience time.Duration
}

func (s restart) take(w *world) { w.restart(s.patience, s.process) }

// crowd adds to as many counters as make a process look for those it can drop.
type crowd struct{ process int }

func (s crowd) take(w *world) {
	if w.crowded {
		return // once takes long enough
	}
	w.crowded = true
	p := w.processes[s.process]
	for i := range 1100 {
		w.calls.Go(func() {
			_, _ = p.store.Add(w.ctx, fmt.Sprintf("crowd %d", i), 1) // the others are watched
		})
	}
	w.settle()
}
