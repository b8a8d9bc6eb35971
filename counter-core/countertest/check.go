package countertest

import (
	"context"
	"errors"
	"maps"
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

// calls is each method that takes a name, by the method's name.
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
