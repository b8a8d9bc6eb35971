package countermemory

import (
	"strings"
	"time"
)

const (
	retention = time.Hour
	// fewRecords are not worth a sweep.
	fewRecords = 16
)

// record is what is kept of a writer's last batch.
type record struct {
	sum, total int64
	at         time.Time
}

func (r record) expired(now time.Time) bool { return now.Sub(r.at) >= retention }

// records are the records of one counter's writers. The cell is locked from get to put, which
// makes the two one step.
type records struct {
	byWriter map[string]record
	// sweepAt is how many records there are when the next new writer sweeps. At zero, as in the
	// zero value, the sweep also makes the map.
	sweepAt int
}

// get returns the writer's record, unless there is none or it has expired.
func (r *records) get(writer string, now time.Time) (record, bool) {
	last, ok := r.byWriter[writer]
	if !ok || last.expired(now) {
		return record{}, false
	}
	return last, true
}

func (r *records) put(writer string, last record) {
	if _, ok := r.byWriter[writer]; !ok {
		if len(r.byWriter) >= r.sweepAt {
			r.sweep(last.at)
		}
		// The caller may reuse the memory behind a long string this one is a part of.
		writer = strings.Clone(writer)
	}
	r.byWriter[writer] = last
}

// sweep keeps what has not expired, in a new map, because a map does not shrink.
// The next comes when the records have doubled, so that sweeping costs each new
// writer the same, however many there are.
func (r *records) sweep(now time.Time) {
	live := map[string]record{}
	for writer, last := range r.byWriter {
		if !last.expired(now) {
			live[writer] = last
		}
	}
	r.byWriter = live
	r.sweepAt = max(fewRecords, 2*len(live))
}
