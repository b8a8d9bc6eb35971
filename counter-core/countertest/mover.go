package countertest

import (
	"context"
	"fmt"
	"math"
	"sync"
	"testing"

	counter "example.com/herokuapp/counter-core"
)

// mover is a backend under test that moves counters, with their history.
type mover struct {
	historian
	counter.Mover
}

// RunMover tests that the stores that open returns, or those within, keep the contract of
// [counter.Mover]. They are a [counter.Historian] as well. Run it beside [RunHistorian],
// under the race detector.
func RunMover(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*testing.T, mover)
	}{
		{"Move", testMove},
		{"MoveNothing", testMoveNothing},
		{"MoveNegative", testMoveNegative},
		{"MoveOverflow", testMoveOverflow},
		{"MoveToItself", testMoveToItself},
		{"MoveLongHistory", testMoveLongHistory},
		{"MoveHardNames", testMoveHardNames},
		{"RepeatAfterMove", testRepeatAfterMove},
		{"MoveConcurrently", testMoveConcurrently},
		{"MoveWhileApplying", testMoveWhileApplying},
		{"MoveInterrupted", testMoveInterrupted},
		{"MoveSources", testMoveSources},
		{"Bring", testBring},
		{"BringNothing", testBringNothing},
		{"BringAfterRemoval", testBringAfterRemoval},
		{"BringBad", testBringBad},
		{"BringOverflow", testBringOverflow},
		{"BringHardSources", testBringHardSources},
		{"BringConcurrently", testBringConcurrently},
		{"MoverBadNames", testMoverBadNames},
		{"MoverEndedContext", testMoverEndedContext},
		{"MoverStalled", testMoverStalled},
		{"MoverAfterClose", testMoverAfterClose},
	} {
		t.Run(test.name, func(t *testing.T) {
			fixture := open(t)
			closeAtEnd(t, fixture.Store)
			h, isHistorian := counter.As[counter.Historian](fixture.Store)
			m, isMover := counter.As[counter.Mover](fixture.Store)
			if !isHistorian || !isMover {
				t.Fatal("the store is not a counter.Mover, or not a counter.Historian")
			}
			test.run(t, mover{historian{fixture, h}, m})
		})
	}
}

func move(t *testing.T, m mover, from, to string) {
	t.Helper()
	if err := m.Move(t.Context(), from, to); err != nil {
		t.Fatalf("Move(%q, %q): %v", from, to, err)
	}
}

// The value and the history are added to those of the other counter, once.
func testMove(t *testing.T, m mover) {
	day := yesterday()
	wantApply(t, m.Fixture, timed("a", "w", 1, 1, day), 1)
	wantApply(t, m.Fixture, timed("a", "w", 2, 3, day+5), 3)
	wantApply(t, m.Fixture, timed("a", "w", 4, 7, longAgo), 7)
	wantAdd(t, m.Store, "a", 100, 107)
	wantApply(t, m.Fixture, timed("b", "w", 8, 8, day+5), 8)
	wantApply(t, m.Fixture, timed("b", "w", 16, 24, day+6), 24)
	for range 3 {
		move(t, m, "a", "b")
		wantList(t, m.Store, "", map[string]int64{"b": 131})
		wantHistory(t, m, "a")
		wantHistory(t, m, "b", ofDay(longAgo, 4), ofHour(day, 1), ofHour(day+5, 10), ofHour(day+6, 16))
	}
	wantApply(t, m.Fixture, timed("a", "new", 3, 3, day), 3) // it begins again
	wantHistory(t, m, "a", ofHour(day, 3))
	move(t, m, "b", "c") // to one that is not there
	wantList(t, m.Store, "", map[string]int64{"a": 3, "c": 131})
	move(t, m, "a", "c")
	wantHistory(t, m, "c", ofDay(longAgo, 4), ofHour(day, 4), ofHour(day+5, 10), ofHour(day+6, 16))
	wantList(t, m.Store, "", map[string]int64{"c": 134})
}

func testMoveNothing(t *testing.T, m mover) {
	hour := yesterday() + 5
	wantApply(t, m.Fixture, timed("a", "w", 5, 5, hour), 5)
	move(t, m, "none", "a")
	move(t, m, "none", "nowhere")
	wantList(t, m.Store, "", map[string]int64{"a": 5})
	wantHistory(t, m, "a", ofHour(hour, 5))
}

