package coalesce_test

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
)

// moving is a ledger that moves counters, at once and only if move lets it.
type moving struct {
	*ledger

	move func(ctx context.Context) error
}

func (m moving) Move(ctx context.Context, from, to string) error {
	if err := m.move(ctx); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.totals[to] += m.totals[from]
	m.totals[from] = 0
	return nil
}

func (m moving) Bring(ctx context.Context, name, _ string, total int64, past []counter.Bucket) (int64, error) {
	if err := m.move(ctx); err != nil {
		return 0, err
	}
	_, err := m.Add(ctx, name, total)
	return total, errors.Join(err, m.SetHistory(ctx, name, past))
}

func (moving) Brought(context.Context, string, string) (int64, error) { return 5, nil }

func (m moving) History(_ context.Context, name string, from, to counter.Hour) iter.Seq2[counter.Bucket, error] {
	return func(yield func(counter.Bucket, error) bool) {
		hours := m.history(name, 0)
		for _, hour := range slices.Sorted(maps.Keys(hours)) {
			if from <= hour && hour <= to && !yield(counter.Bucket{Start: hour, Hours: 1, Count: hours[hour]}, nil) {
				return
			}
		}
	}
}

func (m moving) SetHistory(_ context.Context, name string, buckets []counter.Bucket) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hours[name] = map[counter.Hour]int64{}
	for _, b := range buckets {
		m.hours[name][b.Start] += b.Count
	}
	return nil
}

// mover runs a test as bubble does, over a store that moves counters as move says.
func mover(t *testing.T, move func(context.Context) error, test func(*testing.T, *coalesce.Store, *ledger)) {
	t.Helper()
	bubbleOver(t, func(l *ledger) counter.Backend { return moving{l, move} }, coalesce.Options{History: true}, test)
}

func atOnce(context.Context) error { return nil }

func move(t *testing.T, s *coalesce.Store, from, to string) {
	t.Helper()
	if err := s.Move(t.Context(), from, to); err != nil {
		t.Fatal(err)
	}
}

// Move waits for what is on the way to both counters, and what comes later waits for it.
func TestMoveWaitsItsTurn(t *testing.T) {
	for _, name := range []string{"a", "b"} {
		t.Run(name, func(t *testing.T) {
			mover(t, atOnce, func(t *testing.T, s *coalesce.Store, l *ledger) {
				add(t, s, "a", 10)
				add(t, s, "b", 100)
				gate := l.gated()
				first := inc(t.Context(), s, name)
				synctest.Wait()
				moved := make(chan error, 1)
				go func() { moved <- s.Move(t.Context(), "a", "b") }()
				synctest.Wait()
				later := []func() (int64, error){inc(t.Context(), s, "a"), inc(t.Context(), s, "b")}
				synctest.Wait()
				select {
				case err := <-moved:
					t.Fatalf("Move did not wait: %v", err)
				default:
				}
				close(gate)
				wantCounted(t, first)
				if err := <-moved; err != nil {
					t.Errorf("Move: %v", err)
				}
				wantNumber(t, later[0], 1)
				// While Move waits for a, it does not hold b yet.
				if got, err := later[1](); err != nil || got != 112 && (name == "b" || got != 101) {
					t.Errorf("Inc of b = %d, %v; want 112", got, err)
				}
				wantTotal(t, l, "a", 1)
				wantTotal(t, l, "b", 112)
			})
		})
	}
}

// Two Moves that meet, each with a counter in hand, don't wait for each other.
func TestOppositeMoves(t *testing.T) {
	mover(t, atOnce, func(t *testing.T, s *coalesce.Store, l *ledger) {
		for range 20 { // it would be a matter of luck
			gate := l.gated()
			busy := inc(t.Context(), s, "b")
			synctest.Wait()
			var moves sync.WaitGroup
			for _, names := range [][2]string{{"a", "b"}, {"b", "a"}} {
				moves.Go(func() {
					if err := s.Move(t.Context(), names[0], names[1]); err != nil {
						t.Errorf("Move: %v", err)
					}
				})
			}
			synctest.Wait()
			close(gate)
			wantCounted(t, busy)
			moves.Wait()
		}
		if got := l.total("a") + l.total("b"); got != 20 {
			t.Errorf("%d counted; want 20", got)
		}
	})
}

