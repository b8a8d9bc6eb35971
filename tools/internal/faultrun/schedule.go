//go:build unix

package faultrun

import (
	"context"
	"math/rand/v2"
	"slices"
	"syscall"
	"time"

	"example.com/herokuapp/counter-redis/redistest"
)

// mostBetween is the largest number of views for each fault, over a whole run.
const mostBetween = 5000

// fault is a way in which things break.
type fault struct {
	kind string
	// due reports whether it may come now. If it is nil, it always may.
	due func() bool
	// strike breaks something and mends it, and returns once all is as before.
	strike func(ctx context.Context, random *rand.Rand) error
}

// schedule says which fault comes when. It depends only on the seed.
type schedule struct {
	faults []fault
	every  int64
	random *rand.Rand

	round  []fault // the rest of the round in which each kind comes once
	struck map[string]int64
	when   []Struck
}

// Struck says when a fault began and ended.
type Struck struct {
	Kind     string
	From, To time.Time
}

func newSchedule(faults []fault, every int64, random *rand.Rand) *schedule {
	return &schedule{faults: faults, every: every, random: random, struck: map[string]int64{}}
}

// gap draws the number of views until the next fault.
func (s *schedule) gap() int64 { return 1 + s.random.Int64N(2*s.every) }

// next draws the next fault. There is none if none is due.
func (s *schedule) next() (fault, bool) {
	for range 2 {
		for i, f := range s.round {
			if f.due == nil || f.due() {
				s.round = slices.Delete(s.round, i, i+1)
				return f, true
			}
		}
		s.round = nil
		for _, i := range s.random.Perm(len(s.faults)) {
			s.round = append(s.round, s.faults[i])
		}
	}
	return fault{}, false
}

// strike causes the fault and records it.
func (s *schedule) strike(ctx context.Context, f fault) error {
	s.struck[f.kind]++
	from := time.Now()
	err := f.strike(ctx, s.random)
	s.when = append(s.when, Struck{f.kind, from, time.Now()})
	return err
}

// enough reports whether each kind of fault has come, and enough faults for that many views.
func (s *schedule) enough(views int64) bool {
	return len(s.struck) == len(s.faults) && s.total() >= views/mostBetween
}

func (s *schedule) total() int64 {
	var total int64
	for _, times := range s.struck {
		total += times
	}
	return total
}

// between draws a time.
func between(random *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(random.Int64N(int64(most-least)+1))
}

// appFaults are the faults of the app's processes.
func appFaults(f *Fleet) []fault {
	return []fault{
		{kind: "app killed", due: f.due, strike: func(ctx context.Context, random *rand.Rand) error {
			place := f.victim(random)
			f.settle(ctx, place)
			return f.restart(ctx, place, syscall.SIGKILL, between(random, 0, time.Second))
		}},
		{kind: "app terminated", due: f.due, strike: func(ctx context.Context, random *rand.Rand) error {
			return f.restart(ctx, f.victim(random), syscall.SIGTERM, between(random, 0, time.Second))
		}},
	}
}

// lineFaults are the faults of the lines between the app and Redis.
func lineFaults(lines []*redistest.Proxy) []fault {
	lose := func(ctx context.Context, random *rand.Rand, faults redistest.Faults) {
		faults.Seed = random.Uint64()
		for _, line := range lines {
			line.SetFaults(faults)
		}
		pause(ctx, between(random, 200*time.Millisecond, time.Second))
		for _, line := range lines {
			line.SetFaults(redistest.Faults{})
		}
	}
	share := func(random *rand.Rand) float64 { return 0.05 + 0.3*random.Float64() }
	return []fault{
		{kind: "replies lost", strike: func(ctx context.Context, random *rand.Rand) error {
			lose(ctx, random, redistest.Faults{LoseReplies: share(random)})
			return nil
		}},
		{kind: "requests lost", strike: func(ctx context.Context, random *rand.Rand) error {
			lose(ctx, random, redistest.Faults{LoseRequests: share(random)})
			return nil
		}},
		{kind: "lines cut", strike: func(ctx context.Context, random *rand.Rand) error {
			for range 3 + random.IntN(10) {
				for _, line := range lines {
					line.Cut()
				}
				pause(ctx, between(random, time.Millisecond, 100*time.Millisecond))
			}
			return nil
		}},
	}
}
