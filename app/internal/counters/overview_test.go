package counters_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/sitetest"
	counter "example.com/herokuapp/counter-core"
	counterfile "example.com/herokuapp/counter-file"
	countermemory "example.com/herokuapp/counter-memory"
	counterredis "example.com/herokuapp/counter-redis"
)

func TestOverview(t *testing.T) {
	store := sitetest.Fill(t, countermemory.New(), map[string]int64{"views:old": 100, "site:a.example": 1000, "session:1": 9})
	now := counter.HourOf(time.Now())
	for name, past := range map[string][]counter.Bucket{
		"views:a.example/today": {hour(now, 3), hour(now-24*6, 1), hour(now-24*7, 7)},
		"views:a.example/week":  {hour(now-24*5, 6)},
		"views:a.example/month": {hour(now-24*29, 50), day(now-24*30, 60)},
		"counter_key":           {hour(now, 2), day(now-24*100, 5)},
	} {
		sum := int64(0)
		for _, bucket := range past {
			sum += bucket.Count
		}
		sitetest.Set(t, store, name, sum)
		if err := store.SetHistory(t.Context(), name, past); err != nil {
			t.Fatal(err)
		}
	}
	all := counters.New(store, 100, zap.NewNop())
	all.Start()
	defer all.Stop()
	found, err := all.Overview(t.Context())
	if err != nil || found.Err != nil || found.Pages != 5 || found.Read != 5 || found.Reading {
		t.Fatalf("%+v, %v", found, err)
	}
	if today, week, month := found.All.Sum(1), found.All.Sum(7), found.All.Sum(30); today != 5 || week != 12 || month != 69 {
		t.Errorf("%d, %d and %d views", today, week, month)
	}
	names := func(pages []counters.PageDays) (names string) {
		for _, page := range pages {
			names += page.Name + " "
		}
		return names
	}
	for want, got := range map[string]string{
		"views:a.example/today counter_key ":                                            names(found.Today),
		"views:a.example/week views:a.example/today counter_key ":                       names(found.Week),
		"views:a.example/month views:a.example/today views:a.example/week counter_key ": names(found.Month),
		"views:a.example/week ":                                                         names(found.New),
	} {
		if got != want {
			t.Errorf("%q; want %q", got, want)
		}
	}
}

func TestOverviewLearnsOfChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := sitetest.Fill(t, countermemory.New(), nil)
		all := counters.New(store, 100, zap.NewNop())
		all.Start()
		defer all.Stop()
		look := func() counters.Overview {
			_, _ = all.Overview(t.Context())
			synctest.Wait()
			found, err := all.Overview(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		count := func(views int64, sum int64) {
			batch := counter.Batch{Name: "views:a.example/", Writer: "w", Delta: views, Sum: sum, Hour: counter.HourOf(time.Now())}
			if result := store.Apply(t.Context(), []counter.Batch{batch}); result[0].Err != nil {
				t.Fatal(result[0].Err)
			}
		}
		if found := look(); found.Pages != 0 || found.All.Sum(30) != 0 {
			t.Errorf("%+v", found)
		}
		count(5, 5)
		if found := look(); found.Pages != 0 {
			t.Errorf("it is new after no time: %+v", found)
		}
		time.Sleep(31 * time.Second)
		if found := look(); found.Pages != 1 || found.All.Sum(1) != 5 || len(found.New) != 1 {
			t.Errorf("%+v", found)
		}
		time.Sleep(24 * time.Hour) // what was today is yesterday, though nothing has changed
		if found := look(); found.All.Sum(1) != 0 || found.All.Sum(7) != 5 {
			t.Errorf("%+v", found.All)
		}
		count(2, 7)
		time.Sleep(31 * time.Second)
		if found := look(); found.All.Sum(1) != 2 || found.All.Sum(7) != 7 {
			t.Errorf("%+v", found.All)
		}
	})
}

// breaking is a store that fails after its first histories.
type breaking struct {
	*countermemory.Store
	calls atomic.Int32
}

func (b *breaking) Days(ctx context.Context, names []string, from, to counter.Hour) ([][]counter.Bucket, []error) {
	call := b.calls.Add(1)
	time.Sleep(time.Duration(call) * time.Second)
	if call > 1 {
		return make([][]counter.Bucket, len(names)), slices.Repeat([]error{errors.New("away")}, len(names))
	}
	return b.Store.Days(ctx, names, from, to)
}

// A first overview that fails has what was read until then, and does not say that it goes on.
func TestOverviewBreaksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		values := map[string]int64{}
		for i := range 3000 {
			values[fmt.Sprint("views:a.example/", i)] = 1
		}
		all := counters.New(&breaking{Store: sitetest.Fill(t, countermemory.New(), values)}, 100, zap.NewNop())
		all.Start()
		defer all.Stop()
		if _, err := all.Overview(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1500 * time.Millisecond)
		if found, err := all.Overview(t.Context()); err != nil || found.Err != nil || found.Read != 1000 || !found.Reading {
			t.Errorf("%d read, %v, %t, %v", found.Read, found.Err, found.Reading, err)
		}
		time.Sleep(5 * time.Second)
		if found, err := all.Overview(t.Context()); err != nil || found.Err == nil || found.Read != 1000 || found.Reading {
			t.Errorf("%d read, %v, %t, %v", found.Read, found.Err, found.Reading, err)
		}
	})
}

func TestOverviewNeedsHistory(t *testing.T) {
	all := counters.New(struct{ counter.Store }{sitetest.Fill(t, countermemory.New(), nil)}, 100, zap.NewNop())
	if _, err := all.Overview(t.Context()); !errors.Is(err, counters.ErrNoHistory) {
		t.Errorf("%v", err)
	}
}

// BenchmarkOverview measures the first look and a later one at 100,000 pages.
func BenchmarkOverview(b *testing.B) {
	all, store := benchmarkStore(b)
	now := counter.HourOf(time.Now())
	batches := make([]counter.Batch, 0, 1000)
	for i := range 100_000 {
		batches = append(batches, counter.Batch{Name: fmt.Sprintf("views:example.com/%d", i), Writer: "w", Delta: 1, Sum: 1, Hour: now - counter.Hour(i%600)})
		if len(batches) == cap(batches) {
			store.Apply(b.Context(), batches)
			batches = batches[:0]
		}
	}
	all.Start()
	defer all.Stop()
	begun := time.Now()
	found, err := all.Overview(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	first, read := time.Since(begun), found.Read
	for found.Read < 100_000 || found.Reading {
		time.Sleep(10 * time.Millisecond)
		found, _ = all.Overview(b.Context())
	}
	whole := time.Since(begun)
	for b.Loop() {
		if _, err := all.Overview(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(first.Seconds(), "s/first")
	b.ReportMetric(float64(read), "pages/first")
	b.ReportMetric(whole.Seconds(), "s/all")
}

// benchmarkStore returns the counters in a file, or in the Redis of BENCH_REDIS.
func benchmarkStore(b *testing.B) (*counters.Counters, counter.Backend) {
	b.Helper()
	var store counter.Backend
	var err error
	if url := os.Getenv("BENCH_REDIS"); url != "" {
		store, err = counterredis.Open(b.Context(), url, counterredis.Options{MaxConns: 4})
	} else {
		store, err = counterfile.Open(filepath.Join(b.TempDir(), "counts.db"), counterfile.Options{})
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	return counters.New(store, 100, zap.NewNop()), store
}
