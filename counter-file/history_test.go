package counterfile_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/bbolt"

	counter "example.com/herokuapp/counter-core"
	counterfile "example.com/herokuapp/counter-file"
)

// model is what a counter with a history has to be, without a file.
type model struct {
	value   int64
	hours   map[counter.Hour]int64
	days    map[counter.Hour]int64 // of which the hour isn't known
	sources map[string]int64
}

func newModel() *model {
	return &model{hours: map[counter.Hour]int64{}, days: map[counter.Hour]int64{}, sources: map[string]int64{}}
}

// forget is what removing a counter leaves: the records of its writers.
func (m *model) forget() {
	m.value = 0
	clear(m.hours)
	clear(m.days)
	clear(m.sources)
}

func (m *model) add(buckets []counter.Bucket) {
	for _, b := range buckets {
		if b.Hours == 1 {
			m.hours[b.Start] += b.Count
		} else {
			m.days[b.Start] += b.Count
		}
	}
}

// history is what the counter has from from to to, if hours before since are not kept.
func (m *model) history(from, to, since counter.Hour) []counter.Bucket {
	if from > to {
		return nil
	}
	days := maps.Clone(m.days)
	var buckets []counter.Bucket
	for hour, n := range m.hours {
		switch {
		case hour < since:
			days[hour.Day()] += n
		case from <= hour && hour <= to:
			buckets = append(buckets, counter.Bucket{Start: hour, Hours: 1, Count: n})
		}
	}
	for day, n := range days {
		if from <= day+counter.DayHours-1 && day <= to {
			buckets = append(buckets, counter.Bucket{Start: day, Hours: counter.DayHours, Count: n})
		}
	}
	slices.SortFunc(buckets, func(a, b counter.Bucket) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.Hours, a.Hours))
	})
	return buckets
}

// A store does what the model does, for two months of changes of every kind.
func TestHistoryModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const keep = 50
		path := newPath(t)
		opts := counterfile.Options{HistoryHours: keep}
		store, err := counterfile.Open(path, opts)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			closeStore(t, store)
		}()
		names := []string{"a", "ab", "b", "views:example.com/ä"}
		models := map[string]*model{}
		for _, name := range names {
			models[name] = newModel()
		}
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		random := rand.New(rand.NewPCG(seed, 0))
		for step := range 3000 {
			time.Sleep(time.Duration(random.IntN(60)) * time.Minute)
			now := counter.HourOf(time.Now())
			since := (now - keep).Day()
			name, other := names[random.IntN(len(names))], names[random.IntN(len(names))]
			m := models[name]
			switch random.IntN(12) {
			case 0:
				setHistory(t, store, name, nil)
				clear(m.hours)
				clear(m.days)
			case 1:
				buckets := randomBuckets(random, now)
				setHistory(t, store, name, buckets)
				clear(m.hours)
				clear(m.days)
				m.add(buckets)
			case 2:
				value := random.Int64N(2) * random.Int64N(1000)
				set(t, store, name, value)
				if m.value = value; value == 0 {
					m.forget()
				}
			case 3:
				err := store.Move(t.Context(), name, other)
				if name == other {
					if !errors.Is(err, counter.ErrName) {
						t.Fatalf("Move to itself: %v", err)
					}
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if m.value != 0 {
					to := models[other]
					to.value += m.value
					to.add(m.history(0, counter.MaxHour, 0))
					for source, total := range m.sources {
						to.sources[source] = max(to.sources[source], total)
					}
					m.forget()
				}
			case 4:
				past := randomBuckets(random, now)
				total := random.Int64N(100)
				for _, b := range past {
					total += b.Count
				}
				source := fmt.Sprint("https://example.com/", random.IntN(3))
				want := max(total-m.sources[source], 0)
				if got, err := store.Bring(t.Context(), name, source, total, past); got != want || err != nil {
					t.Fatalf("Bring(%q, %q, %d) = %d, %v; want %d", name, source, total, got, err, want)
				}
				if _, known := m.sources[source]; !known {
					m.add(past)
				}
				m.value += want
				m.sources[source] = max(m.sources[source], total)
				if total == 0 && want == 0 && m.sources[source] == 0 {
					delete(m.sources, source)
				}
			case 5:
				closeStore(t, store)
				if store, err = counterfile.Open(path, opts); err != nil {
					t.Fatal(err)
				}
			default:
				batch := counter.Batch{Name: name, Writer: fmt.Sprint("w", step), Delta: 1 + random.Int64N(5)}
				batch.Sum = batch.Delta
				batch.Hour = now - counter.Hour(random.IntN(100))
				if random.IntN(10) == 0 {
					batch.Hour = 0
				}
				for range 1 + random.IntN(2) {
					if result := store.Apply(t.Context(), []counter.Batch{batch})[0]; result.Err != nil || result.Total != m.value+batch.Delta {
						t.Fatalf("Apply(%v) = %+v; want %d", batch, result, m.value+batch.Delta)
					}
				}
				if m.value += batch.Delta; batch.Hour != 0 {
					m.hours[batch.Hour] += batch.Delta
				}
			}
			if got, err := store.Get(t.Context(), name); got != m.value || err != nil {
				t.Fatalf("step %d: %q is %d, %v; want %d", step, name, got, err, m.value)
			}
			from := now - counter.Hour(random.IntN(300))
			to := from + counter.Hour(random.IntN(300)) - 5
			if random.IntN(2) == 0 {
				from, to = math.MinInt64, math.MaxInt64
			}
			wantHistory(t, store, name, from, to, m.history(from, to, since))
		}
	})
}

