package counterredis_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// today is the first hour of this day.
func today() counter.Hour { return counter.HourOf(time.Now()).Day() }

func hours(start counter.Hour, count int64) counter.Bucket {
	return counter.Bucket{Start: start, Hours: 1, Count: count}
}

func days(start counter.Hour, count int64) counter.Bucket {
	return counter.Bucket{Start: start, Hours: counter.DayHours, Count: count}
}

// history returns what the counter has from an hour to an hour.
func history(t *testing.T, store *counterredis.Store, name string, from, to counter.Hour) (all []counter.Bucket) {
	t.Helper()
	for bucket, err := range store.History(t.Context(), name, from, to) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, bucket)
	}
	return all
}

func wantHistory(t *testing.T, store *counterredis.Store, name string, from, to counter.Hour, want ...counter.Bucket) {
	t.Helper()
	if got := history(t, store, name, from, to); !slices.Equal(got, want) {
		t.Errorf("the history of %q from %d to %d is %v; want %v", name, from, to, got, want)
	}
}

// inHistory returns how much the counter has in all of its hours and days.
func inHistory(t *testing.T, store *counterredis.Store, name string) (sum int64) {
	t.Helper()
	for _, bucket := range history(t, store, name, 0, counter.MaxHour) {
		sum += bucket.Count
	}
	return sum
}

func setHistory(t *testing.T, store *counterredis.Store, name string, buckets ...counter.Bucket) {
	t.Helper()
	if err := store.SetHistory(t.Context(), name, buckets); err != nil {
		t.Fatal(err)
	}
}