func testMoveNegative(t *testing.T, m mover) {
	set(t, m.Store, "a", -5)
	set(t, m.Store, "b", 3)
	move(t, m, "a", "b")
	wantList(t, m.Store, "", map[string]int64{"b": -2})
	set(t, m.Store, "a", 2)
	move(t, m, "a", "b")
	wantList(t, m.Store, "", map[string]int64{})
	set(t, m.Store, "a", math.MinInt64)
	move(t, m, "a", "b")
	set(t, m.Store, "a", math.MaxInt64)
	move(t, m, "b", "a")
	wantList(t, m.Store, "", map[string]int64{"a": -1})
}

// A counter that does not fit into the other stays where it is.
func testMoveOverflow(t *testing.T, m mover) {
	hour := yesterday() + 5
	for _, test := range []struct{ from, to int64 }{{2, math.MaxInt64 - 1}, {math.MaxInt64, 1}, {-1, math.MinInt64}} {
		set(t, m.Store, "a", test.from)
		set(t, m.Store, "b", test.to)
		setHistory(t, m, "a", ofHour(hour, 1))
		setHistory(t, m, "b", ofHour(hour, 2))
		wantErr(t, "Move of too much", m.Move(t.Context(), "a", "b"), counter.ErrOverflow)
		wantList(t, m.Store, "", map[string]int64{"a": test.from, "b": test.to})
		wantHistory(t, m, "a", ofHour(hour, 1))
		wantHistory(t, m, "b", ofHour(hour, 2))
	}
	set(t, m.Store, "a", 1)
	set(t, m.Store, "b", 1)
	setHistory(t, m, "a", ofHour(hour-24, 3), ofHour(hour, 2))
	setHistory(t, m, "b", ofHour(hour+1, math.MaxInt64-1))
	wantErr(t, "Move of too much for a day", m.Move(t.Context(), "a", "b"), counter.ErrOverflow)
	wantList(t, m.Store, "", map[string]int64{"a": 1, "b": 1})
	wantHistory(t, m, "a", ofHour(hour-24, 3), ofHour(hour, 2))
	wantHistory(t, m, "b", ofHour(hour+1, math.MaxInt64-1))
	setHistory(t, m, "a", ofHour(hour, 1)) // fits
	move(t, m, "a", "b")
	wantList(t, m.Store, "", map[string]int64{"b": 2})
	wantHistory(t, m, "b", ofHour(hour, 1), ofHour(hour+1, math.MaxInt64-1))
}

func testMoveToItself(t *testing.T, m mover) {
	hour := yesterday() + 5
	wantApply(t, m.Fixture, timed("a", "w", 5, 5, hour), 5)
	wantErr(t, "Move to itself", m.Move(t.Context(), "a", "a"), counter.ErrName)
	wantErr(t, "Move of nothing to itself", m.Move(t.Context(), "b", "b"), counter.ErrName)
	wantList(t, m.Store, "", map[string]int64{"a": 5})
	wantHistory(t, m, "a", ofHour(hour, 5))
}

func testMoveLongHistory(t *testing.T, m mover) {
	all := longHistory()
	set(t, m.Store, "a", 1)
	set(t, m.Store, "b", 2)
	setHistory(t, m, "a", all...)
	setHistory(t, m, "b", all...)
	move(t, m, "a", "b")
	for i := range all {
		all[i].Count *= 2
	}
	wantHistory(t, m, "b", all...)
	wantHistory(t, m, "a")
	wantList(t, m.Store, "", map[string]int64{"b": 3})
}

// A counter moves on through all names, and leaves nothing behind.
func testMoveHardNames(t *testing.T, m mover) {
	hour := yesterday() + 5
	wantApply(t, m.Fixture, timed("first", "w", 5, 5, hour), 5)
	from := "first"
	for _, to := range hardNames() {
		move(t, m, from, to)
		wantList(t, m.Store, "", map[string]int64{to: 5})
		wantHistory(t, m, from)
		wantHistory(t, m, to, ofHour(hour, 5))
		from = to
	}
}

// A repeat after a Move is still recognised, whichever counter it is for, and the next batch adds
// its delta.
func testRepeatAfterMove(t *testing.T, m mover) {
	hour := yesterday() + 5
	from, to := timed("a", "w", 10, 10, hour), timed("b", "w", 20, 20, hour)
	wantApply(t, m.Fixture, from, 10)
	wantApply(t, m.Fixture, to, 20)
	move(t, m, "a", "b")
	for range 2 {
		wantApply(t, m.Fixture, from, 10)
		wantApply(t, m.Fixture, to, 20)
		wantList(t, m.Store, "", map[string]int64{"b": 30})
		wantHistory(t, m, "a")
		wantHistory(t, m, "b", ofHour(hour, 30))
	}
	wantApply(t, m.Fixture, timed("a", "w", 1, 11, hour), 1)
	wantApply(t, m.Fixture, timed("b", "w", 1, 21, hour), 31)
	wantHeal(t, m.Fixture, timed("a", "w", 1, 15, hour), 5, 3)
	wantHistory(t, m, "a", ofHour(hour, 5))
}