// randomBuckets are some hours and days up to now.
func randomBuckets(random *rand.Rand, now counter.Hour) []counter.Bucket {
	unique := map[counter.Bucket]int64{}
	for range random.IntN(20) {
		b := counter.Bucket{Start: now - counter.Hour(random.IntN(2000)), Hours: 1}
		if random.IntN(2) == 0 {
			b.Start, b.Hours = b.Start.Day(), counter.DayHours
		}
		unique[b] = 1 + random.Int64N(100)
	}
	var buckets []counter.Bucket
	for b, n := range unique {
		b.Count = n
		buckets = append(buckets, b)
	}
	return buckets
}

func setHistory(t *testing.T, store counter.Historian, name string, buckets []counter.Bucket) {
	t.Helper()
	if err := store.SetHistory(t.Context(), name, buckets); err != nil {
		t.Fatal(err)
	}
}

func wantHistory(t *testing.T, store counter.Historian, name string, from, to counter.Hour, want []counter.Bucket) {
	t.Helper()
	var got []counter.Bucket
	for b, err := range store.History(t.Context(), name, from, to) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, b)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("History(%q, %d, %d) =\n%v; want\n%v", name, from, to, got, want)
	}
}

// Hours that are no longer kept become days, some with each commit, so that a commit takes
// no longer than others. Nobody sees how far that is.
func TestHoursAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := open(t, newPath(t))
		const names = 200
		var batches []counter.Batch
		now := counter.HourOf(time.Now())
		for i := range names {
			batches = append(batches, counter.Batch{Name: fmt.Sprint(i), Writer: "w", Delta: 3, Sum: 3, Hour: now})
		}
		mustApply(t, store, batches...)
		for _, wait := range []time.Duration{0, 60 * 24 * time.Hour, 23*time.Hour + 59*time.Minute} {
			time.Sleep(wait)
			mustApply(t, store, counter.Batch{Name: "other", Writer: fmt.Sprint(wait), Delta: 1, Sum: 1})
			if got := store.HourRows(t); got != names {
				t.Fatalf("%d rows of hours; want %d", got, names)
			}
			wantHistory(t, store, "7", 0, counter.MaxHour, []counter.Bucket{{Start: now, Hours: 1, Count: 3}})
		}
		time.Sleep(time.Minute) // the day ended 60 days ago
		for i := range names {
			wantHistory(t, store, "7", 0, counter.MaxHour, []counter.Bucket{{Start: now.Day(), Hours: counter.DayHours, Count: 3}})
			before := store.HourRows(t)
			mustApply(t, store, counter.Batch{Name: "other", Writer: fmt.Sprint(i), Delta: 1, Sum: 1})
			if swept := before - store.HourRows(t); swept != min(before, 4) {
				t.Fatalf("a commit has swept %d rows of %d; want 4", swept, before)
			}
		}
		if got := store.HourRows(t); got != 0 {
			t.Errorf("%d rows of hours remain", got)
		}
	})
}

