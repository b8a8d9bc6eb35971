package countertest

import (
	"context"
	"errors"
	"sync"
	"testing"

	counter "example.com/herokuapp/counter-core"
)

func testEndedContext(t *testing.T, store counter.Store) {
	wantAdd(t, store, "a", 1, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for method, call := range calls(store) {
		wantErr(t, method+" with an ended context", call(ctx, "a"), context.Canceled)
	}
	wantErr(t, "List with an ended context", listErr(ctx, store), context.Canceled)
	wantGet(t, store, "a", 1)
}

func testClose(t *testing.T, store counter.Store) {
	wantAdd(t, store, "a", 1, 1)
	for range 2 {
		if err := store.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
	}
	wantClosed(t, calls(store))
	wantErr(t, "List after Close", listErr(t.Context(), store), counter.ErrClosed)
	if pinger, ok := counter.As[counter.Pinger](store); ok {
		wantErr(t, "Ping after Close", pinger.Ping(t.Context()), counter.ErrClosed)
	}
}

// wantClosed fails unless each method says that the store is closed.
func wantClosed(t *testing.T, methods map[string]func(context.Context, string) error) {
	t.Helper()
	for method, call := range methods {
		wantErr(t, method+" after Close", call(t.Context(), "a"), counter.ErrClosed)
	}
}

// A call that Close overtakes succeeds, or its error says that the store is closed or that the
// outcome is unknown. Every call ends without a panic.
func testCloseWhileAdding(t *testing.T, store counter.Store) {
	closeDuring(t, store, "Add", func(int, int64) error {
		_, err := store.Add(t.Context(), "a", 1)
		return err
	})
}

// closeDuring closes the store while several callers repeat the call, each with a number of its own
// and with how often it has made it, from 1 on.
func closeDuring(t *testing.T, store counter.Store, method string, call func(caller int, times int64) error) {
	t.Helper()
	started := make(chan struct{}, 8)
	var wg sync.WaitGroup
	for caller := range cap(started) {
		wg.Go(func() {
			for times := int64(1); ; times++ {
				err := call(caller, times)
				if times == 1 {
					started <- struct{}{}
				}
				if errors.Is(err, counter.ErrClosed) {
					return
				}
				if err != nil && !errors.Is(err, counter.ErrUnknown) {
					t.Errorf("%s while closing: %v", method, err)
					return
				}
			}
		})
	}
	for range cap(started) {
		<-started
	}
	if err := store.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	wg.Wait()
}

func testPing(t *testing.T, store counter.Store) {
	pinger, ok := counter.As[counter.Pinger](store)
	if !ok {
		return
	}
	if err := pinger.Ping(t.Context()); err != nil {
		t.Errorf("Ping: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantErr(t, "Ping with an ended context", pinger.Ping(ctx), context.Canceled)
}

// listErr returns the error a listing yields.
func listErr(ctx context.Context, store counter.Store) error {
	for _, err := range store.List(ctx, "") {
		if err != nil {
			return err
		}
	}
	return nil
}
