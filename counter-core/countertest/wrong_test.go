package countertest_test

import (
	"context"
	"errors"
	"iter"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/countertest"
)

func TestBackend(t *testing.T) {
	countertest.RunBackend(t, func(t *testing.T) countertest.Fixture { t.Helper(); return newBackend(t, nil) })
}

// Backends that are wrong in one thing fail the test that is for it, and soon.
func TestWrongBackends(t *testing.T) {
	const variable = "COUNTERTEST_WRONG"
	type wrong struct {
		name, fails, says string
		run               func(*testing.T)
	}
	tests := []wrong{
		{"yields under its lock", "AddInListing", "List must not yield from within", func(t *testing.T) {
			countertest.Run(t, func(t *testing.T) counter.Store { return yielding{open(t).(*store)} })
		}},
		{"ignores its context", "Stalled", "does not return when its deadline has passed", func(t *testing.T) {
			countertest.RunBackend(t, func(t *testing.T) countertest.Fixture {
				return newBackend(t, func(b *backend, _ context.Context) error { b.line <- struct{}{}; return nil })
			})
		}},
		{"says too much", "Stalled", "want 0", func(t *testing.T) {
			countertest.RunBackend(t, func(t *testing.T) countertest.Fixture {
				return newBackend(t, (*backend).sayTooMuch)
			})
		}},
	}
	for name, fails := range wrongHistories() {
		tests = append(tests, wrong{name, fails, "--- FAIL", func(t *testing.T) { countertest.RunHistorian(t, fixture(name)) }})
	}
	for name, fails := range wrongMovers() {
		tests = append(tests, wrong{name, fails, "--- FAIL", func(t *testing.T) { countertest.RunMover(t, fixture(name)) }})
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if os.Getenv(variable) == test.name {
				test.run(t)
				return
			}
			t.Parallel()
			program, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			only := "-test.run=^TestWrongBackends$/^" + strings.ReplaceAll(test.name, " ", "_") + "$/^" + test.fails + "$"
			// The suite waits for half of that, and Close for half of what is left.
			cmd := exec.CommandContext(t.Context(), program, only, "-test.timeout=8s")
			cmd.Env = append(os.Environ(), variable+"="+test.name)
			out, err := cmd.CombinedOutput()
			if _, failed := errors.AsType[*exec.ExitError](err); !failed {
				t.Fatalf("the suite ends with %v, and says\n%s", err, out)
			}
			if text := string(out); !strings.Contains(text, test.says) || strings.Contains(text, "test timed out") {
				t.Errorf("the suite says\n%s\nwant it to say %q", text, test.says)
			}
		})
	}
}

// yielding is a store that holds its lock while it yields.
type yielding struct{ *store }

func (s yielding) List(ctx context.Context, prefix string) iter.Seq2[counter.Entry, error] {
	return func(yield func(counter.Entry, error) bool) {
		err := s.do(ctx, func() error {
			for name, value := range s.values {
				if value != 0 && strings.HasPrefix(name, prefix) && !yield(counter.Entry{Name: name, Value: value}, nil) {
					break
				}
			}
			return nil
		})
		if err != nil {
			yield(counter.Entry{}, err)
		}
	}
}

// backend is the store behind a line that one call at a time passes.
type backend struct {
	*store

	line chan struct{}
	// enter takes the line, or returns why the call must not go on.
	enter   func(*backend, context.Context) error
	late    sync.WaitGroup
	records map[[2]string]record // under the store's lock
	pasts   map[string]*past     // of the counters
	age     time.Duration        // of the clock
	wrong   string               // what it does wrong
	steps   int                  // that a Move may make
}

type record struct {
	sum, total int64
	used       time.Time
}

// newBackend returns a backend that enters so, and nil: as it should.
func newBackend(t *testing.T, enter func(*backend, context.Context) error) countertest.Fixture {
	t.Helper()
	b := &backend{
		store: open(t).(*store), line: make(chan struct{}, 1), enter: enter,
		records: map[[2]string]record{}, pasts: map[string]*past{},
	}
	if enter == nil {
		b.enter = (*backend).heed
	}
	return countertest.Fixture{
		Store:  b,
		Wipe:   func(*testing.T) { clear(b.values); clear(b.records); clear(b.pasts) },
		Expire: func(*testing.T) { b.age += b.Retention() },
		ExpireHours: func(*testing.T) {
			b.age += (counter.DefaultHistoryHours + 3*counter.DayHours) * time.Hour
		},
		Interrupt: func(_ *testing.T, steps int) func() {
			b.steps = steps
			return func() { b.steps = 1 }
		},
		Stall: func(*testing.T) func() {
			b.line <- struct{}{}
			return func() { <-b.line; b.late.Wait() }
		},
	}
}