func mustApply(t *testing.T, store counter.Backend, batches ...counter.Batch) {
	t.Helper()
	for i, result := range store.Apply(t.Context(), batches) {
		if result.Err != nil {
			t.Fatalf("Apply(%v): %v", batches[i], result.Err)
		}
	}
}

// An addition that would make a day larger than an int64 is refused, whether its hours are kept
// or not.
func TestHistoryOverflow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := counter.HourOf(time.Now())
		for hours, bucket := range map[string]counter.Bucket{
			"in an hour":        {Start: now, Hours: 1, Count: math.MaxInt64},
			"in a day":          {Start: now.Day(), Hours: counter.DayHours, Count: math.MaxInt64},
			"in a day long ago": {Start: now.Day() - 100*counter.DayHours, Hours: counter.DayHours, Count: math.MaxInt64},
		} {
			store := open(t, newPath(t))
			full := []counter.Bucket{bucket}
			setHistory(t, store, "a", full)
			hour := bucket.Start + 1
			if hour%counter.DayHours == 0 {
				hour--
			}
			batch := counter.Batch{Name: "a", Writer: "w", Delta: 5, Sum: 5, Hour: hour}
			for range 2 {
				if got := store.Apply(t.Context(), []counter.Batch{batch})[0]; !errors.Is(got.Err, counter.ErrOverflow) {
					t.Errorf("Apply to what is full %s: %+v; want an overflow", hours, got)
				}
			}
			batch.Name = "b"
			mustApply(t, store, batch)
			for range 2 {
				if err := store.Move(t.Context(), "b", "a"); !errors.Is(err, counter.ErrOverflow) {
					t.Errorf("Move to what is full %s: %v; want an overflow", hours, err)
				}
				_, err := store.Bring(t.Context(), "a", "source", 1, []counter.Bucket{{Start: hour, Hours: 1, Count: 1}})
				if !errors.Is(err, counter.ErrOverflow) {
					t.Errorf("Bring to what is full %s: %v; want an overflow", hours, err)
				}
			}
			wantHistory(t, store, "a", 0, counter.MaxHour, full)
			if got := listed(t, store); !maps.Equal(got, map[string]int64{"b": 5}) {
				t.Errorf("full %s: the counters are %v; want b: 5", hours, got)
			}
			batch.Name, batch.Hour = "a", hour+counter.DayHours
			mustApply(t, store, batch)
		}
	})
}

// Hours whose time is over, but which were not swept yet, are part of their day.
func TestHistoryOverflowBeforeSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := open(t, newPath(t))
		hour := counter.HourOf(time.Now())
		setHistory(t, store, "a", []counter.Bucket{{Start: hour, Hours: 1, Count: math.MaxInt64}})
		time.Sleep(100 * 24 * time.Hour)
		batch := counter.Batch{Name: "a", Writer: "w", Delta: 1, Sum: 1, Hour: hour}
		if got := store.Apply(t.Context(), []counter.Batch{batch})[0]; !errors.Is(got.Err, counter.ErrOverflow) {
			t.Errorf("Apply = %+v; want an overflow", got)
		}
		wantHistory(t, store, "a", 0, counter.MaxHour, []counter.Bucket{{Start: hour.Day(), Hours: counter.DayHours, Count: math.MaxInt64}})
	})
}

