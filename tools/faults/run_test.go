//go:build unix

package main

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// Each fault of each set-up, and nothing lost or counted twice.
func TestRun(t *testing.T) {
	for _, name := range setups() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config{top: "../..", setup: name, views: 3000, every: 200, clients: 8, seed: rand.Uint64(), safe: true}
			s, err := open(t, cfg)
			if err != nil {
				t.Fatal(err)
			}
			o, err := run(t, cfg, s, t.Output())
			if err != nil {
				t.Fatal(err)
			}
			breaches := o.breaches()
			if err := report(t.Output(), cfg, s, o, breaches); err != nil {
				t.Error(err)
			}
			if len(breaches) > 0 {
				t.Error("the promise does not hold")
			}
			if o.most == 0 {
				t.Error("no number was shown")
			}
		})
	}
}

// meddled is a set-up whose count somebody else changes, and where nothing else
// happens.
type meddled struct {
	setup

	by     int64
	client *redis.Client
}

func (m meddled) faults(*fleet) []fault {
	return []fault{{"meddled", func(ctx context.Context, _ *rand.Rand) error {
		return m.client.IncrBy(ctx, counterKey, m.by).Err()
	}}}
}

// A run finds what it is for: a view that is counted twice, and one that is lost.
func TestRunFindsABrokenPromise(t *testing.T) {
	for by, want := range map[int64]string{1: "views too many", -1: "views are lost"} {
		cfg := config{top: "../..", setup: "single", views: 1000, every: 100, clients: 8, seed: 1, safe: true}
		single := openSingle(t, true)
		var out strings.Builder
		status, err := perform(t, cfg, meddled{single, by, single.server.Client()}, &out, t.Output())
		if err != nil || status != 1 || !strings.Contains(out.String(), want) {
			t.Errorf("%+d: exit status %d, %v; want 1, and %q in:\n%s", by, status, err, want, &out)
		}
	}
}

func TestCommand(t *testing.T) {
	for args, want := range map[string]int{
		"-views 1 -duration 1ns -clients 1": 0, // over before anything has come
		"-views 0":                          2,
		"-every 0":                          2,
		"-clients 0":                        2,
		"-duration -1s":                     2,
		"-setup none":                       2,
		"-views x":                          2,
		"single":                            2,
		"-h":                                0,
	} {
		var stdout strings.Builder
		got := command(newBench(t.Context(), t.Output()), "../..", strings.Fields(args), &stdout)
		if got != want {
			t.Errorf("faults %s: exit status %d; want %d\n%s", args, got, want, &stdout)
		}
	}
}
