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
	heardOf time.Time // when its last batch was sent that was answered
	counted time.Time // the same of one that added something
}

// end ends the writer, and lets another one follow: a copy of one of its batches may still
// be on the way, and must not meet another batch with the same sum.
func (w *writer) end() { w.id, w.sum = "", 0 }

// hourOf returns the hour that an addition of now has in a batch of the writer.
func (w *writer) hourOf(now time.Time) counter.Hour {
	if !w.timed {
		return 0
	}
	return counter.HistoryHour(now)
}
