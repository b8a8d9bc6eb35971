//go:build unix

package faultrun

import (
	"sync"
	"sync/atomic"
	"time"
)

// ledger has every number that was shown. It is safe for concurrent use.
type ledger struct {
	opened atomic.Int64 // views, answered or not
	worst  peak         // how long a page took, as a time.Duration

	mu     sync.Mutex
	shown  []showing // by number
	most   int64     // the largest number shown
	twice  []repeat
	absurd []absurdity
}

// showing says which process has shown a number, and when. It is small: there are a million.
type showing struct {
	life  int32 // the number of the process, from 1; 0 if nobody has shown it
	after int32 // milliseconds since the run began
}

// repeat is a number that was shown again.
type repeat struct {
	number        int64
	first, second showing
}

// absurdity is a number that was shown and can't be a count of these views.
type absurdity struct {
	number, opened int64
	at             showing
}

// peak is the largest number so far.
type peak struct{ atomic.Int64 }

func (p *peak) raise(number int64) {
	for {
		largest := p.Load()
		if number <= largest || p.CompareAndSwap(largest, number) {
			return
		}
	}
}

// show records that a process has shown a number.
func (l *ledger) show(number int64, life int, after time.Duration) {
	at := showing{life: int32(life), after: int32(after.Milliseconds())} //nolint:gosec // neither comes near 2^31
	l.mu.Lock()
	defer l.mu.Unlock()
	if opened := l.opened.Load(); number < 1 || number > opened {
		l.absurd = append(l.absurd, absurdity{number, opened, at})
		return
	}
	l.most = max(l.most, number)
	for int64(len(l.shown)) <= number {
		l.shown = append(l.shown, showing{})
	}
	if first := l.shown[number]; first.life != 0 {
		l.twice = append(l.twice, repeat{number, first, at})
		return
	}
	l.shown[number] = at
}
