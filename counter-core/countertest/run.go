// Package countertest states the contracts of [counter.Store] and [counter.Backend]
// as tests. The author of a backend or of a decorator proves it right with one line:
//
//	func TestConformance(t *testing.T) { countertest.Run(t, open) }
package countertest

import (
	"testing"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// Run tests that stores keep the contract of [counter.Store]. Each test calls open for a store
// of its own, which must be new and empty. Run closes the store. End what is behind it, such as a
// server, by t.Cleanup in open. Run the tests under the race detector.
func Run(t *testing.T, open func(t *testing.T) counter.Store) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*testing.T, counter.Store)
	}{
		{"Add", testAdd},
		{"AddConcurrently", testAddConcurrently},
		{"AddOverflow", testAddOverflow},
		{"Set", testSet},
		{"SetWhileAdding", testSetWhileAdding},
		{"Bulk", testBulk},
		{"List", testList},
		{"ListPrefix", testListPrefix},
		{"ListPrefixes", testListPrefixes},
		{"ListStops", testListStops},
		{"ListWhileAdding", testListWhileAdding},
		{"AddInListing", testAddInListing},
		{"Names", testNames},
		{"BadNames", testBadNames},
		{"BadDeltas", testBadDeltas},
		{"EndedContext", testEndedContext},
		{"Close", testClose},
		{"CloseWhileAdding", testCloseWhileAdding},
		{"Ping", testPing},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := open(t)
			closeAtEnd(t, store)
			test.run(t, store)
		})
	}
}

func closeAtEnd(t *testing.T, store counter.Store) {
	t.Helper()
	t.Cleanup(func() {
		closed := make(chan error, 1)
		go func() { closed <- store.Close() }() // a store that hangs may hang here, too
		select {
		case err := <-closed:
			if err != nil {
				t.Errorf("Close: %v", err)
			}
		case <-time.After(patience(t)):
			t.Error("Close hangs")
		}
	})
}