// If hours were once kept for a shorter time, hours come to a day that has become whole.
func TestHistoryHoursChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := newPath(t)
		hour := counter.HourOf(time.Now()).Day() + 3
		time.Sleep(10 * 24 * time.Hour)
		inDay, inHour := int64(0), int64(0)
		for i, keep := range []int{1, 1000, 1, 1000} {
			store, err := counterfile.Open(path, counterfile.Options{HistoryHours: keep})
			if err != nil {
				t.Fatal(err)
			}
			mustApply(t, store, counter.Batch{Name: "a", Writer: fmt.Sprint(i), Delta: 2, Sum: 2, Hour: hour})
			day := []counter.Bucket{{Start: hour.Day(), Hours: counter.DayHours, Count: 3}}
			if _, err := store.Bring(t.Context(), "a", fmt.Sprint(i), 3, day); err != nil {
				t.Fatal(err)
			}
			inDay, inHour = inDay+3, inHour+2
			if keep == 1 {
				inDay, inHour = inDay+inHour, 0
			}
			want := []counter.Bucket{{Start: hour.Day(), Hours: counter.DayHours, Count: inDay}}
			if inHour > 0 {
				want = append(want, counter.Bucket{Start: hour, Hours: 1, Count: inHour})
			}
			wantHistory(t, store, "a", hour.Day()+23, hour.Day()+23, want[:1])
			wantHistory(t, store, "a", 0, counter.MaxHour, want)
			closeStore(t, store)
		}
	})
}

// A refusal changes nothing, not even with other batches in its commit.
func TestHistoryOfRefusals(t *testing.T) {
	store := open(t, newPath(t))
	set(t, store, "full", math.MaxInt64)
	hour := counter.HourOf(time.Now())
	batches := []counter.Batch{
		{Name: "a", Writer: "w", Delta: 1, Sum: 1, Hour: hour},
		{Name: "full", Writer: "w", Delta: 1, Sum: 1, Hour: hour},
		{Name: "late", Writer: "w", Delta: 1, Sum: 1, Hour: -1},
		{Name: "early", Writer: "w", Delta: 1, Sum: 1, Hour: counter.MaxHour + 1},
	}
	for i, want := range []error{nil, counter.ErrOverflow, counter.ErrDelta, counter.ErrDelta} {
		if got := store.Apply(t.Context(), batches)[i]; !errors.Is(got.Err, want) {
			t.Errorf("Apply(%v): %v; want %v", batches[i], got.Err, want)
		}
	}
	wantHistory(t, store, "a", 0, counter.MaxHour, []counter.Bucket{{Start: hour, Hours: 1, Count: 1}})
	wantHistory(t, store, "full", 0, counter.MaxHour, nil)
	if got := listed(t, store); !maps.Equal(got, map[string]int64{"a": 1, "full": math.MaxInt64}) {
		t.Errorf("the counters are %v", got)
	}
}

// A file without a history opens, keeps its counts, and gets a history with the first batch
// that has an hour. A program that knows no history still opens it then: it looks for these
// three buckets and the format, and leaves other buckets alone.
func TestHistoryInOldFile(t *testing.T) {
	path := newPath(t)
	store := open(t, path)
	mustApply(t, store, counter.Batch{Name: "a", Writer: "w", Delta: 7, Sum: 7})
	set(t, store, "gone", 0)
	wantHistory(t, store, "a", 0, counter.MaxHour, nil)
	closeStore(t, store)
	wantBuckets(t, path, "counter-file", "counters", "records")

	store = open(t, path)
	hour := counter.HourOf(time.Now())
	mustApply(t, store, counter.Batch{Name: "a", Writer: "w", Delta: 2, Sum: 9, Hour: hour})
	wantHistory(t, store, "a", 0, counter.MaxHour, []counter.Bucket{{Start: hour, Hours: 1, Count: 2}})
	if got := listed(t, store); got["a"] != 9 {
		t.Errorf("the counters are %v; want a: 9", got)
	}
	closeStore(t, store)
	wantBuckets(t, path, "counter-file", "counters", "hours", "records")
}

// wantBuckets fails unless the file is of format 1 and has these buckets.
func wantBuckets(t *testing.T, path string, want ...string) {
	t.Helper()
	db, err := bbolt.Open(path, 0, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var got []string
	var format []byte
	err = db.View(func(tx *bbolt.Tx) error {
		format = slices.Clone(tx.Bucket([]byte("counter-file")).Get([]byte("format")))
		return tx.ForEach(func(name []byte, _ *bbolt.Bucket) error {
			got = append(got, string(name))
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) || len(format) < 8 || format[7] != 1 {
		t.Errorf("the file of the format %v has the buckets %q; want format 1 and %q", format, got, want)
	}
}