// heed waits for the line until the context ends.
func (b *backend) heed(ctx context.Context) error {
	select {
	case b.line <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sayTooMuch returns an error that says that nothing has happened, and lets it happen.
func (b *backend) sayTooMuch(ctx context.Context) error {
	err := b.heed(ctx)
	if name, ok := ctx.Value(nameKey{}).(string); err != nil && ok {
		b.late.Go(func() {
			b.line <- struct{}{}
			defer b.leave()
			_, _ = b.store.Add(context.WithoutCancel(ctx), name, 1) // it may be closed
		})
	}
	return err
}

type nameKey struct{}

func (b *backend) leave() { <-b.line }

func (b *backend) Add(ctx context.Context, name string, delta int64) (int64, error) {
	if err := b.enter(b, context.WithValue(ctx, nameKey{}, name)); err != nil {
		return 0, err
	}
	defer b.leave()
	return b.store.Add(ctx, name, delta)
}

func (b *backend) Get(ctx context.Context, name string) (int64, error) {
	if err := b.enter(b, ctx); err != nil {
		return 0, err
	}
	defer b.leave()
	return b.store.Get(ctx, name)
}

func (b *backend) Set(ctx context.Context, name string, value int64) error {
	return b.enterAndDo(ctx, func() error {
		if err := counter.CheckName(name); err != nil {
			return err
		}
		b.values[name] = value
		p := b.past(name)
		if value == 0 && b.wrong != keepsHistory || b.wrong == dropsHistory {
			clear(p.hours)
			clear(p.days)
		}
		if value == 0 && b.wrong != keepsSources {
			clear(p.brought)
		}
		return nil
	})
}

func (b *backend) List(ctx context.Context, prefix string) iter.Seq2[counter.Entry, error] {
	return func(yield func(counter.Entry, error) bool) {
		if err := b.enter(b, ctx); err != nil {
			yield(counter.Entry{}, err)
			return
		}
		b.leave()
		if b.wrong == listsHistories && !yield(counter.Entry{Name: prefix + "history", Value: 1}, nil) {
			return
		}
		b.store.List(ctx, prefix)(yield)
	}
}

func (b *backend) Apply(ctx context.Context, batches []counter.Batch) []counter.Result {
	results := make([]counter.Result, len(batches))
	err := b.enter(b, ctx)
	if err == nil {
		defer b.leave()
	}
	for i, batch := range batches {
		if results[i].Err = err; err == nil {
			results[i] = b.apply(ctx, batch)
		}
	}
	return results
}

func (b *backend) apply(ctx context.Context, batch counter.Batch) (result counter.Result) {
	result.Err = b.do(ctx, func() error {
		if err := batch.Check(); err != nil {
			return err
		}
		key, now := [2]string{batch.Name, batch.Writer}, time.Now().Add(b.age)
		known, ok := b.records[key]
		add := batch.Delta
		if ok = ok && now.Sub(known.used) < b.Retention(); ok {
			var err error
			if add, err = batch.Missing(known.sum); err != nil {
				return err
			}
		}
		if b.wrong == countsRepeats && add == 0 || b.wrong == countsRefused {
			if err := b.countBatch(batch, batch.Delta); err != nil {
				return err
			}
		}
		if !ok || add != 0 {
			total := b.values[batch.Name]
			if total > 0 && total+add < total {
				return counter.ErrOverflow
			}
			if err := b.countBatch(batch, add); err != nil && b.wrong != countsRefused {
				return err
			}
			known = record{sum: batch.Sum, total: total + add}
			b.values[batch.Name] = known.total
		}
		known.used = now
		b.records[key] = known
		result.Total = known.total
		result.Healed = max(add-batch.Delta, 0)
		return nil
	})
	return result
}

func (b *backend) Retention() time.Duration { return time.Hour }
