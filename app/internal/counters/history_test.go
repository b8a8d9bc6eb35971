package counters_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap/zaptest"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/sitetest"
	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
)

func history(t *testing.T, query counters.RangeQuery, buckets ...counter.Bucket) counters.History {
	t.Helper()
	r, err := query.Parse(now(), counters.UsualSteps)
	if err != nil {
		t.Fatal(err)
	}
	kept := counters.New(sitetest.Past(t, map[string][]counter.Bucket{counters.Home: buckets}), 1, zaptest.NewLogger(t))
	h, err := kept.History(t.Context(), counters.Home, r)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func wantViews(t *testing.T, h counters.History, want ...int64) {
	t.Helper()
	if !slices.Equal(h.Views, want) {
		t.Errorf("%s in %s from %s: %d; want %d", h.Step(), h.Zone(), h.Text(0), h.Views, want)
	}
}

func TestHistory(t *testing.T) {
	buckets := []counter.Bucket{
		sitetest.Bucket(t, "2026-09-01T00", 24, 1000), // its hours are not kept
		sitetest.Bucket(t, "2026-11-24T23", 1, 1),
		sitetest.Bucket(t, "2026-11-25T18", 1, 10), // 23:30 in India
		sitetest.Bucket(t, "2026-11-25T19", 1, 100),
		sitetest.Bucket(t, "2026-11-25T23", 1, 5),
	}
	type query = counters.RangeQuery
	for _, row := range []struct {
		query query
		want  []int64
	}{
		{query{From: "2026-11-23"}, []int64{0, 1, 115, 0}},
		{query{From: "2026-11-25", To: "2026-11-25"}, []int64{115}},
		{query{From: "2026-11-23", Zone: "Europe/Berlin"}, []int64{0, 0, 111, 5}},
		{query{From: "2026-11-23", Zone: "Asia/Kolkata"}, []int64{0, 0, 11, 105}},
		{query{From: "2026-11-23", Zone: "America/New_York"}, []int64{0, 1, 115, 0}},
		{query{From: "2026-11-16", Step: "week"}, []int64{0, 116}},
		{query{From: "2026-09", Step: "month"}, []int64{1000, 0, 116}},
		{query{From: "2026-09-01", To: "2026-09-01", Zone: "Pacific/Kiritimati"}, []int64{1000}},
		{query{From: "2026-08-31", To: "2026-09-02", Zone: "Pacific/Pago_Pago"}, []int64{0, 1000, 0}},
		{query{From: "2026-11-25T18:00", To: "2026-11-25T20:00", Step: "hour"}, []int64{10, 100, 0}},
		{query{From: "2026-11-25T23:30", To: "2026-11-26T00:30", Step: "hour", Zone: "Asia/Kolkata"}, []int64{10, 100}},
		{query{From: "2030-01-01", To: "2030-01-02"}, []int64{0, 0}},
	} {
		wantViews(t, history(t, row.query, buckets...), row.want...)
	}
}

// A history also says since when and how exactly it is known.
func TestWhatIsKnownOfAHistory(t *testing.T) {
	old, hour := sitetest.Bucket(t, "2026-09-01T00", 24, 1000), sitetest.Bucket(t, "2026-09-02T23", 1, 7)
	date := func(day int) time.Time { return time.Date(2026, 9, day, 0, 0, 0, 0, time.UTC) }
	for _, row := range []struct {
		query           counters.RangeQuery
		buckets         []counter.Bucket
		since, utcUntil time.Time
		hourless        int64
	}{
		{query: counters.RangeQuery{}},
		{query: counters.RangeQuery{}, buckets: []counter.Bucket{old, hour}, since: date(1)},
		{query: counters.RangeQuery{Zone: "Europe/Berlin"}, buckets: []counter.Bucket{hour}, since: date(3)},
		{query: counters.RangeQuery{From: "2026-09-01", Zone: "Europe/Berlin"}, buckets: []counter.Bucket{old, hour}, since: date(1), utcUntil: date(1)},
		{query: counters.RangeQuery{From: "2026-09-02", Zone: "Europe/Berlin"}, buckets: []counter.Bucket{old, hour}, since: date(1)},
		{query: counters.RangeQuery{From: "2026-09-01"}, buckets: []counter.Bucket{old, hour}, since: date(1)}, // UTC itself
		{query: counters.RangeQuery{From: "2026-09-01", To: "2026-09-02", Step: "hour"}, buckets: []counter.Bucket{old, hour}, since: date(1), hourless: 1000},
		{query: counters.RangeQuery{From: "2026-09-02", To: "2026-09-02", Step: "hour"}, buckets: []counter.Bucket{old, hour}, since: date(1)},
	} {
		h := history(t, row.query, row.buckets...)
		if !h.Since.Equal(row.since) || !h.UTCUntil.Equal(row.utcUntil) || h.Hourless != row.hourless {
			t.Errorf("%+v of %v: since %s, UTC until %s, %d without an hour", row.query, row.buckets, h.Since, h.UTCUntil, h.Hourless)
		}
	}
}

// In any zone and step, each view is in one step.
func TestHistoryCountsEachViewOnce(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, zone := range []string{"", "Europe/Berlin", "Asia/Kolkata", "America/Sao_Paulo", "Africa/Cairo", "Pacific/Apia", "Pacific/Marquesas", "Australia/Lord_Howe", "America/St_Johns"} {
		var buckets []counter.Bucket
		sum := int64(0)
		begin := counter.HourOf(time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC))
		for day := begin; day < begin+1200*counter.DayHours; day += counter.DayHours {
			if random.IntN(3) == 0 {
				buckets = append(buckets, counter.Bucket{Start: day, Hours: counter.DayHours, Count: 1 + random.Int64N(1000)})
			}
			for hour := day; hour < day+counter.DayHours; hour += 1 + counter.Hour(random.IntN(30)) {
				buckets = append(buckets, counter.Bucket{Start: hour, Hours: 1, Count: 1 + random.Int64N(1000)})
			}
		}
		for _, b := range buckets {
			sum += b.Count
		}
		for _, step := range []string{"day", "week", "month"} {
			h := history(t, counters.RangeQuery{From: "2008-12-01", To: "2013-12-01", Step: step, Zone: zone}, buckets...)
			if h.Sum() != sum {
				t.Errorf("%s of %q: %d views; want %d", step, zone, h.Sum(), sum)
			}
		}
	}
}

