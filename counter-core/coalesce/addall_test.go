package coalesce_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
)

// A view of a page and of its site is one call, also where each is added to alone.
func TestAddAllTakesOneCall(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		add(t, s, "site", 10)
		before := len(l.sent())
		for n := range int64(3) {
			values, errs := s.AddAll(t.Context(), []string{"page", "site"}, 2)
			if want := []int64{2 * (n + 1), 10 + 2*(n+1)}; !slices.Equal(values, want) || errors.Join(errs...) != nil {
				t.Errorf("%v, %v; want %v", values, errs, want)
			}
		}
		if calls := l.sent()[before:]; len(calls) != 3 || len(calls[0]) != 2 {
			t.Errorf("calls: %v; want three with both counters", calls)
		}
		if stats := s.Stats(); stats.Additions != 10+3*2*2 {
			t.Errorf("%d additions", stats.Additions)
		}
	})
}

// A counter that can't be added to doesn't keep the others.
func TestAddAllOfSome(t *testing.T) {
	bubble(t, coalesce.Options{Wait: time.Second}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		add(t, s, "known", 5)
		l.failing("known", errAway)
		_, err := counter.Inc(t.Context(), s, "known")
		wantPending(t, err, 6)

		values, errs := s.AddAll(t.Context(), []string{"good", "bad\n", "known", strings.Repeat("x", 513)}, 1)
		if values[0] != 1 || errs[0] != nil || !errors.Is(errs[1], counter.ErrName) || !errors.Is(errs[3], counter.ErrName) {
			t.Errorf("%v, %v", values, errs)
		}
		wantPending(t, errs[2], 7)

		l.interpose(nil)
		time.Sleep(time.Minute)
		wantTotal(t, l, "known", 7)
	})
}

func TestAddAllRefuses(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		names := []string{"a", "b"}
		want := func(errs []error, target error) {
			t.Helper()
			if len(errs) != 2 || !errors.Is(errs[0], target) || !errors.Is(errs[1], target) {
				t.Errorf("%v; want %v twice", errs, target)
			}
		}
		_, errs := s.AddAll(ended, names, 1)
		want(errs, context.Canceled)
		_, errs = s.AddAll(t.Context(), names, 0)
		want(errs, counter.ErrDelta)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		_, errs = s.AddAll(t.Context(), names, 1)
		want(errs, counter.ErrClosed)
		if calls := l.sent(); len(calls) != 0 {
			t.Errorf("calls: %v", calls)
		}
	})
}

// A caller that does not wait to the end has all it has added kept.
func TestAddAllCancelled(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		gate := l.gated()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, errs := s.AddAll(ctx, []string{"a", "b"}, 1)
		for _, err := range errs {
			if !errors.Is(err, counter.ErrPending) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v", err)
			}
		}
		close(gate)
		synctest.Wait()
		wantTotal(t, l, "a", 1)
		wantTotal(t, l, "b", 1)
	})
}