// However many Moves run at once, nothing moves twice.
func testMoveConcurrently(t *testing.T, m mover) {
	hour := yesterday() + 5
	names := []string{"a", "b", "c"}
	var want int64
	for i, name := range names {
		wantApply(t, m.Fixture, timed(name, "w", int64(i+1), int64(i+1), hour), int64(i+1))
		want += int64(i + 1)
	}
	for range 10 {
		var wg sync.WaitGroup
		for i, from := range names {
			for _, to := range []string{names[(i+1)%3], names[(i+2)%3]} {
				wg.Go(func() {
					if err := m.Move(t.Context(), from, to); err != nil {
						t.Errorf("Move(%q, %q): %v", from, to, err)
					}
				})
			}
		}
		wg.Wait()
		wantSums(t, m, want, want, names...)
	}
}

// wantSums fails unless the values and the histories of the counters have these sums.
func wantSums(t *testing.T, m mover, value, counted int64, names ...string) {
	t.Helper()
	var values, counts int64
	for _, name := range names {
		got, err := m.Store.Get(t.Context(), name)
		if err != nil {
			t.Fatalf("Get: %v", err)
		}
		values += got
		all, err := buckets(t.Context(), m, name, 0, counter.MaxHour)
		if err != nil {
			t.Fatalf("History: %v", err)
		}
		for _, b := range all {
			counts += b.Count
		}
	}
	if values != value || counts != counted {
		t.Fatalf("the sum of the counters is %d and that of their histories %d; want %d and %d", values, counts, value, counted)
	}
}

// While a counter moves, others add to it and to the one it moves to. Each addition ends up in one
// of the two.
func testMoveWhileApplying(t *testing.T, m mover) {
	const writers, adders, times = 6, 2, 60
	hour := yesterday() + 5
	var adding, moving sync.WaitGroup
	for w := range writers + adders {
		name := []string{"a", "b"}[w%2]
		adding.Go(func() {
			for i := range int64(times) {
				var err error
				if w < writers {
					err = m.Store.Apply(t.Context(), []counter.Batch{timed(name, fmt.Sprint(w), 1, i+1, hour)})[0].Err
				} else {
					_, err = m.Store.Add(t.Context(), name, 1)
				}
				if err != nil {
					t.Errorf("adding while the counter moves: %v", err)
					return
				}
			}
		})
	}
	done := make(chan struct{})
	moving.Go(func() {
		for from, to := "a", "b"; ; from, to = to, from {
			select {
			case <-done:
				return
			default:
			}
			if err := m.Move(t.Context(), from, to); err != nil {
				t.Errorf("Move: %v", err)
				return
			}
		}
	})
	adding.Wait()
	close(done)
	moving.Wait()
	wantSums(t, m, (writers+adders)*times, writers*times, "a", "b")
}

// A Move that ends half-way is completed by a later one, while others add. Wherever it ends, nothing
// moves twice and nothing is lost.
func testMoveInterrupted(t *testing.T, m mover) {
	if m.Interrupt == nil {
		return
	}
	const mostSteps = 1000
	hour := yesterday() + 5
	var value, counted int64
	for steps := 0; ; steps++ {
		writer := fmt.Sprint(steps)
		for i, name := range []string{"a", "b"} {
			delta := int64(i + 1)
			b := timed(name, writer, delta, delta, hour)
			if err := apply(t, m.Fixture, b)[0].Err; err != nil {
				t.Fatalf("Apply(%#v): %v", b, err)
			}
			value, counted = value+delta, counted+delta
		}
		wantBring(t, m, "a", writer, 3, 3)
		value += 3

		resume := m.Interrupt(t, steps)
		interrupted := m.Move(t.Context(), "a", "b")
		resume()
		late := timed("a", writer, 1, 2, hour)
		if err := apply(t, m.Fixture, late)[0].Err; err != nil {
			t.Fatalf("Apply(%#v) after a Move that ended with %v: %v", late, interrupted, err)
		}
		value, counted = value+1, counted+1

		move(t, m, "a", "b") // which may leave what has come late
		move(t, m, "a", "b")
		wantList(t, m.Store, "", map[string]int64{"b": value})
		wantHistory(t, m, "a")
		wantHistory(t, m, "b", ofHour(hour, counted))
		wantBrought(t, m, "b", writer, 3)
		if interrupted == nil {
			return
		}
		if steps == mostSteps {
			t.Fatalf("a Move has more than %d steps, or Interrupt doesn't let it end", mostSteps)
		}
	}
}

