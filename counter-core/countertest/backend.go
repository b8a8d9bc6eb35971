package countertest

import (
	"testing"

	counter "example.com/herokuapp/counter-core"
)

// Fixture is a backend under test, and what can happen to it that no method brings
// about.
type Fixture struct {
	// Store is new and empty. [RunBackend] closes it; t.Cleanup ends what lies behind it.
	Store counter.Backend

	// Wipe removes every counter and every record, as when a server restarts without
	// its data. The store stays open.
	Wipe func(t *testing.T)

	// Expire makes every record older than its Retention. Counters keep their values.
	// It is easiest where the backend can be given another clock.
	Expire func(t *testing.T)

	// ExpireHours has the time of every hour in a history be over. The store may be given
	// another clock, or what keeps the hours may be removed. For [RunHistorian] alone.
	ExpireHours func(t *testing.T)

	// Interrupt has a Move end with an error after so many of its steps, as if the process
	// had ended then, from its return until resume is called. Nil for a store that moves in
	// one step. For [RunMover] alone.
	Interrupt func(t *testing.T, steps int) (resume func())

	// Stall has the store wait for what lies behind it, as for a server that hangs, a disk that
	// is slow or a lock that another one holds, from its return until resume is called. Nil
	// for a store that waits for nothing.
	Stall func(t *testing.T) (resume func())
}

// RunBackend tests that the stores that open returns keep the contract of
// [counter.Backend]; [Run] tests that of [counter.Store]. Run it under the race
// detector.
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