// A Move while the store is out says so, holds up nobody afterwards, and has not moved.
func TestMoveDuringAnOutage(t *testing.T) {
	for _, name := range []string{"a", "b"} {
		t.Run(name, func(t *testing.T) {
			moves := func(context.Context) error { t.Error("it moves"); return nil }
			mover(t, moves, func(t *testing.T, s *coalesce.Store, l *ledger) {
				l.failing(name, errAway)
				waiting := inc(t.Context(), s, name)
				synctest.Wait()
				ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
				defer cancel()
				if err := s.Move(ctx, "a", "b"); !errors.Is(err, counter.ErrBusy) {
					t.Errorf("Move: %v; want ErrBusy", err)
				}
				time.Sleep(time.Second)
				if err := s.Move(t.Context(), "a", "b"); !errors.Is(err, counter.ErrBusy) {
					t.Errorf("Move: %v; want ErrBusy", err)
				}
				l.interpose(nil)
				wantCounted(t, waiting)
				add(t, s, "a", 1)
				add(t, s, "b", 1)
			})
		})
	}
}

// What the tally knew of the values bounds nothing any more: what moved may be negative.
func TestMoveForgetsTheValues(t *testing.T) {
	mover(t, atOnce, func(t *testing.T, s *coalesce.Store, _ *ledger) {
		set(t, s, -10)
		add(t, s, "b", 100)
		move(t, s, "a", "b")
		for name, total := range map[string]int64{"a": 0, "b": 90} {
			if value, known := s.AtLeast(name); known && value > total {
				t.Errorf("%s is at least %d; it is %d", name, value, total)
			}
			wantInc(t, s, name, total+1)
		}
	})
}

// A reconciliation tells what the value was before a Move, not what it is.
func TestReconcileAfterAMove(t *testing.T) {
	mover(t, atOnce, func(t *testing.T, s *coalesce.Store, l *ledger) {
		add(t, s, "a", 10)
		add(t, s, "b", 5)
		move(t, s, "a", "b")
		outage(t, s, l, func() {})
		for name, total := range map[string]int64{"a": 0, "b": 15} {
			if value, known := s.AtLeast(name); known && value > total {
				t.Errorf("%s is at least %d; it is %d", name, value, total)
			}
		}
	})
}

// What the store had lost before a Move was not moved, and so comes back to its counter.
func TestLostBeforeAMove(t *testing.T) {
	mover(t, atOnce, func(t *testing.T, s *coalesce.Store, l *ledger) {
		for _, name := range []string{"a", "b"} {
			add(t, s, name, 9)
			add(t, s, name, 1)
			l.lose(name, 1)
		}
		move(t, s, "a", "b")
		for name, want := range map[string]int64{"a": 2, "b": 20} {
			wantInc(t, s, name, want)
		}
	})
}

// A Move that hangs ends by the time of the store and not of the caller. Nothing is told any
// more of what was known before.
func TestHangingMove(t *testing.T) {
	hangs := func(ctx context.Context) error {
		<-ctx.Done()
		return errors.Join(counter.ErrUnknown, ctx.Err())
	}
	mover(t, hangs, func(t *testing.T, s *coalesce.Store, _ *ledger) {
		add(t, s, "a", 10)
		start := time.Now()
		err := s.Move(t.Context(), "a", "b")
		if took := time.Since(start); !errors.Is(err, counter.ErrUnknown) || errors.Is(err, context.DeadlineExceeded) || took != 10*time.Second {
			t.Errorf("Move: %v after %v; want ErrUnknown after ten attempts", err, took)
		}
		if value, known := s.AtLeast("a"); known {
			t.Errorf("AtLeast = %d; want that it is not known", value)
		}
		_, err = s.Bring(t.Context(), "a", "elsewhere", 5, nil)
		if !errors.Is(err, counter.ErrUnknown) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Bring: %v; want ErrUnknown", err)
		}
		add(t, s, "a", 10)
	})
}

