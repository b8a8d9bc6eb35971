package counters_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/sitetest"
	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
)

// away is a store that can be out of reach.
type away struct {
	counter.Store
	away atomic.Bool
}

func (s *away) Get(ctx context.Context, name string) (int64, error) {
	if s.away.Load() {
		return 0, errors.New("away")
	}
	return s.Store.Get(ctx, name)
}

func add(t *testing.T, store counter.Store, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := counter.Inc(t.Context(), store, name); err != nil {
			t.Fatal(err)
		}
	}
}

func wantAdmitted(t *testing.T, quota *counters.Quota, want bool, names ...string) {
	t.Helper()
	for _, name := range names {
		err := quota.Admit(t.Context(), name)
		if want && err != nil || !want && !errors.Is(err, counters.ErrQuota) {
			t.Errorf("%s: %v; want that it is admitted: %t", name, err, want)
		}
	}
}

func TestQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &away{Store: countermemory.New()}
		add(t, store, "views:a/", "views:b/", "counter_key", "site:a")
		quota := counters.NewQuota(store, 3)
		quota.Start()
		defer quota.Stop()
		synctest.Wait()
		wantAdmitted(t, quota, true, "views:a/", "views:c/", "views:c/", "views:b/")
		wantAdmitted(t, quota, false, "views:d/", "views:d/")
		// It exists already, by another process's doing.
		add(t, store, "views:d/")
		wantAdmitted(t, quota, true, "views:d/")
		wantAdmitted(t, quota, false, "views:e/")
		// c was admitted, but never counted, and the owner removes two.
		for _, name := range []string{"views:a/", "views:b/"} {
			sitetest.Set(t, store, name, 0)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		wantAdmitted(t, quota, true, "views:e/", "views:f/")
		wantAdmitted(t, quota, false, "views:g/")
	})
}

// While the store is unavailable, known counters go on counting, and all others are treated as
// new.
func TestQuotaInAnOutage(t *testing.T) {
	store := &away{Store: countermemory.New()}
	add(t, store, "views:a/", "views:b/")
	quota := counters.NewQuota(store, 1)
	wantAdmitted(t, quota, true, "views:a/")
	store.away.Store(true)
	wantAdmitted(t, quota, true, "views:a/", "views:new/")
	wantAdmitted(t, quota, false, "views:b/")
	store.away.Store(false)
	wantAdmitted(t, quota, true, "views:b/", "views:new/")
}

// However many ask at once, no more are admitted than there is room for.
func TestQuotaForManyAtOnce(t *testing.T) {
	quota := counters.NewQuota(countermemory.New(), 100)
	var admitted atomic.Int64
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() {
			if quota.Admit(t.Context(), fmt.Sprintf("views:%d/", i%500)) == nil {
				admitted.Add(1)
			}
		})
	}
	wg.Wait()
	if got := admitted.Load(); got < 100 || got > 200 {
		t.Errorf("%d of 1000 admitted, each name twice; want 100 names", got)
	}
}