// countMeanwhile has two writers add to "a", in the hours in turn, until stop is called.
func countMeanwhile(t *testing.T, store *counterredis.Store, hour func(i int64) counter.Hour) (stop func()) {
	t.Helper()
	counting, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for w := range 2 {
		wg.Go(func() {
			for i := int64(1); counting.Err() == nil; i++ {
				batch := counter.Batch{Name: "a", Writer: fmt.Sprint(w), Delta: 1, Sum: i, Hour: hour(i)}
				if err := store.Apply(context.WithoutCancel(counting), []counter.Batch{batch})[0].Err; err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	stop = func() {
		cancel()
		wg.Wait()
	}
	t.Cleanup(stop)
	return stop
}

// applyAt applies a batch of the hour that must succeed.
func applyAt(t *testing.T, store *counterredis.Store, name string, hour counter.Hour, delta, sum int64) {
	t.Helper()
	batch := counter.Batch{Name: name, Writer: "w", Delta: delta, Sum: sum, Hour: hour}
	if result := store.Apply(t.Context(), []counter.Batch{batch})[0]; result.Err != nil {
		t.Fatalf("Apply(%+v): %v", batch, result.Err)
	}
}

func TestHistory(t *testing.T) {
	client := redistest.Start(t).Client()
	store := newStore(t, client, counterredis.Options{Prefix: "p:", HistoryHours: 48})
	now := today()
	old := now - 3*counter.DayHours
	sum := int64(0)
	for _, add := range []struct {
		at    counter.Hour
		delta int64
	}{{now + 13, 2}, {now + 13, 3}, {now + 23, 4}, {now - 1, 5}, {old, 6}, {old + 1, 7}, {1, 8}, {0, 9}, {counter.MaxHour, 10}, {now, 0}} {
		sum += add.delta
		applyAt(t, store, "a", add.at, add.delta, sum)
		applyAt(t, store, "a", add.at, add.delta, sum) // a repeat
	}
	wantGet(t, store, "a", sum)
	all := []counter.Bucket{
		days(0, 8), days(old, 13), hours(now-1, 5), hours(now+13, 5), hours(now+23, 4), hours(counter.MaxHour, 10),
	}
	wantHistory(t, store, "a", 0, counter.MaxHour, all...)
	wantHistory(t, store, "a", -5, math.MaxInt64, all...)
	wantHistory(t, store, "a", now, now+23, all[3:5]...)
	wantHistory(t, store, "a", now+14, now+14)
	wantHistory(t, store, "a", old+20, now-1, all[1:3]...)
	wantHistory(t, store, "a", old+20, old+5)
	wantHistory(t, store, "b", 0, counter.MaxHour)
	for _, stop := range []int{1, 3} { // the loop may end early
		for _, err := range store.History(t.Context(), "a", 0, counter.MaxHour) {
			if err != nil {
				t.Error(err)
			}
			if stop--; stop == 0 {
				break
			}
		}
	}

	// What expires says when: two days after its day.
	keys := client.Keys(t.Context(), "{p:a}????-??-??").Val()
	if len(keys) != 3 { // yesterday, today, and the last of all
		t.Errorf("hours are kept of %q; want three days", keys)
	}
	want := (now + 3*counter.DayHours).Time()
	if got := client.ExpireTime(t.Context(), "{p:a}"+now.Time().Format(time.DateOnly)).Val(); got != time.Duration(want.Unix())*time.Second {
		t.Errorf("the hours of today expire at %v; want %v", got, want)
	}
	wantList(t, store, map[string]int64{"a": sum})
	set(t, store, "a", 7)
	wantHistory(t, store, "a", 0, counter.MaxHour, all...)
	set(t, store, "a", 0)
	wantHistory(t, store, "a", 0, counter.MaxHour)
	if keys := braced(t, client); !slices.Equal(keys, []string{"{p:a}:w"}) {
		t.Errorf("after Set to 0 there are %q; want the writer's record alone", keys)
	}
}

// A day whose hours are gone has all that they counted.
func TestHistoryWithoutHours(t *testing.T) {
	client, store := startStore(t)
	now := today()
	applyAt(t, store, "a", now+5, 3, 3)
	wantHistory(t, store, "a", now, now+23, hours(now+5, 3))
	do(t, client, "del", "{a}"+now.Time().Format(time.DateOnly))
	wantHistory(t, store, "a", now, now+23, days(now, 3))
	applyAt(t, store, "a", now+6, 4, 7)
	wantHistory(t, store, "a", now+23, now+23, days(now, 3))
	wantHistory(t, store, "a", now, now+23, days(now, 3), hours(now+6, 4))
}

// Batches that are refused or repeated change no history.
func TestHistoryOfRefusedBatches(t *testing.T) {
	client, store := startStore(t)
	now := today()
	apply := func(name string, delta, sum int64) error {
		return store.Apply(t.Context(), []counter.Batch{{Name: name, Writer: "w", Delta: delta, Sum: sum, Hour: now}})[0].Err
	}
	for name, value := range map[string]any{"text": "x", "full": int64(math.MaxInt64), "list": nil} {
		if value == nil {
			do(t, client, "rpush", name, 1)
		} else {
			do(t, client, "set", name, value)
		}
		for range 2 {
			if err := apply(name, 5, 5); !errors.Is(err, counter.ErrType) && !errors.Is(err, counter.ErrOverflow) {
				t.Errorf("Apply to %s: %v", name, err)
			}
		}
	}
	do(t, client, "set", "{malformed}:w", "x")
	if err := apply("malformed", 5, 5); !errors.Is(err, counter.ErrRecord) {
		t.Errorf("Apply: %v", err)
	}
	do(t, client, "del", "{malformed}:w")
	if keys := braced(t, client); len(keys) > 0 {
		t.Errorf("refused batches leave %q", keys)
	}

	applyAt(t, store, "a", now, 5, 5)
	if err := apply("a", 1, 3); !errors.Is(err, counter.ErrStale) {
		t.Errorf("a late copy: %v", err)
	}
	wantHistory(t, store, "a", now, now, hours(now, 5))
	applyAt(t, store, "a", now+1, 1, 9) // 3 of an earlier batch were lost
	wantHistory(t, store, "a", now, now+23, hours(now, 5), hours(now+1, 4))
	applyAt(t, store, "a", 0, 1, 10)
	wantHistory(t, store, "a", now, now+23, hours(now, 5), hours(now+1, 4))

	// A part of the history that is full refuses the whole batch.
	setHistory(t, store, "a", hours(now, math.MaxInt64))
	if err := apply("a", 1, 11); !errors.Is(err, counter.ErrOverflow) {
		t.Errorf("Apply to a full hour: %v; want %v", err, counter.ErrOverflow)
	}
	wantGet(t, store, "a", 10)
	wantHistory(t, store, "a", now, now+23, hours(now, math.MaxInt64))
}

// A key of a history that holds something else costs the history, not the view.
func TestHistoryOfAnotherType(t *testing.T) {
	client, store := startStore(t)
	now := today()
	month, date := "{a}"+now.Time().Format("2006-01"), "{a}"+now.Time().Format(time.DateOnly)
	for _, other := range [][]any{
		{"set", month, "x"},
		{"set", date, "x"},
		{"set", "{a}months", "x"},
		{"hset", month, now.Time().Format("02"), "x"},
		{"hset", date, "05", "x"},
	} {
		do(t, client, "flushall")
		do(t, client, other...)
		applyAt(t, store, "a", now+5, 3, 3)
		wantGet(t, store, "a", 3)
		if keys := braced(t, client); len(keys) != 2 {
			t.Errorf("with %q there are %q; want that, and the record", other, keys)
		}
		wantHistory(t, store, "a", now, now+23)
		// The owner can mend it.
		setHistory(t, store, "a", hours(now+5, 1))
		applyAt(t, store, "a", now+5, 3, 6)
		wantHistory(t, store, "a", now, now+23, hours(now+5, 4))
	}
}

// No writer and no counter has a key of another's history.
func TestHistoryKeys(t *testing.T) {
	_, store := startStore(t)
	now := today()
	month, date := now.Time().Format("2006-01"), now.Time().Format(time.DateOnly)
	names := []string{"a", "{a}", "{a}" + month, "{a}" + date, "a}" + month, "{a}months", "a:w", "%7Ba%7D" + month}
	for _, name := range names {
		for _, writer := range []string{month, "months", "}" + month, "{a}" + month, ":", "%7D"} {
			batch := counter.Batch{Name: name, Writer: writer, Delta: 1, Sum: 1, Hour: now}
			if err := store.Apply(t.Context(), []counter.Batch{batch})[0].Err; err != nil {
				t.Errorf("%q: %v", name, err)
			}
		}
	}
	for _, name := range names {
		wantGet(t, store, name, 6)
		wantHistory(t, store, name, now, now, hours(now, 6))
	}
}

func TestSetHistory(t *testing.T) {
	client, store := startStore(t)
	now := today()
	setHistory(t, store, "a")
	if keys := client.Keys(t.Context(), "*").Val(); len(keys) > 0 {
		t.Errorf("no history is in %q", keys)
	}
	applyAt(t, store, "a", now+1, 3, 3)
	applyAt(t, store, "a", now-100*counter.DayHours, 3, 6)
	long := 400 * counter.DayHours
	want := []counter.Bucket{days(0, 1), days(now.Day()-counter.Hour(long), 2), days(now, 4), hours(now, 5), hours(now+23, 6)}
	setHistory(t, store, "a", hours(now+23, 6), days(now, 4), hours(5, 1), days(now-counter.Hour(long), 2), hours(now, 5))
	wantHistory(t, store, "a", 0, counter.MaxHour, want...)
	wantGet(t, store, "a", 6)
	setHistory(t, store, "a", want...)
	wantHistory(t, store, "a", 0, counter.MaxHour, want...)
	if got := client.TTL(t.Context(), "{a}"+now.Time().Format(time.DateOnly)).Val(); got < 60*24*time.Hour || got > 61*24*time.Hour {
		t.Errorf("the hours expire in %v; want 60 days after the day", got)
	}
	applyAt(t, store, "a", now, 1, 7)
	want[3].Count++
	wantHistory(t, store, "a", 0, counter.MaxHour, want...)
	if err := store.SetHistory(t.Context(), "a", []counter.Bucket{days(1, 1)}); !errors.Is(err, counter.ErrBucket) {
		t.Errorf("SetHistory: %v; want %v", err, counter.ErrBucket)
	}
	wantHistory(t, store, "a", 0, counter.MaxHour, want...)
	setHistory(t, store, "a")
	if keys := braced(t, client); len(keys) != 1 {
		t.Errorf("without a history there are %q; want the record alone", keys)
	}
}

// A history stays consistent while some callers replace or remove it and others count.
func TestSetHistoryWhileCounting(t *testing.T) {
	store := newStore(t, redistest.Start(t, "--appendonly", "no").Client(), counterredis.Options{})
	stop := countMeanwhile(t, store, func(i int64) counter.Hour { return 1 + counter.Hour(i)/10 })
	for range 20 {
		setHistory(t, store, "a", days(0, 5))
		set(t, store, "a", 0)
	}
	stop()
	wantGet(t, store, "a", inHistory(t, store, "a"))
}

// Without permission for the commands of histories, views are counted without a history.
func TestNoHistory(t *testing.T) {
	server := redistest.Start(t)
	admin := server.Client()
	setUser(t, admin, "~a", "~{a}:*", "-@all", "+ping", "+get", "+set", "+del", "+incrby", "+eval", "+evalsha")
	store := openWith(t, withLogin(server, "limited:s3cret"), counterredis.Options{NoHistory: true})
	applyAt(t, store, "a", today(), 3, 3)
	wantHistory(t, newStore(t, admin, counterredis.Options{}), "a", 0, counter.MaxHour)
	set(t, store, "a", 0)
	if keys := braced(t, admin); !slices.Equal(keys, []string{"{a}:w"}) {
		t.Errorf("there are %q; want the record alone", keys)
	}
}

func TestHistoryFails(t *testing.T) {
	server := redistest.Start(t)
	store := open(t, server.URL())
	server.Stop()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, ctx := range map[string]context.Context{"a": t.Context(), "b": ended, "": t.Context()} {
		for bucket, err := range store.History(ctx, name, 0, 100) {
			if err == nil || errors.Is(err, counter.ErrUnknown) || bucket != (counter.Bucket{}) {
				t.Errorf("History of %q yields %v, %v; want an error", name, bucket, err)
			}
		}
	}
}

// The keys of a history are in the slot of its counter.
func TestHistoryInCluster(t *testing.T) {
	t.Parallel()
	_, store := startClusterStore(t)
	now := today()
	var names []string
	for i := range 600 { // more than go in one pipeline
		names = append(names, fmt.Sprint("views:", i))
		applyAt(t, store, names[i], now, int64(i)+1, int64(i)+1)
	}
	histories, errs := store.Histories(t.Context(), names, now, now+5)
	byDay, dayErrs := store.Days(t.Context(), names, now-24, now)
	for i, name := range names {
		if errs[i] != nil || !slices.Equal(histories[i], []counter.Bucket{hours(now, int64(i)+1)}) {
			t.Fatalf("the history of %q among others is %v, %v", name, histories[i], errs[i])
		}
		if dayErrs[i] != nil || !slices.Equal(byDay[i], []counter.Bucket{{Start: now, Hours: counter.DayHours, Count: int64(i) + 1}}) {
			t.Fatalf("the days of %q among others are %v, %v", name, byDay[i], dayErrs[i])
		}
	}
	for _, name := range []string{"a", "b", "c", "{d}", strings.Repeat("e", counter.MaxNameLen)} {
		applyAt(t, store, name, now, 3, 3)
		wantHistory(t, store, name, 0, counter.MaxHour, hours(now, 3))
		setHistory(t, store, name, days(24, 1), hours(now+1, 7))
		wantHistory(t, store, name, 0, counter.MaxHour, days(24, 1), hours(now+1, 7))
		set(t, store, name, 0)
		wantHistory(t, store, name, 0, counter.MaxHour)
	}
}

// A day and its hours are read at one moment: together they never have more, nor less, than
// what was counted.
func TestHistoryWhileCounting(t *testing.T) {
	store := newStore(t, redistest.Start(t, "--appendonly", "no").Client(), counterredis.Options{})
	now := today()
	setHistory(t, store, "a", days(now, 1000))
	stop := countMeanwhile(t, store, func(i int64) counter.Hour { return now + counter.Hour(i%counter.DayHours) })
	for range 300 {
		for _, bucket := range history(t, store, "a", now, now) {
			if bucket.Hours == counter.DayHours && bucket.Count != 1000 {
				t.Errorf("History yields %v; want the day to have 1000", bucket)
			}
		}
	}
	stop()
}
