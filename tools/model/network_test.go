package model

import (
	"context"
	"sync"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// network is between processes and their store, and has the faults. It sees what
// the store counts.
type network struct {
	store  counter.Backend
	report *report

	arriving sync.WaitGroup // what the store may yet have

	mu      sync.Mutex // the store does one thing at a time, so that what is seen is what it does
	faults  map[string][]fault
	counted map[string][]span
	starts  map[string]int64 // the value of each counter when it was set last
	passed  map[string]int64 // what was counted before that
	sets    map[int64]bool   // values that were set
	era     int              // how often a replica took over
	gone    map[string]int64 // what is lost thereby for good
	healed  map[moment]int64 // what was added again, at the time of the batch
	taken   map[moment]int64 // what was lost, at the time it had been counted for
}

// moment is an hour of a counter.
type moment struct {
	name string
	hour counter.Hour
}

// span is the numbers from+1 to to.
type span struct{ from, to int64 }

func newNetwork(store counter.Backend, report *report) *network {
	return &network{
		store: store, report: report,
		faults: map[string][]fault{}, counted: map[string][]span{},
		starts: map[string]int64{}, passed: map[string]int64{}, sets: map[int64]bool{}, gone: map[string]int64{},
		healed: map[moment]int64{}, taken: map[moment]int64{},
	}
}

// script has the next batches of the counter, or Sets, meet the faults.
func (n *network) script(name string, faults ...fault) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults[name] = append(n.faults[name], faults...)
}

// mend ends the faults.
func (n *network) mend() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.faults)
}

func (n *network) nextFault(name string) fault {
	n.mu.Lock()
	defer n.mu.Unlock()
	faults := n.faults[name] // of this run alone: they are counted down
	if len(faults) == 0 {
		return fault{cut: never}
	}
	f := faults[0]
	if faults[0].times--; faults[0].times == 0 {
		n.faults[name] = faults[1:]
	}
	// A network drops what is older than that. The store's promise has an end, too.
	f.arrives = min(f.arrives, n.store.Retention()/4)
	return f
}

// send lets do happen as the fault has it. What is returned is told at most once.
func (n *network) send(f fault, do func() counter.Result) <-chan counter.Result {
	told := make(chan counter.Result, 2)
	if f.clear() { // as most are
		told <- do()
		return told
	}
	if f.arrives != never {
		n.arriving.Go(func() {
			time.Sleep(f.arrives)
			result := counter.Result{Err: f.refused}
			if f.refused == nil {
				result = do()
			}
			if f.answers != never {
				time.Sleep(f.answers)
				told <- result
			}
		})
	}
	if f.cut != never {
		n.arriving.Go(func() {
			time.Sleep(f.cut)
			told <- counter.Result{Err: errDoubt}
		})
	}
	return told
}

// apply is what the store does when a batch arrives.
func (n *network) apply(ctx context.Context, b counter.Batch) counter.Result {
	n.mu.Lock()
	defer n.mu.Unlock()
	result := n.store.Apply(ctx, []counter.Batch{b})[0]
	n.report.trace("store: %s of %.4s, %d to %d in hour %d: %+v", b.Name, b.Writer, b.Delta, b.Sum, b.Hour, result)
	if result.Err == nil {
		n.healed[moment{b.Name, b.Hour}] += result.Healed
		n.counted[b.Name] = append(n.counted[b.Name], span{result.Total - b.Delta, result.Total})
	}
	return result
}

// set is what the store does when a Set arrives.
func (n *network) set(ctx context.Context, name string, value int64) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	total, err := n.store.Get(ctx, name)
	if err == nil {
		err = n.store.Set(ctx, name, value)
	}
	n.report.trace("store: %s was %d, set to %d: %v", name, total, value, err)
	if err == nil {
		n.passed[name] += total - n.starts[name]
		n.starts[name] = value
		n.sets[value] = true
	}
	return err
}

// fail has a replica take over that lacks the last entries.
func (n *network) fail(ctx context.Context, entries int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	gone, taken, err := n.store.(*ledger).lose(ctx, entries)
	n.report.trace("store: lost %d entries, %v, for good %v", entries, taken, gone)
	if err != nil {
		n.report.wrong("lose: %v", err)
	}
	n.era++
	for name, amount := range gone {
		n.gone[name] += amount
	}
	for at, amount := range taken {
		n.taken[at] += amount
	}
}

// all returns how much was counted in all.
func (n *network) all(ctx context.Context, name string) int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	total, err := n.store.Get(ctx, name)
	if err != nil {
		n.report.wrong("Get: %v", err)
	}
	return n.passed[name] + total - n.starts[name]
}

// hours returns what was counted in which hour.
func (n *network) hours(ctx context.Context, name string) map[counter.Hour]int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	historian, ok := counter.As[counter.Historian](n.store)
	if !ok {
		n.report.wrong("the store keeps no history")
		return nil
	}
	hours := map[counter.Hour]int64{}
	for bucket, err := range historian.History(ctx, name, 0, counter.MaxHour) {
		if err != nil || bucket.Hours != 1 {
			n.report.wrong("the history of %s has %+v, %v", name, bucket, err)
			return nil
		}
		hours[bucket.Start] = bucket.Count
	}
	return hours
}
