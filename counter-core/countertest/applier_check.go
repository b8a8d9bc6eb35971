package countertest

import (
	"errors"
	"slices"
	"testing"

	counter "example.com/herokuapp/counter-core"
)

// batch is the writer's batch of delta that brings what it has added to sum.
// A sum that jumps stands for batches in between which the store has lost.
func batch(name, writer string, delta, sum int64) counter.Batch {
	return counter.Batch{Name: name, Writer: writer, Delta: delta, Sum: sum}
}

// apply applies the batches and fails unless there is a result for each and the
// batches are as they were.
func apply(t *testing.T, a applier, batches ...counter.Batch) []counter.Result {
	t.Helper()
	given := slices.Clone(batches)
	results := a.Apply(t.Context(), given)
	if len(results) != len(batches) {
		t.Fatalf("Apply returns %d results for %d batches", len(results), len(batches))
	}
	if !slices.Equal(given, batches) {
		t.Fatalf("Apply changes the batches it is given")
	}
	return results
}

func wantApply(t *testing.T, a applier, b counter.Batch, total int64) {
	t.Helper()
	wantHeal(t, a, b, total, 0)
}

func wantHeal(t *testing.T, a applier, b counter.Batch, total, healed int64) {
	t.Helper()
	wantResult(t, b, apply(t, a, b)[0], total, healed)
}

func wantResult(t *testing.T, b counter.Batch, got counter.Result, total, healed int64) {
	t.Helper()
	if want := (counter.Result{Total: total, Healed: healed}); got != want {
		t.Fatalf("Apply(%#v) = %+v; want %+v", b, got, want)
	}
}

// wantRefused applies a batch that must fail and leave the counter alone.
func wantRefused(t *testing.T, a applier, b counter.Batch, want error) {
	t.Helper()
	before, err := a.Store.Get(t.Context(), b.Name)
	if err != nil {
		t.Fatalf("Get(%q): %v", b.Name, err)
	}
	if got := apply(t, a, b)[0].Err; !errors.Is(got, want) {
		t.Fatalf("Apply(%#v): %v; want an error that is %q", b, got, want)
	}
	wantGet(t, a.Store, b.Name, before)
}

func forget(t *testing.T, a applier, batches ...counter.Batch) {
	t.Helper()
	if err := a.Forget(t.Context(), batches); err != nil {
		t.Fatalf("Forget: %v", err)
	}
}
