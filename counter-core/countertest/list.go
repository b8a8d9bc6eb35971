package countertest

import (
	"fmt"
	"maps"
	"sync"
	"testing"

	counter "example.com/herokuapp/counter-core"
)

func testList(t *testing.T, store counter.Store) {
	wantList(t, store, "", map[string]int64{})
	want := map[string]int64{}
	for i := range int64(300) { // more than a page of any backend
		name := fmt.Sprintf("views:%d", i)
		set(t, store, name, i-100)
		if i != 100 {
			want[name] = i - 100
		}
	}
	wantList(t, store, "", want)
}

func testListPrefix(t *testing.T, store counter.Store) {
	for _, name := range hardNames() {
		set(t, store, name, 1)
		set(t, store, name+"x", 2)
	}
	for _, prefix := range hardNames() {
		want := map[string]int64{}
		for name, value := range list(t, store, "") {
			if len(name) >= len(prefix) && name[:len(prefix)] == prefix {
				want[name] = value
			}
		}
		if len(want) < 2 {
			t.Fatalf("List(%q) lacks what was set: %v", "", want)
		}
		wantList(t, store, prefix, want)
	}
	wantList(t, store, "no counter begins so", map[string]int64{})
}

// Counters with one of several prefixes are those of each of them, and no others.
func testListPrefixes(t *testing.T, store counter.Store) {
	for i, name := range hardNames() {
		set(t, store, name, int64(i)+1)
	}
	for _, name := range []string{"site:a", "views:a", "views:b", "sites", "view", "vite:a", "siews:a"} {
		set(t, store, name, 1)
	}
	for _, prefixes := range [][]string{
		nil, {"views:"}, {"site:", "views:"}, {"views:", "site:a"}, {"[", "*"}, {"]a", "\\", "^b", "-", "["}, {"a", "{", "%"}, {"ä", "名"}, {"none", "nothing"},
	} {
		want := map[string]int64{}
		for _, prefix := range prefixes {
			maps.Copy(want, list(t, store, prefix))
		}
		got := map[string]int64{}
		for entry, err := range counter.ListPrefixes(t.Context(), store, prefixes) {
			if _, twice := got[entry.Name]; twice || err != nil {
				t.Fatalf("ListPrefixes(%q) yields %+v, %v, which is there already: %t", prefixes, entry, err, twice)
			}
			got[entry.Name] = entry.Value
		}
		if !maps.Equal(got, want) {
			t.Errorf("ListPrefixes(%q) = %v; want %v", prefixes, got, want)
		}
	}
	for _, err := range counter.ListPrefixes(t.Context(), store, []string{"views:", "site:"}) {
		if err != nil {
			t.Error(err)
		}
		break
	}
}

func testListStops(t *testing.T, store counter.Store) {
	for i := range 10 {
		set(t, store, fmt.Sprint(i), 1)
	}
	seen := 0
	for _, err := range store.List(t.Context(), "") {
		if err != nil {
			t.Fatalf("List: %v", err)
		}
		if seen++; seen == 3 {
			break
		}
	}
	if seen != 3 {
		t.Fatalf("List yields %d of 10 counters before a break at 3", seen)
	}
	wantAdd(t, store, "after", 1, 1)
}

// A listing has each counter that exists all the time, whatever else changes.
func testListWhileAdding(t *testing.T, store counter.Store) {
	const steady = 100
	for i := range steady {
		set(t, store, fmt.Sprintf("steady:%d", i), 1)
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			name := fmt.Sprintf("passing:%d", i%500)
			if _, err := store.Add(t.Context(), name, 1); err != nil {
				t.Errorf("Add: %v", err)
				return
			}
			if err := store.Set(t.Context(), name, 0); err != nil {
				t.Errorf("Set: %v", err)
				return
			}
		}
	})
	for range 5 {
		if got := len(list(t, store, "steady:")); got != steady {
			t.Errorf("List yields %d of %d counters", got, steady)
		}
	}
	close(done)
	wg.Wait()
}
