//go:build unix

package main

import (
	"context"
	"errors"
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
			s := openSetup(t, cfg)
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

// A run finds what it is for: a view that is counted twice, one that is lost, and those that
// are not in their hours. Nothing else happens meanwhile.
func TestRunFindsABrokenPromise(t *testing.T) {
	for want, meddle := range map[string]func(ctx context.Context, store historian, client *redis.Client) error{
		"views too many": func(ctx context.Context, _ historian, client *redis.Client) error {
			return client.Incr(ctx, counterKey).Err()
		},
		"views are lost": func(ctx context.Context, _ historian, client *redis.Client) error {
			return client.Decr(ctx, counterKey).Err()
		},
		"in the hours": func(ctx context.Context, store historian, _ *redis.Client) error {
			return store.SetHistory(ctx, counterKey, nil)
		},
	} {
		cfg := config{top: "../..", logs: t.TempDir(), setup: "single", views: 1000, every: 100, clients: 8, seed: 1, safe: true}
		single := startSingle(t, true)
		store, err := single.open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		client := redis.NewClient(&redis.Options{Addr: single.lines[0].Addr()})
		single.faults = func(*fleet) []fault {
			return []fault{{"meddled", func(ctx context.Context, _ *rand.Rand) error { return meddle(ctx, store, client) }}}
		}
		var out strings.Builder
		holds, err := perform(t.Context(), t, cfg, single, &out, t.Output())
		if err != nil || holds || !strings.Contains(out.String(), want) {
			t.Errorf("holds: %t, %v; want that it does not, and %q in:\n%s", holds, err, want, &out)
		}
		if err := errors.Join(client.Close(), store.Close()); err != nil {
			t.Error(err)
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
