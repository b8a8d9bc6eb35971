package countertest

import (
	"testing"

	counter "example.com/herokuapp/counter-core"
)

// Fixture is a backend under test, with functions that do to it what none of its methods can.
type Fixture struct {
	// Store is new and empty. [RunBackend] closes it. End what is behind it by t.Cleanup.
	Store counter.Backend

	// Wipe removes every counter and every record, as when a server restarts without
	// its data. The store stays open.
	Wipe func(t *testing.T)

	// Expire makes every record older than its Retention. Counters keep their values.
	// It is easiest if the backend's clock can be replaced.
	Expire func(t *testing.T)

	// ExpireHours makes every hour in a history too old to be kept. It may replace the store's
	// clock, or remove the hours from what is behind the store. Only [RunHistorian] calls it.
	ExpireHours func(t *testing.T)

	// Interrupt makes each Move fail after that many of its steps, as if the process had ended
	// there, until resume is called. It is nil for a store that moves in one step. Only
	// [RunMover] calls it.
	Interrupt func(t *testing.T, steps int) (resume func())

	// Stall makes the store wait for what is behind it, such as a server that hangs, a slow disk
	// or a lock that another process holds, until resume is called. It is nil for a store that
	// waits for nothing.
	Stall func(t *testing.T) (resume func())
}

// RunBackend tests that backends keep the contract of [counter.Backend]. Each test calls open for
// a backend of its own. Also run [Run], which tests the contract of [counter.Store]. Run the tests
// under the race detector.
func RunBackend(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*testing.T, Fixture)
	}{
		{"NewWriter", testNewWriter},
		{"Next", testNext},
		{"Repeat", testRepeat},
		{"RepeatManyTimes", testRepeatManyTimes},
		{"FurtherBehind", testFurtherBehind},
		{"Ahead", testAhead},
		{"LessThanDeltaBehind", testLessThanDeltaBehind},
		{"LateCopy", testLateCopy},
		{"Refused", testRefused},
		{"RefusedHealing", testRefusedHealing},
		{"Reconcile", testReconcile},
		{"ReconcileNothing", testReconcileNothing},
		{"ReconcileWiped", testReconcileWiped},
		{"LargeSums", testLargeSums},
		{"FirstBatchBeyondMaxSum", testFirstBatchBeyondMaxSum},
		{"LargeTotals", testLargeTotals},
		{"NegativeTotals", testNegativeTotals},
		{"Wiped", testWiped},
		{"Expired", testExpired},
		{"Retention", testRetention},
		{"TwoWriters", testTwoWriters},
		{"OneWriterOfTwoCounters", testOneWriterOfTwoCounters},
		{"SetAndAddBetween", testSetAndAddBetween},
		{"ApplyConcurrently", testApplyConcurrently},
		{"SomeFail", testSomeFail},
		{"NoBatches", testNoBatches},
		{"ManyBatches", testManyBatches},
		{"HardNamesAndWriters", testHardNamesAndWriters},
		{"ApplyEndedContext", testApplyEndedContext},
		{"Stalled", testStalled},
		{"ApplyAfterClose", testApplyAfterClose},
		{"CloseWhileApplying", testCloseWhileApplying},
	} {
		t.Run(test.name, func(t *testing.T) {
			fixture := open(t)
			closeAtEnd(t, fixture.Store)
			test.run(t, fixture)
		})
	}
}
