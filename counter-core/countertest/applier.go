package countertest

import (
	"testing"

	counter "example.com/herokuapp/counter-core"
)

// Fixture is a store to which batches can be applied, with what happens to such
// a store that its callers cannot bring about. Every field is set.
type Fixture struct {
	// Store is new and empty, and a [counter.Applier] by [counter.As].
	// [RunApplier] closes it; what lies behind it ends by t.Cleanup.
	Store counter.Store

	// Wipe removes every counter and every record, as a server does that restarts
	// without its data. The store stays open and its writers are not told.
	Wipe func(t *testing.T)

	// Expire makes every record reach its Retention before it returns. Counters
	// keep their values.
	Expire func(t *testing.T)
}

// RunApplier tests that the stores that open returns keep the contract of
// [counter.Applier]; [Run] tests that of [counter.Store]. Run it under the race
// detector.
func RunApplier(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*testing.T, applier)
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
		{"Forget", testForget},
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
		{"ApplyAfterClose", testApplyAfterClose},
		{"CloseWhileApplying", testCloseWhileApplying},
	} {
		t.Run(test.name, func(t *testing.T) {
			fixture := open(t)
			closeAtEnd(t, fixture.Store)
			a, ok := counter.As[counter.Applier](fixture.Store)
			if !ok {
				t.Fatalf("%T is no counter.Applier", fixture.Store)
			}
			test.run(t, applier{Fixture: fixture, Applier: a})
		})
	}
}

// applier is what a test of [RunApplier] works on.
type applier struct {
	Fixture
	counter.Applier
}
