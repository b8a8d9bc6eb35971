package coalesce

import (
	"time"

	counter "example.com/herokuapp/counter-core"
)

// writer is a writer of batches to one counter, as docs/reliability.md explains it.
type writer struct {
	timed   bool      // its batches name their hour
	id      string    // empty until the next batch
	sum     int64     // what it has added for certain
	total   int64     // the counter's value after its last batch
	heardOf time.Time // when its last batch was sent that was answered
	counted time.Time // the same of one that added something
}

// end ends the writer, and lets another one follow: a copy of one of its batches may still
// be on the way, and must not meet another batch with the same sum.
func (w *writer) end() { w.id, w.sum, w.total = "", 0, 0 }

// repeats tells whether a batch of nothing has told what the writer's last batch led to,
// which is not what the counter is now: the other writer may have added, or a Move taken.
func (w *writer) repeats(batch counter.Batch, result counter.Result) bool {
	return batch.Delta == 0 && batch.Sum > 0 && result.Healed == 0 && result.Total == w.total
}

// hourOf returns the hour that an addition of now has in a batch of the writer.
func (w *writer) hourOf(now time.Time) counter.Hour {
	if !w.timed {
		return 0
	}
	return counter.HistoryHour(now)
}
