//go:build unix

package faultrun

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestRun(t *testing.T) {
	app, err := build(t.Context(), "../../..", t.TempDir()) // once: linking it takes seconds
	if err != nil {
		t.Fatal(err)
	}
	t.Run("keeps the promise", func(t *testing.T) { testPromise(t, app) })
	t.Run("finds a broken promise", func(t *testing.T) { testBrokenPromise(t, app) })
}

// testPromise causes each fault of each set-up. Nothing is lost or counted twice.
func testPromise(t *testing.T, app string) {
	t.Helper()
	for _, name := range Setups() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := Config{
				App: app, Logs: t.TempDir(), Setup: name, Surfaces: []Surface{Home(), API(), Badge()},
				Views: 3000, Every: 200, Clients: 9, Seed: rand.Uint64(), Safe: true,
			}
			s := Open(t, cfg)
			o, err := Run(t.Context(), t, cfg, s, t.Output())
			if err != nil {
				t.Fatal(err)
			}
			breaches := o.Breaches()
			if err := o.Report(t.Output(), cfg, s, breaches); err != nil {
				t.Error(err)
			}
			if len(breaches) > 0 {
				t.Error("the promise does not hold")
			}
			for _, surface := range o.surfaces {
				if surface.most == 0 {
					t.Errorf("%s: no number was shown", surface.Name)
				}
			}
		})
	}
}

// testBrokenPromise has a run find what it is for: a view that is counted twice, one that is lost,
// and those that are not in their hours. Nothing else happens meanwhile.
func testBrokenPromise(t *testing.T, app string) {
	t.Helper()
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
		cfg := Config{App: app, Logs: t.TempDir(), Setup: "single", Views: 1000, Every: 100, Clients: 8, Seed: 1, Safe: true}
		single := startSingle(t, true)
		store, err := single.open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		client := redis.NewClient(&redis.Options{Addr: single.lines[0].Addr()})
		single.faults = func(*Fleet) []fault {
			return []fault{{kind: "meddled", strike: func(ctx context.Context, _ *rand.Rand) error { return meddle(ctx, store, client) }}}
		}
		var out strings.Builder
		o, err := Run(t.Context(), t, cfg, single, t.Output())
		if err != nil {
			t.Fatal(err)
		}
		breaches := o.Breaches()
		if err := o.Report(&out, cfg, single, breaches); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("breaches %q, %v; want %q in:\n%s", breaches, err, want, &out)
		}
		if err := errors.Join(client.Close(), store.Close()); err != nil {
			t.Error(err)
		}
	}
}
