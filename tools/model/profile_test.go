package model

import "time"

// profile is what can happen in a run, and what therefore can't be asked of it.
type profile struct {
	processes int
	retention time.Duration // of a ledger's records; zero: the store is countermemory
	huge      bool          // additions of about counter.MaxSum
	room      int64         // if not zero, counters begin so far from the largest int64
	sets      bool          // values are set
	refuses   bool          // the store refuses some batches for good
	fails     bool          // replicas take over that lack what was counted last
	restarts  bool          // processes stop, done or not, and others start
	adjusts   bool          // some additions are not for the history
	crowd     bool          // so many other counters that what is unused is dropped
}

// loses says that additions may get lost with notice.
func (p profile) loses() bool {
	return p.refuses || p.restarts || p.room != 0 || p.givesUp()
}

// boundsHold says that what is said to be reached at least is. Elsewhere what was kept
// may be refused, and what was said to be reached may be replaced.
func (p profile) boundsHold() bool { return !p.sets && !p.loses() && (!p.fails || !p.adjusts) }

// oneWriter says that all is healed that a replica lacks before anything is told of it:
// each writer heals its own additions.
func (p profile) oneWriter() bool { return p.processes == 1 && !p.adjusts }

// givesUp says that batches are in doubt for so long that they are given up.
func (p profile) givesUp() bool { return p.retention > 0 && p.retention < time.Minute }