// What a counter remembers of its sources moves along, so that nothing is brought again.
func testMoveSources(t *testing.T, m mover) {
	wantBring(t, m, "a", "s", 10, 10)
	move(t, m, "a", "b")
	wantBrought(t, m, "a", "s", 0)
	wantBrought(t, m, "b", "s", 10)
	wantBring(t, m, "b", "s", 10, 0)
	wantBring(t, m, "b", "s", 12, 2)
	wantBring(t, m, "c", "s", 100, 100)
	move(t, m, "b", "c")
	wantBring(t, m, "c", "s", 100, 0)
	wantBring(t, m, "c", "s", 101, 1)
	wantBring(t, m, "d", "s", 5, 5)
	wantBring(t, m, "d", "other", 5, 5)
	move(t, m, "d", "c")
	wantBrought(t, m, "c", "s", 101)
	wantBrought(t, m, "c", "other", 5)
	wantList(t, m.Store, "", map[string]int64{"c": 12 + 101 + 10})
}

// moverCalls is each method of a Mover, by its name.
func moverCalls(m counter.Mover) map[string]func(context.Context, string) error {
	return map[string]func(context.Context, string) error{
		"Move":    func(ctx context.Context, name string) error { return m.Move(ctx, name, "to") },
		"Move to": func(ctx context.Context, name string) error { return m.Move(ctx, "from", name) },
		"Bring": func(ctx context.Context, name string) error {
			_, err := m.Bring(ctx, name, "s", 5, []counter.Bucket{ofHour(yesterday(), 2)})
			return err
		},
		"Brought": func(ctx context.Context, name string) error { _, err := m.Brought(ctx, name, "s"); return err },
	}
}

func testMoverBadNames(t *testing.T, m mover) {
	wantAdd(t, m.Store, "from", 5, 5)
	for _, name := range badNames() {
		for method, call := range moverCalls(m) {
			wantErr(t, method+" of a bad name", call(t.Context(), name), counter.ErrName)
		}
		_, err := m.Bring(t.Context(), "a", name, 5, nil)
		wantErr(t, "Bring from a bad source", err, counter.ErrName)
		_, err = m.Brought(t.Context(), "a", name)
		wantErr(t, "Brought from a bad source", err, counter.ErrName)
	}
	wantList(t, m.Store, "", map[string]int64{"from": 5})
}

func testMoverEndedContext(t *testing.T, m mover) {
	wantAdd(t, m.Store, "a", 1, 1)
	wantAdd(t, m.Store, "from", 1, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for method, call := range moverCalls(m) {
		wantErr(t, method+" with an ended context", call(ctx, "a"), context.Canceled)
	}
	wantList(t, m.Store, "", map[string]int64{"a": 1, "from": 1})
	wantBrought(t, m, "a", "s", 0)
}

// Callers return by their deadlines, and a repeat completes what is in doubt.
func testMoverStalled(t *testing.T, m mover) {
	if m.Stall == nil {
		return
	}
	methods := moverCalls(m)
	delete(methods, "Move to")
	hour := yesterday() + 5
	const moves = 8
	for i := range moves {
		wantApply(t, m.Fixture, timed(fmt.Sprint("Move", i), "w", 10, 10, hour), 10)
	}
	for _, s := range callStalled(t, m.Fixture, methods) {
		switch s.method {
		case "Move":
			move(t, m, s.name, "to")
			wantGet(t, m.Store, s.name, 0)
		case "Bring":
			if _, err := m.Bring(t.Context(), s.name, "s", 5, []counter.Bucket{ofHour(hour, 2)}); err != nil {
				t.Fatalf("Bring: %v", err)
			}
			wantGet(t, m.Store, s.name, 5)
		}
	}
	wantGet(t, m.Store, "to", 10*moves)
	wantHistory(t, m, "to", ofHour(hour, 10*moves))
}

func testMoverAfterClose(t *testing.T, m mover) {
	wantAdd(t, m.Store, "a", 1, 1)
	if err := m.Store.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	wantClosed(t, moverCalls(m))
}
