package coalesce_test

import (
	"context"
	"errors"
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

func (e *events) kinds() []coalesce.Kind {
	var kinds []coalesce.Kind
	for _, event := range e.all() {
		kinds = append(kinds, event.Kind)
	}
	return kinds
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
		if _, err := waiting(); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Hour)
		if want := []coalesce.Kind{coalesce.Failing, coalesce.Healed, coalesce.Recovered}; !slices.Equal(e.kinds(), want) {
			t.Errorf("%v; want %v", e.kinds(), want)
		}
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
		if _, err := first(); err != nil {
			t.Error(err)
		}
		add(t, s, "other", 1)
		time.Sleep(time.Minute)
		if want := []coalesce.Kind{coalesce.Failing}; !slices.Equal(e.kinds(), want) || !s.Stats().Failing {
			t.Errorf("%v while a counter fails; want %v", e.kinds(), want)
		}
		l.interpose(nil)
		if _, err := last(); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if want := []coalesce.Kind{coalesce.Failing, coalesce.Recovered}; !slices.Equal(e.kinds(), want) || s.Stats().Failing {
			t.Errorf("%v; want %v", e.kinds(), want)
		}
	})
}

// To give up is not to recover.
func TestGivingUpIsNoRecovery(t *testing.T) {
	var e events
	bubble(t, coalesce.Options{Observe: e.observe}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		l.failing("a", errDoubt)
		if _, err := counter.Inc(t.Context(), s, "a"); !errors.Is(err, counter.ErrUnknown) {
			t.Errorf("Inc: %v; want ErrUnknown", err)
		}
		synctest.Wait()
		if want := []coalesce.Kind{coalesce.Failing, coalesce.GivenUp}; !slices.Equal(e.kinds(), want) {
			t.Errorf("%v; want %v", e.kinds(), want)
		}
		l.interpose(nil)
		add(t, s, "b", 1)
		synctest.Wait()
		if kinds := e.kinds(); kinds[len(kinds)-1] != coalesce.Recovered {
			t.Errorf("%v; want recovered at last", kinds)
		}
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
		if number, err := counter.Inc(ctx, s, "a"); err != nil || number != 12 {
			t.Errorf("Inc = %d, %v; want 12", number, err)
		}
		l.lose("a", 1)
		if number, err := counter.Inc(ctx, s, "a"); err != nil || number != 13 {
			t.Errorf("Inc = %d, %v; want 13", number, err)
		}
		if want := []coalesce.Kind{coalesce.Healed, coalesce.Healed}; !slices.Equal(e.kinds(), want) {
			t.Errorf("%v; want %v", e.kinds(), want)
		}
	})
}
