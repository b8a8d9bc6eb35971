package live_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.com/herokuapp/app/internal/live"
)

// counted is a counter that a test changes.
type counted struct {
	value atomic.Int64
	reads atomic.Int64
	fails atomic.Bool
	hangs atomic.Bool
}

func (c *counted) get(ctx context.Context, _ string) (int64, error) {
	c.reads.Add(1)
	if c.hangs.Load() {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	if c.fails.Load() {
		return 0, errors.New("away")
	}
	return c.value.Load(), nil
}

func listen(t *testing.T, hub *live.Hub, name string) (values <-chan int64, stop func()) {
	t.Helper()
	values, stop, err := hub.Listen(name)
	if err != nil {
		t.Fatal(err)
	}
	return values, stop
}

func want(t *testing.T, values <-chan int64, want int64) {
	t.Helper()
	synctest.Wait()
	select {
	case got, ok := <-values:
		if !ok || got != want {
			t.Errorf("told %d, %t; want %d", got, ok, want)
		}
	default:
		t.Errorf("told nothing; want %d", want)
	}
}

func wantNothing(t *testing.T, values <-chan int64) {
	t.Helper()
	synctest.Wait()
	select {
	case got, ok := <-values:
		t.Errorf("told %d, %t; want nothing", got, ok)
	default:
	}
}

func TestListenersAreToldWhatChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c counted
		c.value.Store(41)
		hub := live.NewHub(c.get, 10)
		defer hub.Close()
		first, stopFirst := listen(t, hub, "a")
		want(t, first, 41)
		second, stopSecond := listen(t, hub, "a")
		wantNothing(t, second) // what was read before it came may be older than what it knows
		time.Sleep(time.Second)
		want(t, second, 41)
		if got := c.reads.Load(); got != 2 {
			t.Errorf("%d readings for two listeners; want 2", got)
		}
		wantNothing(t, first)
		c.value.Store(42)
		time.Sleep(time.Second)
		want(t, first, 42)
		// The second has not looked for a while, and is told only the latest.
		c.value.Store(43)
		time.Sleep(time.Second)
		want(t, second, 43)
		wantNothing(t, second)

		stopFirst()
		stopFirst() // does nothing
		if got := hub.Listeners(); got != 1 {
			t.Errorf("%d listeners; want 1", got)
		}
		stopSecond()
		synctest.Wait()
		reads := c.reads.Load()
		time.Sleep(time.Minute)
		if got := c.reads.Load(); got != reads || hub.Listeners() != 0 {
			t.Errorf("%d readings with no listener, %d listeners", got-reads, hub.Listeners())
		}
		again, stop := listen(t, hub, "a")
		defer stop()
		want(t, again, 43)
	})
}

// A listener who has just seen a view counted is not told the number before it, not even by
// a reading that was under way.
func TestNoValueIsOlderThanItsListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var value atomic.Int64
		value.Store(41)
		hub := live.NewHub(func(context.Context, string) (int64, error) {
			read := value.Load()
			time.Sleep(100 * time.Millisecond)
			return read, nil
		}, 10)
		defer hub.Close()
		first, stopFirst := listen(t, hub, "a")
		defer stopFirst()
		synctest.Wait() // the first reading is under way
		value.Store(42)
		second, stopSecond := listen(t, hub, "a")
		defer stopSecond()
		time.Sleep(100 * time.Millisecond)
		want(t, first, 41)
		wantNothing(t, second)
		time.Sleep(1100 * time.Millisecond)
		want(t, first, 42)
		want(t, second, 42)
	})
}

func TestStoreThatFailsOrHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c counted
		hub := live.NewHub(c.get, 10)
		defer hub.Close()
		values, stop := listen(t, hub, "a")
		defer stop()
		want(t, values, 0)
		for _, breaks := range []*atomic.Bool{&c.fails, &c.hangs} {
			breaks.Store(true)
			reads := c.reads.Load()
			time.Sleep(time.Minute)
			if got := c.reads.Load() - reads; got < 3 || got > 10 {
				t.Errorf("%d readings in a minute of failures; want a few", got)
			}
			wantNothing(t, values)
			breaks.Store(false)
			now := c.value.Add(1)
			time.Sleep(time.Minute)
			want(t, values, now)
		}
	})
}

func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c counted
		hub := live.NewHub(c.get, 2)
		defer hub.Close()
		_, stop := listen(t, hub, "a")
		_, stopOther := listen(t, hub, "b")
		defer stopOther()
		if _, _, err := hub.Listen("a"); !errors.Is(err, live.ErrFull) {
			t.Errorf("the third: %v; want ErrFull", err)
		}
		stop()
		_, stop = listen(t, hub, "c")
		stop()
	})
}

func TestCloseEndsListeners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c counted
		c.hangs.Store(true)
		hub := live.NewHub(c.get, 10)
		values, stop := listen(t, hub, "a")
		synctest.Wait()
		start := time.Now()
		hub.Close()
		hub.Close()
		if _, ok := <-values; ok || time.Since(start) > 0 {
			t.Errorf("a value, or %v; want the end at once", time.Since(start))
		}
		stop()
		if _, _, err := hub.Listen("a"); !errors.Is(err, live.ErrClosed) || hub.Listeners() != 0 {
			t.Errorf("%v, %d listeners; want ErrClosed and none", err, hub.Listeners())
		}
	})
}

// Listeners come and go while the counter changes.
func TestManyListeners(t *testing.T) {
	var c counted
	hub := live.NewHub(c.get, 2000)
	var wg sync.WaitGroup
	for range 1000 {
		wg.Go(func() {
			values, stop, err := hub.Listen("a")
			if err != nil {
				t.Error(err)
				return
			}
			defer stop()
			c.value.Add(1)
			if _, ok := <-values; !ok {
				t.Error("closed; want a value")
			}
		})
	}
	wg.Wait()
	if got := hub.Listeners(); got != 0 {
		t.Errorf("%d listeners; want none", got)
	}
	hub.Close()
}

// Listeners of many counters don't have the store read without bound, and are told nevertheless.
func TestManyCountersAreReadLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const names = 2000
		var c counted
		hub := live.NewHub(c.get, names)
		defer hub.Close()
		var last <-chan int64
		for i := range names {
			last, _ = listen(t, hub, strconv.Itoa(i))
		}
		want(t, last, 0)
		time.Sleep(10 * time.Second)
		before := c.reads.Load()
		time.Sleep(20 * time.Second)
		if reads := c.reads.Load() - before; reads < 15_000 || reads > 25_000 {
			t.Errorf("%d readings in 20 seconds; want about 1,000 a second", reads)
		}
		c.value.Store(1)
		time.Sleep(3 * time.Second)
		want(t, last, 1)
	})
}
