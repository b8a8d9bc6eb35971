package countertest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

	counter "example.com/herokuapp/counter-core"
)

func wantAdd(t *testing.T, store counter.Store, name string, delta, want int64) {
	t.Helper()
	if got, err := store.Add(t.Context(), name, delta); err != nil || got != want {
		t.Fatalf("Add(%q, %d) = %d, %v; want %d", name, delta, got, err, want)
	}
}

func wantGet(t *testing.T, store counter.Store, name string, want int64) {
	t.Helper()
	if got, err := store.Get(t.Context(), name); err != nil || got != want {
		t.Fatalf("Get(%q) = %d, %v; want %d", name, got, err, want)
	}
}

func set(t *testing.T, store counter.Store, name string, value int64) {
	t.Helper()
	if err := store.Set(t.Context(), name, value); err != nil {
		t.Fatalf("Set(%q, %d): %v", name, value, err)
	}
}

// list collects a listing and fails on an error or a counter seen twice.
func list(t *testing.T, store counter.Store, prefix string) map[string]int64 {
	t.Helper()
	entries := map[string]int64{}
	for entry, err := range store.List(t.Context(), prefix) {
		if err != nil {
			t.Fatalf("List(%q): %v", prefix, err)
		}
		if _, twice := entries[entry.Name]; twice {
			t.Fatalf("List(%q) yields %q twice", prefix, entry.Name)
		}
		entries[entry.Name] = entry.Value
	}
	return entries
}

func wantList(t *testing.T, store counter.Store, prefix string, want map[string]int64) {
	t.Helper()
	if got := list(t, store, prefix); !maps.Equal(got, want) {
		t.Fatalf("List(%q) = %v; want %v", prefix, got, want)
	}
}

// calls are the methods that take a name, by the methods' names.
func calls(store counter.Store) map[string]func(context.Context, string) error {
	return map[string]func(context.Context, string) error{
		"Add": func(ctx context.Context, name string) error { _, err := store.Add(ctx, name, 1); return err },
		"Get": func(ctx context.Context, name string) error { _, err := store.Get(ctx, name); return err },
		"Set": func(ctx context.Context, name string) error { return store.Set(ctx, name, 1) },
	}
}

func wantErr(t *testing.T, call string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v; want an error that is %q", call, err, want)
	}
}

// batch returns the writer's batch of delta that raises its sum to sum. If sum jumps, the store has
// lost the batches in between.
func batch(name, writer string, delta, sum int64) counter.Batch {
	return counter.Batch{Name: name, Writer: writer, Delta: delta, Sum: sum}
}

// apply applies the batches. It fails unless each has a result and the batches are unchanged.
func apply(t *testing.T, a Fixture, batches ...counter.Batch) []counter.Result {
	t.Helper()
	given := slices.Clone(batches)
	results := a.Store.Apply(t.Context(), given)
	if len(results) != len(batches) {
		t.Fatalf("Apply returns %d results for %d batches", len(results), len(batches))
	}
	if !slices.Equal(given, batches) {
		t.Fatalf("Apply changes the batches it is given")
	}
	return results
}

func wantApply(t *testing.T, a Fixture, b counter.Batch, total int64) {
	t.Helper()
	wantHeal(t, a, b, total, 0)
}

func wantHeal(t *testing.T, a Fixture, b counter.Batch, total, healed int64) {
	t.Helper()
	wantResult(t, b, apply(t, a, b)[0], total, healed)
}

func wantResult(t *testing.T, b counter.Batch, got counter.Result, total, healed int64) {
	t.Helper()
	if want := (counter.Result{Total: total, Healed: healed}); got != want {
		t.Fatalf("Apply(%#v) = %+v; want %+v", b, got, want)
	}
}

// wantRefused applies a batch that must fail and not change the counter.
func wantRefused(t *testing.T, a Fixture, b counter.Batch, want error) {
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
