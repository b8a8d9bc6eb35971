package client

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

func TestLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter[string](3, 10*time.Second, 100)
		want := func(key string, wait time.Duration) {
			t.Helper()
			if asked, got := l.Wait(key), l.Take(key); asked != wait || got != wait {
				t.Fatalf("%s waits %s, and %s after it was asked; want %s", key, got, asked, wait)
			}
		}
		for range 3 {
			want("a", 0)
		}
		want("a", 10*time.Second)
		want("b", 0) // others are not slowed down
		time.Sleep(4 * time.Second)
		want("a", 6*time.Second) // what was refused costs nothing
		time.Sleep(6 * time.Second)
		want("a", 0)
		want("a", 10*time.Second)
		time.Sleep(20 * time.Second)
		want("a", 0)
		want("a", 0)
		want("a", 10*time.Second)
		time.Sleep(time.Hour) // no more than a burst is saved up
		for range 3 {
			want("a", 0)
		}
		want("a", 10*time.Second)
	})
}

// Whenever a key asks, it is allowed what a bucket says that is never forgotten.
func TestLimiterForgetsOnlyFullBuckets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const burst, interval = 5, time.Second
		random := rand.New(rand.NewPCG(1, 2))
		l := NewLimiter[int](burst, interval, 1000)
		full := map[int]time.Time{}
		for range 20_000 {
			key, now := random.IntN(20), time.Now()
			want := burst*interval-max(0, full[key].Sub(now)) >= interval
			if got := l.Take(key) == 0; got != want {
				t.Fatalf("allowed: %t; want %t", got, want)
			}
			if want {
				full[key] = now.Add(max(0, full[key].Sub(now)) + interval)
			}
			time.Sleep(time.Duration(random.IntN(200)) * time.Millisecond)
		}
	})
}

// However many keys there are, few are remembered, and these are the latest.
func TestLimiterIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter[int](1, time.Hour, 100)
		for key := range 100_000 {
			if l.Take(key) != 0 {
				t.Fatal("a new key has to wait")
			}
			if l.Take(max(0, key-40)) == 0 && key > 0 {
				t.Fatal("a key that was met lately is forgotten")
			}
			if n := len(l.recent) + len(l.older); n > 100 {
				t.Fatalf("%d keys are remembered", n)
			}
		}
	})
}

// At the same time no more get through than one after the other.
func TestLimiterAtOnce(t *testing.T) {
	l := NewLimiter[string](100, time.Hour, 10)
	wantPassed(t, 100, func() bool {
		l.Wait("a")
		return l.Take("a") == 0
	})
}
