package client

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget[string](3, time.Minute, 100)
		want := func(key string, want ...bool) {
			t.Helper()
			for i, want := range want {
				if got := b.Take(key); got != want {
					t.Fatalf("%s, take %d: %t; want %t", key, i+1, got, want)
				}
			}
		}
		time.Sleep(50 * time.Second) // the key's minute is its own
		want("a", true, true)
		time.Sleep(30 * time.Second)
		want("a", true, false, false)
		want("b", true, true, true, false)
		time.Sleep(30*time.Second - 1)
		want("a", false)
		time.Sleep(1 * time.Nanosecond)
		want("a", true, true, true, false)
		want("b", false)
		time.Sleep(time.Hour)
		want("a", true, true, true, false)
		want("b", true, true, true, false)
	})
}

// However many keys there are, few are remembered.
func TestBudgetIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget[int](1, time.Hour, 100)
		for key := range 10_000 {
			if !b.Take(key) {
				t.Fatal("a new key has nothing left")
			}
			if b.Take(max(0, key-20)) {
				t.Fatal("a key that was met lately is forgotten")
			}
			if n := len(b.recent) + len(b.older); n > 101 {
				t.Fatalf("%d keys are remembered", n)
			}
		}
	})
}

func TestBudgetAtOnce(t *testing.T) {
	b := NewBudget[string](100, time.Hour, 10)
	wantPassed(t, 100, func() bool { return b.Take("a") })
}

// wantPassed fails unless that many of 800 tries pass, some of them at the same time.
func wantPassed(t *testing.T, want int64, try func() bool) {
	t.Helper()
	var passed atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				if try() {
					passed.Add(1)
				}
			}
		})
	}
	all.Wait()
	if passed.Load() != want {
		t.Errorf("%d passed; want %d", passed.Load(), want)
	}
}
