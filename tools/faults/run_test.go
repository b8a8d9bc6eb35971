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
			cfg := config{top: "../..", logs: t.TempDir(), setup: name, views: 3000, every: 200, clients: 8, seed: rand.Uint64(), safe: true}
			s := open(t, cfg)
			o, err := run(t.Context(), t, cfg, s, t.Output())
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
		cfg := config{top: "../..", logs: t.TempDir(), setup: "single", views: 1000, every: 100, clients: 8, seed: 1, safe: true}
		single := openSingle(t, true)
		var out strings.Builder
		holds, err := perform(t.Context(), t, cfg, meddled{single, by, single.server.Client()}, &out, t.Output())
		if err != nil || holds || !strings.Contains(out.String(), want) {
			t.Errorf("%+d: holds: %t, %v; want that it does not, and %q in:\n%s", by, holds, err, want, &out)
		}
	}
}

func TestParse(t *testing.T) {
	for args, ok := range map[string]bool{
		"":                                    true,
		"-setup cluster -views 1 -safe=false": true,
		"-views 0":                            false,
		"-every 0":                            false,
		"-clients 0":                          false,
		"-duration -1s":                       false,
		"-setup none":                         false,
		"-views x":                            false,
		"single":                              false,
		"-h":                                  false,
	} {
		if _, err := parse(strings.Fields(args), t.Output()); (err == nil) != ok {
			t.Errorf("faults %s: %v", args, err)
		}
	}
}
