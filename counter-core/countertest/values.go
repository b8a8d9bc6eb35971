package countertest

import (
	"math"
	"strings"
	"sync"
	"testing"

	counter "example.com/herokuapp/counter-core"
)

func testAdd(t *testing.T, store counter.Store) {
	wantGet(t, store, "a", 0)
	wantAdd(t, store, "a", 1, 1)
	wantAdd(t, store, "a", 41, 42)
	wantAdd(t, store, "b", 5, 5)
	wantGet(t, store, "a", 42)
	if got, err := counter.Inc(t.Context(), store, "b"); err != nil || got != 6 {
		t.Fatalf("Inc = %d, %v; want 6", got, err)
	}
}

// Every value of a busy counter is returned to exactly one caller, and each caller sees rising
// values.
func testAddConcurrently(t *testing.T, store counter.Store) {
	const callers, each = 16, 50
	returned := make([][]int64, callers)
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for range each {
				value, err := store.Add(t.Context(), "hot", 1)
				if err != nil {
					t.Errorf("Add: %v", err)
					return
				}
				returned[c] = append(returned[c], value)
			}
		})
	}
	wg.Wait()
	seen := map[int64]bool{}
	for _, values := range returned {
		last := int64(0)
		for _, value := range values {
			if seen[value] || value <= last || value > callers*each {
				t.Fatalf("Add returned %d after %d to one caller; returned to another before: %t", value, last, seen[value])
			}
			seen[value], last = true, value
		}
	}
	wantGet(t, store, "hot", callers*each)
}

func testAddOverflow(t *testing.T, store counter.Store) {
	set(t, store, "a", math.MaxInt64-2)
	_, err := store.Add(t.Context(), "a", 3)
	wantErr(t, "Add past the largest int64", err, counter.ErrOverflow)
	wantGet(t, store, "a", math.MaxInt64-2)
	wantAdd(t, store, "a", 2, math.MaxInt64)
	_, err = store.Add(t.Context(), "a", 1)
	wantErr(t, "Add to the largest int64", err, counter.ErrOverflow)
	_, err = store.Add(t.Context(), "a", math.MaxInt64)
	wantErr(t, "Add of the largest int64", err, counter.ErrOverflow)
	wantGet(t, store, "a", math.MaxInt64)

	set(t, store, "b", math.MinInt64)
	wantAdd(t, store, "b", math.MaxInt64, -1)
	wantAdd(t, store, "b", math.MaxInt64, math.MaxInt64-1)
}

func testBadDeltas(t *testing.T, store counter.Store) {
	wantAdd(t, store, "a", 1, 1)
	for _, delta := range []int64{0, -1, math.MinInt64} {
		_, err := store.Add(t.Context(), "a", delta)
		wantErr(t, "Add of a delta below 1", err, counter.ErrDelta)
	}
	wantGet(t, store, "a", 1)
}

func testSet(t *testing.T, store counter.Store) {
	set(t, store, "a", 0) // it does not exist
	wantGet(t, store, "a", 0)
	for _, value := range []int64{41, 7, -3, math.MaxInt64, math.MinInt64} {
		set(t, store, "a", value)
		wantGet(t, store, "a", value)
	}
	set(t, store, "a", -3)
	wantAdd(t, store, "a", 2, -1)
	wantAdd(t, store, "a", 1, 0)
	wantList(t, store, "", map[string]int64{})
	set(t, store, "a", 41)
	set(t, store, "a", 0)
	wantGet(t, store, "a", 0)
	wantList(t, store, "", map[string]int64{})
	wantAdd(t, store, "a", 1, 1)
}

// Removing a counter while others add to it loses no later additions: once the removals are over,
// each addition shows.
func testSetWhileAdding(t *testing.T, store counter.Store) {
	for range 20 {
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := store.Set(t.Context(), "a", 0); err != nil {
				t.Errorf("Set: %v", err)
			}
		})
		wg.Go(func() {
			if _, err := store.Add(t.Context(), "a", 1); err != nil {
				t.Errorf("Add: %v", err)
			}
		})
		wg.Wait()
		before, err := store.Get(t.Context(), "a")
		if err != nil || before < 0 || before > 1 {
			t.Fatalf("Get = %d, %v; want 0 or 1", before, err)
		}
		wantAdd(t, store, "a", 1, before+1)
		set(t, store, "a", 0)
	}
}

// hardNames returns valid names that a backend could mistake for something else: globs, hash tags,
// escapes, separators and text beyond ASCII.
func hardNames() []string {
	return []string{
		"a", "A", "*", "?", "[a]", "[^a]", "[a-z]", `\`, `\*`, `a\`, "a*b",
		"{", "}", "{}", "{a}", "{a}b", "}{", "a{b}c", "%", "%7B", "%7b", "%25", "100%",
		" ", " a", "a ", "a b", "views:/", "views:/a?b=c&d=e#f", "..", "../a", "a/b", ":", "::",
		"'", `"`, "`", "$1", "--", "<script>", ";", "null", "0", "-1", "True",
		"ä", "a\u0308", "名前", "🙂", "\u200b", "\ufeff", "\u202e",
		strings.Repeat("x", counter.MaxNameLen-1),
	}
}

func testNames(t *testing.T, store counter.Store) {
	want := map[string]int64{}
	for i, name := range hardNames() {
		value := int64(i + 1)
		wantGet(t, store, name, 0)
		wantAdd(t, store, name, value, value)
		want[name] = value
	}
	for name, value := range want {
		wantGet(t, store, name, value)
	}
	wantList(t, store, "", want)
	for name := range want {
		set(t, store, name, 0)
	}
	wantList(t, store, "", map[string]int64{})
}

func badNames() []string {
	return []string{"", strings.Repeat("x", counter.MaxNameLen+1), "\xff", "a\xc3", "\x00", "a\nb", "\x7f", "\u0085"}
}

func testBadNames(t *testing.T, store counter.Store) {
	for _, name := range badNames() {
		for method, call := range calls(store) {
			wantErr(t, method+" of a bad name", call(t.Context(), name), counter.ErrName)
		}
	}
	wantList(t, store, "", map[string]int64{})
	wantAdd(t, store, strings.Repeat("x", counter.MaxNameLen), 1, 1)
}
