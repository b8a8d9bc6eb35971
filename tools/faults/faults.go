//go:build unix

package main

import (
	"context"
	"math/rand/v2"
	"syscall"
	"time"

	"example.com/herokuapp/counter-redis/redistest"
)

// mostBetween is how many views there are for each fault, at most, in a whole run.
const mostBetween = 5000

// fault is one way in which things break.
type fault struct {
	kind string
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
}

func newSchedule(faults []fault, every int64, random *rand.Rand) *schedule {
	return &schedule{faults: faults, every: every, random: random, struck: map[string]int64{}}
}

// gap draws how many views there are to be until the next fault.
func (s *schedule) gap() int64 { return 1 + s.random.Int64N(2*s.every) }

// next draws the next fault.
func (s *schedule) next() fault {
	if len(s.round) == 0 {
		for _, i := range s.random.Perm(len(s.faults)) {
			s.round = append(s.round, s.faults[i])
		}
	}
	next := s.round[0]
	s.round = s.round[1:]
	s.struck[next.kind]++
	return next
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
func appFaults(f *fleet) []fault {
	return []fault{
		{"app killed", func(ctx context.Context, random *rand.Rand) error {
			place := random.IntN(len(f.serving))
			f.settle(ctx, place)
			return f.restart(ctx, place, syscall.SIGKILL, between(random, 0, time.Second))
		}},
		{"app terminated", func(ctx context.Context, random *rand.Rand) error {
			return f.restart(ctx, random.IntN(len(f.serving)), syscall.SIGTERM, between(random, 0, time.Second))
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
		{"replies lost", func(ctx context.Context, random *rand.Rand) error {
			lose(ctx, random, redistest.Faults{LoseReplies: share(random)})
			return nil
		}},
		{"requests lost", func(ctx context.Context, random *rand.Rand) error {
			lose(ctx, random, redistest.Faults{LoseRequests: share(random)})
			return nil
		}},
		{"lines cut", func(ctx context.Context, random *rand.Rand) error {
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
