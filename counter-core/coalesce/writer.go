package coalesce

import (
	"time"

	counter "example.com/herokuapp/counter-core"
)

// writer is a writer of one counter's batches: see docs/reliability.md.
type writer struct {
	timed   bool      // its batches name their hour
	id      string    // empty until the next batch
	sum     int64     // of what it has certainly added
	total   int64     // the counter's value after its last batch
	heardOf time.Time // when the last batch that was answered was sent
	counted time.Time // when the last batch that was answered and added something was sent
}

// end ends the writer, and lets another one follow. A copy of one of its batches may still be
// in flight, and must not meet another batch with the same sum.
func (w *writer) end() { w.id, w.sum, w.total = "", 0, 0 }

// repeats reports whether the result of an empty batch only repeats that of the writer's last
// batch. Then its total need not be the counter's value: other writers may have added to the
// counter since, or a Move taken from it.
func (w *writer) repeats(batch counter.Batch, result counter.Result) bool {
	return batch.Delta == 0 && batch.Sum > 0 && result.Healed == 0 && result.Total == w.total
}

// hourOf returns the hour that the writer's batch names for an addition made now.
func (w *writer) hourOf(now time.Time) counter.Hour {
	if !w.timed {
		return 0
	}
	return counter.HistoryHour(now)
}
