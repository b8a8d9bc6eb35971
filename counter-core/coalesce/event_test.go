package coalesce_test

import (
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

// Events are told in their order, however long it takes to hear them.
func TestEventsAreInOrder(t *testing.T) {
	var e events
	observe := func(event coalesce.Event) {
		if event.Kind == coalesce.Failing {
			time.Sleep(time.Minute)
		}
		e.observe(event)
	}
	bubble(t, coalesce.Options{Observe: observe}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		l.failing("a", errAway)
		waiting := inc(t.Context(), s, "a")
		synctest.Wait()
		l.interpose(nil)
		if _, err := waiting(); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Hour)
		if want := []coalesce.Kind{coalesce.Failing, coalesce.Recovered}; !slices.Equal(e.kinds(), want) {
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
