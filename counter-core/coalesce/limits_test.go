package coalesce_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
)

// Of the callers that pass the largest int64 together, those that fit count.
func TestOverflowOfSome(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		const room = 7
		set(t, s, math.MaxInt64-room)
		gate := l.gated()
		outcomes := queue(t.Context(), s, 20)
		close(gate)
		numbers := map[int64]bool{}
		for _, outcome := range outcomes {
			number, err := outcome()
			switch {
			case err == nil && numbers[number]:
				t.Errorf("%d was returned twice", number)
			case err == nil:
				numbers[number] = true
			case !errors.Is(err, counter.ErrOverflow):
				t.Errorf("Inc: %v", err)
			}
		}
		if len(numbers) != room || l.total("a") != math.MaxInt64 {
			t.Errorf("%d of %d that fit were counted; the total is %d", len(numbers), room, l.total("a"))
		}
	})
}

// Sums end before a store could confuse them; larger additions go alone.
func TestSumsStayBelowTheLimit(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		for _, delta := range []int64{counter.MaxSum - 1, 1, 1, counter.MaxSum, counter.MaxSum + 1, 5, 1 << 60} {
			add(t, s, "a", delta)
		}
		if want := int64(3*counter.MaxSum + 7 + 1<<60); l.total("a") != want {
			t.Errorf("%d counted; want %d", l.total("a"), want)
		}
		for _, call := range l.sent() {
			if err := call[0].Check(); err != nil {
				t.Error(err)
			}
		}
	})
}

// So it is with what was kept for nobody, and those who wait beside it.
func TestOverflowOfWhatWasKept(t *testing.T) {
	var e events
	bubble(t, coalesce.Options{Observe: e.observe}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		set(t, s, math.MaxInt64-3)
		gate := l.gatedFailing()
		outcomes := queue(t.Context(), s, 1)
		close(gate)
		time.Sleep(time.Second)
		for range 5 { // more than fit
			wantKept(t, s, "a")
		}
		l.interpose(nil)
		wantNumber(t, outcomes[0], math.MaxInt64-2)
		wantNumber(t, outcomes[1], math.MaxInt64-1)
		synctest.Wait()
		if refused := e.additions(coalesce.Refused)["a"]; refused != 5 {
			t.Errorf("%v; want 5 refused", e.all())
		}
	})
}

// An addition that is kept goes before the callers that wait, also if it is the
// only one: of three additions with room for two, it is counted, or told to be refused.
func TestOverflowKeepsASingleKeptAddition(t *testing.T) {
	var e events
	bubble(t, coalesce.Options{Observe: e.observe}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		set(t, s, math.MaxInt64-3)
		gate := l.gatedFailing()
		outcomes := queue(t.Context(), s, 2)
		close(gate)
		time.Sleep(time.Second)
		wantKept(t, s, "a")
		l.interpose(nil)
		counted := int64(1) // the one that is kept
		for _, outcome := range outcomes {
			if _, err := outcome(); err == nil {
				counted++
			} else if !errors.Is(err, counter.ErrOverflow) {
				t.Errorf("Inc: %v", err)
			}
		}
		synctest.Wait()
		if counted -= e.additions(coalesce.Refused)["a"]; counted != 3 {
			t.Errorf("%d counted or kept of the 3 that fit", counted)
		}
		wantTotal(t, l, "a", math.MaxInt64)
	})
}

// Of the callers that don't fit, those that have left are told of by events, in whichever
// part of the batch they were.
func TestOverflowOfCallersThatLeft(t *testing.T) {
	for room, want := range map[int64]int64{4: 2, 2: 2, 0: 3} {
		var e events
		bubble(t, coalesce.Options{Observe: e.observe}, func(t *testing.T, s *coalesce.Store, l *ledger) {
			set(t, s, math.MaxInt64-1-room)
			gate := l.gated()
			outcomes := []func() (int64, error){inc(t.Context(), s, "a")}
			synctest.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			left := map[int]bool{1: true, 5: true, 6: true}
			for i := range 8 {
				caller := t.Context()
				if left[i] {
					caller = ctx
				}
				outcomes = append(outcomes, inc(caller, s, "a"))
				synctest.Wait()
			}
			time.Sleep(2 * time.Second)
			close(gate)
			var counted int64
			for i, outcome := range outcomes {
				_, err := outcome()
				switch {
				case i > 0 && left[i-1]:
					if !errors.Is(err, counter.ErrPending) {
						t.Errorf("Inc: %v; want ErrPending", err)
					}
				case err == nil:
					counted++
				case !errors.Is(err, counter.ErrOverflow):
					t.Errorf("Inc: %v; want ErrOverflow", err)
				}
			}
			synctest.Wait()
			var refused int64
			for _, event := range e.all() {
				if event.Kind != coalesce.Refused || !errors.Is(event.Err, counter.ErrOverflow) {
					t.Errorf("observed %+v", event)
				}
				refused += event.Additions
			}
			if counted += int64(len(left)) - refused; refused != want || counted != room+1 || l.total("a") != math.MaxInt64 {
				t.Errorf("room for %d: %d were refused without a caller to tell, and %d counted; want %d and %d",
					room, refused, counted, want, room+1)
			}
		})
	}
}
