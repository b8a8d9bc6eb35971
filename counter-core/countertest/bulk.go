package countertest

import (
	"errors"
	"slices"
	"testing"

	counter "example.com/herokuapp/counter-core"
)

// testBulk tests [counter.GetAll] and [counter.SetAll], which work with every store, and so the
// store's own [counter.Bulk] if it has that.
func testBulk(t *testing.T, store counter.Store) {
	ctx := t.Context()
	const many = 300
	entries := []counter.Entry{{Name: "old", Value: 3}, {Name: "gone", Value: 0}, {Name: "never", Value: 0}}
	for i := range many {
		entries = append(entries, counter.Entry{Name: "bulk:" + string(rune('a'+i%26)) + string(rune('a'+i/26)), Value: int64(i + 1)})
	}
	for _, name := range []string{"old", "gone"} {
		if _, err := store.Add(ctx, name, 7); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(counter.SetAll(ctx, store, entries)...); err != nil {
		t.Fatal(err)
	}
	names := make([]string, 0, len(entries))
	want := make([]int64, 0, len(entries))
	for _, entry := range entries {
		names, want = append(names, entry.Name), append(want, entry.Value)
	}
	values, errs := counter.GetAll(ctx, store, names)
	if err := errors.Join(errs...); err != nil || !slices.Equal(values, want) {
		t.Errorf("GetAll: %v, %v; want %v", values, err, want)
	}
	if value, err := store.Add(ctx, "old", 1); value != 4 || err != nil {
		t.Errorf("Add after SetAll: %d, %v; want 4", value, err)
	}

	// A wrong name has an error of its own.
	errs = counter.SetAll(ctx, store, []counter.Entry{{Name: "", Value: 1}, {Name: "right", Value: 2}})
	if len(errs) != 2 || !errors.Is(errs[0], counter.ErrName) || errs[1] != nil {
		t.Errorf("SetAll of a wrong name and a right one: %v", errs)
	}
	values, errs = counter.GetAll(ctx, store, []string{"right", ""})
	if len(errs) != 2 || values[0] != 2 || errs[0] != nil || !errors.Is(errs[1], counter.ErrName) {
		t.Errorf("GetAll of a right name and a wrong one: %v, %v", values, errs)
	}
	if values, errs := counter.GetAll(ctx, store, nil); len(values)+len(errs) > 0 {
		t.Errorf("GetAll of nothing: %v, %v", values, errs)
	}
	if errs := counter.SetAll(ctx, store, nil); len(errs) > 0 {
		t.Errorf("SetAll of nothing: %v", errs)
	}
}