func TestToday(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(20 * time.Hour) // it is 2000-01-01T20 in the bubble
		store := sitetest.Past(t, map[string][]counter.Bucket{"views:example.com/": {
			sitetest.Bucket(t, "1999-12-31T23", 1, 1), sitetest.Bucket(t, "2000-01-01T00", 1, 10), sitetest.Bucket(t, "2000-01-01T20", 1, 100),
		}})
		kept := counters.New(store, 1, zaptest.NewLogger(t))
		for name, want := range map[string]int64{"": 110, "Europe/Berlin": 111, "Asia/Tokyo": 100, "America/New_York": 100} {
			zone, err := counters.ParseZone(name)
			if err != nil {
				t.Fatal(err)
			}
			if views, err := kept.Today(t.Context(), "views:example.com/", zone); err != nil || views != want {
				t.Errorf("%s: %d, %v; want %d", zone, views, err, want)
			}
		}
	})
}

func TestHistoryErrors(t *testing.T) {
	log := zaptest.NewLogger(t)
	r := counters.LastSteps(3, counters.Daily, time.UTC, now())
	away := errors.New("away")
	for name, row := range map[string]struct {
		store counter.Store
		want  error
	}{
		counters.Home:         {sitetest.BrokenPast{Store: countermemory.New(), Err: away}, away},
		"another program's":   {countermemory.New(), counters.ErrForeign},
		"views:example.com/a": {sitetest.BrokenPast{Store: countermemory.New(), Err: errors.ErrUnsupported}, counters.ErrNoHistory},
		"views:example.com/":  {struct{ counter.Store }{countermemory.New()}, counters.ErrNoHistory},
	} {
		kept := counters.New(row.store, 1, log)
		if _, err := kept.History(t.Context(), name, r); !errors.Is(err, row.want) {
			t.Errorf("%s: %v; want %v", name, err, row.want)
		}
		if _, err := kept.Today(t.Context(), name, time.UTC); !errors.Is(err, row.want) {
			t.Errorf("today, %s: %v; want %v", name, err, row.want)
		}
	}
}
