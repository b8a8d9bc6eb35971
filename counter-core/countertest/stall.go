package countertest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// patience is how long the suite waits for what should take a moment before it reports that it
// hangs. It is long enough for slow machines, and ends before the test run does.
func patience(t *testing.T) time.Duration {
	const most = time.Minute
	if deadline, ok := t.Deadline(); ok {
		return min(most, time.Until(deadline)/2)
	}
	return most
}

// A caller may add while it lists: a loop that changes what it lists is the simplest way to rename
// or reset counters. A store that yields within a transaction, or while it holds a lock, hangs here.
// The names are many and long, so that a file has to grow meanwhile.
func testAddInListing(t *testing.T, store counter.Store) {
	const names, adders = 900, 30
	name := func(i int) string { return fmt.Sprintf("views:%03d/%s", i, strings.Repeat("x", 490)) }
	var wg sync.WaitGroup
	for a := range adders {
		wg.Go(func() {
			for i := a; i < names; i += adders {
				if _, err := store.Add(t.Context(), name(i), 1); err != nil {
					t.Errorf("Add: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()

	listed, failed := make(chan struct{}, names), make(chan error, 1)
	go func() { // it may hang for good, so it must not touch t
		for entry, err := range store.List(t.Context(), "views:") {
			if err == nil {
				_, err = store.Add(t.Context(), "seen "+entry.Name, 1)
			}
			if err != nil {
				failed <- err
				return
			}
			listed <- struct{}{}
		}
		failed <- nil
	}()
	for wait := patience(t); ; {
		select {
		case <-listed:
		case err := <-failed:
			if err != nil {
				t.Fatalf("adding to what is listed: %v", err)
			}
			if got := len(list(t, store, "seen ")); got != names {
				t.Errorf("List yields %d of %d counters while others are added", got, names)
			}
			return
		case <-time.After(wait):
			t.Fatal("a caller that adds while it lists hangs: List must not yield from within a transaction or a lock")
		}
	}
}

// stalled is a call to a store that does not answer.
type stalled struct {
	method, name string
	err          error         // once it has returned
	returned     chan struct{} // closed then
}

// Callers return by their deadlines although the store does not answer. Their errors are true: what
// was sent may still arrive, unless the error rules that out.
func testStalled(t *testing.T, a Fixture) {
	if a.Stall == nil {
		return
	}
	wantAdd(t, a.Store, "a", 1, 1) // sets up connections and the like
	for _, s := range callStalled(t, a, backendCalls(a.Store)) {
		if s.err != nil && !errors.Is(s.err, counter.ErrUnknown) {
			wantGet(t, a.Store, s.name, 0)
		}
		if s.method == "Apply" {
			wantApply(t, a, batch(s.name, "w", 1, 1), 1)
		}
	}
}

// callStalled calls the methods, each with many deadlines, while the store stalls. It fails
// unless all have returned before the store goes on.
func callStalled(t *testing.T, a Fixture, methods map[string]func(context.Context, string) error) []*stalled {
	t.Helper()
	resume := sync.OnceFunc(a.Stall(t))
	defer resume()

	var waiting []*stalled
	for i := range 8 {
		for method, call := range methods {
			s := &stalled{method: method, name: fmt.Sprint(method, i), returned: make(chan struct{})}
			waiting = append(waiting, s)
			go func() { // it may hang, so it must not touch t
				defer close(s.returned)
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*10*time.Millisecond)
				defer cancel()
				s.err = call(ctx, s.name)
			}()
		}
	}
	over := time.After(patience(t))
	for _, s := range waiting {
		select {
		case <-s.returned:
		case <-over:
			t.Fatalf("%s of a store that stalls does not return when its deadline has passed; the goroutines:\n%s", s.method, stacks())
		}
		if s.err == nil {
			t.Errorf("%s of a store that stalls succeeds", s.method)
		}
	}
	return waiting
}

// backendCalls are the methods that wait for the store, by their names. One that changes a counter
// raises it to at least 1 if it succeeds.
func backendCalls(store counter.Backend) map[string]func(context.Context, string) error {
	methods := calls(store)
	methods["Apply"] = func(ctx context.Context, name string) error {
		return store.Apply(ctx, []counter.Batch{batch(name, "w", 1, 1)})[0].Err
	}
	methods["List"] = func(ctx context.Context, _ string) error { return listErr(ctx, store) }
	if pinger, ok := counter.As[counter.Pinger](store); ok {
		methods["Ping"] = func(ctx context.Context, _ string) error { return pinger.Ping(ctx) }
	}
	return methods
}

// stacks returns what all goroutines are doing.
func stacks() string {
	text := make([]byte, 1<<20)
	return string(text[:runtime.Stack(text, true)])
}
