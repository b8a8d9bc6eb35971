package countertest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	counter "example.com/herokuapp/counter-core"
)

func testApplyEndedContext(t *testing.T, a applier) {
	wantApply(t, a, batch("a", "w", 10, 10), 10)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantAllErr(ctx, t, a, context.Canceled)
	wantList(t, a.Store, "", map[string]int64{"a": 10})
	wantHeal(t, a, batch("a", "w", 1, 20), 20, 9) // nothing was forgotten either
	wantApply(t, a, batch("b", "w", 0, 10), 0)
}

func testApplyAfterClose(t *testing.T, a applier) {
	wantApply(t, a, batch("a", "w", 10, 10), 10)
	if err := a.Store.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	wantAllErr(t.Context(), t, a, counter.ErrClosed)
}

// wantAllErr applies and forgets batches, all of which must fail.
func wantAllErr(ctx context.Context, t *testing.T, a applier, want error) {
	t.Helper()
	batches := []counter.Batch{batch("a", "w", 1, 11), batch("b", "w", 5, 5), batch("c", "w", 0, 0)}
	results := a.Apply(ctx, batches)
	if len(results) != len(batches) {
		t.Fatalf("Apply returns %d results for %d batches", len(results), len(batches))
	}
	for i, result := range results {
		wantErr(t, fmt.Sprintf("Apply(%#v)", batches[i]), result.Err, want)
	}
	wantErr(t, "Forget", a.Forget(ctx, batches), want)
}

// A batch that Close overtakes is counted, or says that the store is closed or
// that it does not know; none panics or hangs, and all end.
func testCloseWhileApplying(t *testing.T, a applier) {
	started := make(chan struct{}, 8)
	var wg sync.WaitGroup
	for w := range cap(started) {
		wg.Go(func() {
			for sum := int64(1); ; sum++ {
				err := a.Apply(t.Context(), []counter.Batch{batch("a", fmt.Sprint(w), 1, sum)})[0].Err
				if sum == 1 {
					started <- struct{}{}
				}
				if errors.Is(err, counter.ErrClosed) {
					return
				}
				if err != nil && !errors.Is(err, counter.ErrUnknown) {
					t.Errorf("Apply while closing: %v", err)
					return
				}
			}
		})
	}
	for range cap(started) {
		<-started
	}
	if err := a.Store.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	wg.Wait()
}
