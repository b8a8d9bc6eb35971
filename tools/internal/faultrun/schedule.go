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

// mostBetween is how many views there are for each fault, at most, in a whole run.
const mostBetween = 5000

// fault is one way in which things break.
type fault struct {
	kind string
	// due says that it may come now; nil: any time.
	due func() bool
	// strike breaks and mends, and returns once all is as before.
	strike func(ctx context.Context, random *rand.Rand) error
}

// schedule says which fault comes when. The seed decides, and nothing else.
type schedule struct {
	faults []fault
	every  int64
	random *rand.Rand

	round  []fault // those to come before each kind has come as often as the others
	struck map[string]int64
	when   []Struck
}

// Struck says when a fault was there.
type Struck struct {
	Kind     string
	From, To time.Time
}

func newSchedule(faults []fault, every int64, random *rand.Rand) *schedule {
	return &schedule{faults: faults, every: every, random: random, struck: map[string]int64{}}
}

// gap draws how many views there are to be until the next fault.
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

// strike has the fault come, and notes it.
func (s *schedule) strike(ctx context.Context, f fault) error {
	s.struck[f.kind]++
	from := time.Now()
	err := f.strike(ctx, s.random)
	s.when = append(s.when, Struck{f.kind, from, time.Now()})
	return err
}

// enough says that each kind of fault has come, and as many as so many views ask for.
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
