package coalesce_test

import (
	"context"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
)

// events collects what is observed.
type events struct {
	mu   sync.Mutex
	seen []coalesce.Event
}

func (e *events) observe(event coalesce.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seen = append(e.seen, event)
}

func (e *events) all() []coalesce.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.seen)
}

// want fails unless these are the events so far, once nothing moves in the bubble.
func (e *events) want(t *testing.T, want ...coalesce.Kind) {
	t.Helper()
	synctest.Wait()
	var kinds []coalesce.Kind
	for _, event := range e.all() {
		kinds = append(kinds, event.Kind)
	}
	if !slices.Equal(kinds, want) {
		t.Errorf("observed %v; want %v", kinds, want)
	}
}

// additions returns how many additions the events of a kind tell of, by their counters.
func (e *events) additions(kind coalesce.Kind) map[string]int64 {
	all := map[string]int64{}
	for _, event := range e.all() {
		if event.Kind == kind {
			all[event.Name] += event.Additions
		}
	}
	return all
}

// Events are told one at a time and in their order, however long it takes to hear them,
// also where different goroutines come upon them.
func TestEventsAreInOrder(t *testing.T) {
	var e events
	observe := func(event coalesce.Event) {
		if event.Kind == coalesce.Failing {
			time.Sleep(time.Minute)
		}
		e.observe(event)
	}
	bubble(t, coalesce.Options{Observe: observe}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		add(t, s, "b", 10)
		add(t, s, "b", 10)
		l.failing("a", errAway)
		waiting := inc(t.Context(), s, "a")
		synctest.Wait()
		l.lose("b", 1)
		start := time.Now()
		add(t, s, "b", 1) // which heals
		if took := time.Since(start); took > 0 {
			t.Errorf("Add waited %v for an observer", took)
		}
		l.interpose(nil)
		wantCounted(t, waiting)
		time.Sleep(time.Hour)
		e.want(t, coalesce.Failing, coalesce.Healed, coalesce.Recovered)
	})
}

// The store has recovered once all that had failed is answered, and not before.
func TestRecoveredIsTheLastToBeAnswered(t *testing.T) {
	var e events
	bubble(t, coalesce.Options{Observe: e.observe}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		l.fails(errAway)
		first, last := inc(t.Context(), s, "first"), inc(t.Context(), s, "last")
		time.Sleep(5 * time.Second)
		l.failing("last", errAway)
		wantCounted(t, first)
		add(t, s, "other", 1)
		time.Sleep(time.Minute)
		e.want(t, coalesce.Failing)
		if !s.Stats().Failing {
			t.Error("Stats says that nothing fails, while a counter does")
		}
		l.interpose(nil)
		wantCounted(t, last)
		e.want(t, coalesce.Failing, coalesce.Recovered)
		if s.Stats().Failing {
			t.Error("Stats says that it fails, when it has recovered")
		}
	})
}

// To give up is not to recover.
func TestGivingUpIsNotRecovery(t *testing.T) {
	var e events
	bubble(t, coalesce.Options{Observe: e.observe}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		l.failing("a", errDoubt)
		wantErr(t, inc(t.Context(), s, "a"), counter.ErrUnknown)
		e.want(t, coalesce.Failing, coalesce.GivenUp)
		l.interpose(nil)
		add(t, s, "b", 1)
		e.want(t, coalesce.Failing, coalesce.GivenUp, coalesce.Recovered)
	})
}

// An observer that panics in a caller's hands, as net/http lets handlers do, leaves nothing
// stuck: callers have their numbers, later events are told, and the store closes.
func TestPanicInObserve(t *testing.T) {
	var e events
	observe := func(event coalesce.Event) {
		e.observe(event)
		if len(e.all()) == 1 {
			panic("out of order")
		}
	}
	bubble(t, coalesce.Options{Observe: observe}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second) // with a deadline the caller makes the call
		defer cancel()
		add(t, s, "a", 9)
		add(t, s, "a", 1)
		l.lose("a", 1)
		synctest.Wait() // until nobody else makes calls
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_, _ = counter.Inc(ctx, s, "a") // heals, which is an event
		}()
		wantNumber(t, func() (int64, error) { return counter.Inc(ctx, s, "a") }, 12)
		l.lose("a", 1)
		wantNumber(t, func() (int64, error) { return counter.Inc(ctx, s, "a") }, 13)
		e.want(t, coalesce.Healed, coalesce.Healed)
	})
}

// A counter that something else sets back, or that the store has lost, is reported once. What this
// Store does itself, and what is healed, is not.
func TestFallingCounter(t *testing.T) {
	var e events
	bubble(t, coalesce.Options{Observe: e.observe}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		add(t, s, "a", 41)
		l.lose("a", 3)
		add(t, s, "a", 1)
		e.want(t, coalesce.Healed)
		if err := s.Set(t.Context(), "a", 7); err != nil {
			t.Fatal(err)
		}
		add(t, s, "a", 1)
		e.want(t, coalesce.Healed)
		l.forget("a", 0) // as a server without its data does
		add(t, s, "a", 1)
		add(t, s, "a", 1)
		e.want(t, coalesce.Healed, coalesce.Fell)
		l.forget("a", math.MinInt64)
		add(t, s, "a", 1)
		l.forget("a", 100) // more than before
		add(t, s, "a", 1)
		e.want(t, coalesce.Healed, coalesce.Fell, coalesce.Fell)
		for i, want := range map[int]int64{1: 8, 2: math.MaxInt64} {
			if got := e.all()[i]; got.Name != "a" || got.Additions != want || got.Err != nil {
				t.Errorf("%+v; want that the counter a has fallen by %d, or as much as can be said", got, want)
			}
		}
	})
}
