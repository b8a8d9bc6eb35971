package model

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func TestInBubble(t *testing.T) {
	for _, test := range []struct {
		name string
		profile
	}{
		{"over memory", profile{processes: 2}},
		{"alone", profile{processes: 1, huge: true}},
		{"with Set", profile{processes: 1, sets: true}},
		{"with refusals", profile{processes: 2, refuses: true, sets: true}},
		{"near the largest value", profile{processes: 2, room: 20}},
		{"near all limits", profile{processes: 2, huge: true, room: 20}},
		{"with failovers", profile{processes: 1, retention: 24 * time.Hour, fails: true}},
		{"with failovers of two", profile{processes: 2, retention: 24 * time.Hour, fails: true}},
		{"with adjustments", profile{processes: 2, adjusts: true}},
		{"with adjustments and failovers", profile{processes: 1, retention: 24 * time.Hour, fails: true, adjusts: true}},
		{"with short records", profile{processes: 1, retention: 20 * time.Second, huge: true}},
		{"with restarts", profile{processes: 2, retention: time.Hour, restarts: true, sets: true}},
		{"in a crowd", profile{processes: 2, retention: 20 * time.Second, restarts: true, crowd: true}},
		{"with all but failovers", profile{
			processes: 2, retention: 20 * time.Second, huge: true, room: 50, sets: true, refuses: true, restarts: true,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			// The hour turns before, in or after the script.
			turns := rapid.SampledFrom([]time.Duration{
				time.Millisecond, 100 * time.Millisecond, time.Second, 5 * time.Second, 10 * time.Second, time.Minute, 0,
			})
			// A slice has some six elements, and one of slices more than shrinks well otherwise.
			steps := rapid.SliceOfN(rapid.SliceOfN(drawStep(test.profile), 1, -1), 1, -1)
			var last error // what happened in the smallest run that failed
			defer func() {
				if last != nil {
					t.Log(last)
				}
			}()
			rapid.Check(t, func(rt *rapid.T) {
				if err := inBubble(t, test.profile, turns.Draw(rt, "turns"), slices.Concat(steps.Draw(rt, "steps")...)); err != nil {
					last = err
					rt.Fatal("wrong") // the same each time, or rapid would take it for another failure
				}
			})
		})
	}
}

// inBubble returns what is wrong after the steps. The hour turns after that time.
func inBubble(t *testing.T, p profile, turns time.Duration, steps []step) (err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Hour - turns) // a bubble begins on the hour
		w := newBubble(t.Context(), p)
		for _, s := range steps {
			w.report.trace("STEP %T%+v", s, s)
			s.take(w)
			w.check()
		}
		err = w.finish()
	})
	return err
}