func TestBadMoves(t *testing.T) {
	mover(t, atOnce, func(t *testing.T, s *coalesce.Store, _ *ledger) {
		for _, names := range [][2]string{{"a", "a"}, {"", "a"}, {"a", ""}, {"", ""}, {"a", "\n"}} {
			if err := s.Move(t.Context(), names[0], names[1]); !errors.Is(err, counter.ErrName) {
				t.Errorf("Move of %q: %v; want ErrName", names, err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Move(ctx, "a", "b"); !errors.Is(err, context.Canceled) || errors.Is(err, counter.ErrBusy) {
			t.Errorf("Move: %v; want that its context has ended", err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := s.Move(t.Context(), "a", "b"); !errors.Is(err, counter.ErrClosed) {
			t.Errorf("Move: %v; want ErrClosed", err)
		}
	})
}

// The history is that of the backend.
func TestHistory(t *testing.T) {
	mover(t, atOnce, func(t *testing.T, s *coalesce.Store, l *ledger) {
		buckets := []counter.Bucket{{Start: 100, Hours: 1, Count: 2}, {Start: 102, Hours: 1, Count: 3}}
		if err := s.SetHistory(t.Context(), "a", buckets); err != nil {
			t.Fatal(err)
		}
		var got []counter.Bucket
		for bucket, err := range s.History(t.Context(), "a", 101, 200) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, bucket)
		}
		if !slices.Equal(got, buckets[1:]) {
			t.Errorf("History: %v; want %v", got, buckets[1:])
		}
		histories, errs := counter.Histories(t.Context(), s, []string{"b", "a"}, 101, 200)
		if err := errors.Join(errs...); err != nil || len(histories[0]) > 0 || !slices.Equal(histories[1], buckets[1:]) {
			t.Errorf("Histories: %v, %v; want %v", histories, err, buckets[1:])
		}
		days, errs := counter.Days(t.Context(), s, []string{"b", "a"}, 101, 101)
		if err := errors.Join(errs...); err != nil || len(days[0]) > 0 || !slices.Equal(days[1], []counter.Bucket{{Start: 96, Hours: 24, Count: 5}}) {
			t.Errorf("Days: %v, %v; want 5", days, err)
		}
		if added, err := s.Bring(t.Context(), "a", "elsewhere", 7, buckets); added != 7 || err != nil || l.total("a") != 7 {
			t.Errorf("Bring = %d, %v; want 7", added, err)
		}
		if brought, err := s.Brought(t.Context(), "a", "elsewhere"); brought != 5 || err != nil {
			t.Errorf("Brought = %d, %v; want 5", brought, err)
		}
	})
}

// A backend that can't do it says so.
func TestUnsupported(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, _ *ledger) {
		calls := map[string]func() error{
			"SetHistory": func() error { return s.SetHistory(t.Context(), "a", nil) },
			"Move":       func() error { return s.Move(t.Context(), "a", "b") },
			"Bring":      func() error { _, err := s.Bring(t.Context(), "a", "b", 1, nil); return err },
			"Brought":    func() error { _, err := s.Brought(t.Context(), "a", "b"); return err },
			"Histories":  func() error { _, errs := s.Histories(t.Context(), []string{"a"}, 0, 1); return errs[0] },
			"Days":       func() error { _, errs := s.Days(t.Context(), []string{"a"}, 0, 1); return errs[0] },
			"History": func() (last error) {
				for _, err := range s.History(t.Context(), "a", 0, 1) {
					last = err
				}
				return last
			},
		}
		for name, call := range calls {
			if err := call(); !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("%s: %v; want ErrUnsupported", name, err)
			}
		}
	})
}
