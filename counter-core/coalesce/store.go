// Package coalesce decorates a [counter.Backend] so that many additions at once cost
// few calls, and so that none is lost or counted twice when calls fail.
//
// Additions that arrive while a call to the backend is in flight are sent together in
// the next call. Each caller waits for the call that carries its addition, and gets a
// number of its own from the range that the call added. Nothing waits for more to
// arrive: when idle, there is no delay.
//
// A batch whose outcome is unknown is repeated until the backend answers, which counts
// it once. Additions that arrive meanwhile are summed up, and their callers get
// [counter.ErrPending], as do callers that have waited for Options.Wait.
package coalesce

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// Options adapts a [Store]. The zero value has the defaults.
type Options struct {
	// AttemptTimeout bounds one call to the store. Default: 1s.
	AttemptTimeout time.Duration

	// Wait is how long Add waits for its number before it returns a
	// [*counter.PendingError], and Get for the value if its context has no deadline.
	// Additions that go to the store together share that time, which begins with the first
	// of them. An addition that joins them after it has passed does not wait at all.
	// Default: 500ms.
	Wait time.Duration

	// CloseTimeout bounds Close, which drains. Default: 10s.
	CloseTimeout time.Duration

	// History has each batch name the hour in which its additions were made, for a backend
	// that is a [counter.Historian]. Additions of two hours then go in two batches.
	// Default: batches name no hour.
	History bool

	// Observe is called with what no caller is told: one event at a time, in order.
	// It holds up additions while it runs. It must not wait for one, nor close the
	// store. Default: events are dropped.
	Observe func(Event)
}

func (o Options) withDefaults() Options {
	o.AttemptTimeout = cmp.Or(max(o.AttemptTimeout, 0), time.Second)
	o.Wait = cmp.Or(max(o.Wait, 0), 500*time.Millisecond)
	o.CloseTimeout = cmp.Or(max(o.CloseTimeout, 0), 10*time.Second)
	if o.Observe == nil {
		o.Observe = func(Event) {}
	}
	return o
}

// Store is a [counter.Store] over another. It is safe for concurrent use.
type Store struct {
	inner counter.Backend
	opts  Options

	attempts context.Context // of every call that sends additions
	cancel   context.CancelFunc
	senders  sync.WaitGroup

	// mu guards what follows, all tallies and their groups. Methods whose names end in
	// Locked want it held.
	mu      sync.Mutex
	tallies map[string]*tally // by the counter's name
	sweepAt int               // how many of them there are when the unused are looked for
	waiting waiting

	ready    []*tally // have a batch to send
	sending  int      // how many senders work on ready
	failed   map[*tally]struct{}
	retrying bool          // a sender works on failed
	wake     chan struct{} // tells it that failed has grown
	outage   outage

	stats   Stats   // but for Pending and Failing
	events  []Event // to be observed
	telling bool    // somebody calls Observe

	groups  int           // whose outcome is not known
	closed  bool          // Shutdown was called
	drained chan struct{} // closed once it was, and there are no groups
}

var (
	_ counter.Store     = (*Store)(nil)
	_ counter.Estimator = (*Store)(nil)
	_ counter.Adjuster  = (*Store)(nil)
	_ counter.AllAdder  = (*Store)(nil)
)

// New returns a store over inner, which is its own from then on: Close closes it.
func New(inner counter.Backend, opts Options) *Store {
	attempts, cancel := context.WithCancel(context.Background())
	return &Store{
		inner: inner, opts: opts.withDefaults(),
		attempts: attempts, cancel: cancel,
		drained: make(chan struct{}),
		tallies: map[string]*tally{},
		failed:  map[*tally]struct{}{},
		wake:    make(chan struct{}, 1),
	}
}

// Unwrap returns the store within, for [counter.As].
func (s *Store) Unwrap() counter.Store { return s.inner }

// Add implements [counter.Store]. If Options.Wait passes or the context ends before the number
// is known, or if the store is known to be failing for this counter, the error is a
// [*counter.PendingError] and the addition will be counted once. An [Event] reports it if that
// turns out to be impossible.
//
// A caller that finds no call in flight makes the next one itself, unless its context can
// be cancelled but has no deadline. It returns by its deadline, but may not notice a
// cancellation before the deadline or the end of the call.
func (s *Store) Add(ctx context.Context, name string, delta int64) (int64, error) {
	return s.add(ctx, name, delta, s.opts.History)
}

// Adjust implements [counter.Adjuster]. It is Add, in batches that name no hour.
func (s *Store) Adjust(ctx context.Context, name string, delta int64) (int64, error) {
	return s.add(ctx, name, delta, false)
}

// add adds delta to the counter, and to its history if it is timed.
func (s *Store) add(ctx context.Context, name string, delta int64, timed bool) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := counter.CheckDelta(delta); err != nil {
		return 0, err
	}
	s.mu.Lock()
	t, err := s.tallyLocked(name)
	if err != nil {
		s.mu.Unlock()
		return 0, err
	}
	s.stats.Additions = saturatingAdd(s.stats.Additions, delta)
	now := time.Now()
	w := t.writer(timed)
	if cause := t.failing(); cause != nil {
		defer s.mu.Unlock()
		s.keepLocked(t, w, delta, now)
		s.scheduleLocked(t)
		return 0, t.pending(cause)
	}
	p := s.joinLocked(t, w, delta, now)
	var done <-chan struct{}
	if timeout := s.aloneLocked(ctx, t); timeout > 0 {
		s.departAloneLocked(t, now)
		s.mu.Unlock()
		if number, known, err := s.sendAlone(t, &p, timeout); known {
			return number, err
		}
		done = p.group.done
	} else {
		done = p.group.doneChan()
		s.scheduleLocked(t)
		s.mu.Unlock()
	}

	return s.await(ctx, t, &p, done)
}

// await waits for the number of the addition at the place, which is known or refused once
// done is closed.
func (s *Store) await(ctx context.Context, t *tally, p *place, done <-chan struct{}) (int64, error) {
	number, known, err := p.wait(done, ctx.Done())
	if known {
		return number, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if number, known, err := p.look(); known { // meanwhile
		return number, err
	}
	p.leave()
	return 0, t.pending(ctx.Err())
}

// joinLocked adds delta to the batch that the tally sends next, for a caller that waits.
func (s *Store) joinLocked(t *tally, w *writer, delta int64, now time.Time) place {
	g, grown := t.makeRoom(w, delta, now)
	s.groups += grown
	if len(g.ends) == 0 {
		s.watchLocked(g, now)
	}
	return g.join(delta)
}

// keepLocked adds delta to the batch that the tally sends next, for nobody.
func (s *Store) keepLocked(t *tally, w *writer, delta int64, now time.Time) {
	g, grown := t.makeRoom(w, delta, now)
	s.groups += grown
	g.anonymous += delta
}

// Get implements [counter.Store]. It returns the backend's value, without what is pending.
func (s *Store) Get(ctx context.Context, name string) (int64, error) {
	if _, ok := ctx.Deadline(); ok {
		return s.inner.Get(ctx, name)
	}
	bounded, cancel := context.WithTimeout(ctx, s.opts.Wait)
	defer cancel()
	value, err := s.inner.Get(bounded, name)
	if ctx.Err() == nil {
		err = ofAttempt(err)
	}
	return value, err
}

// List implements [counter.Store]. It yields the backend's values, without what is pending.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[counter.Entry, error] {
	return s.inner.List(ctx, prefix)
}

// Set implements [counter.Store]. It waits until no batch of the counter is in flight. If the
// context ends before that, or the store is known to be failing, the error is
// [counter.ErrBusy] and the value was not set.
func (s *Store) Set(ctx context.Context, name string, value int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t, err := s.hold(ctx, name)
	if err != nil {
		return err
	}
	defer s.release(t)
	attempt, cancel := context.WithTimeout(ctx, s.opts.AttemptTimeout)
	defer cancel()
	err = s.inner.Set(attempt, name, value)
	if ctx.Err() == nil {
		err = ofAttempt(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t.setLocked(value, err)
	return err
}

// hold waits until no batch of the counter is in flight, and keeps it so until release.
func (s *Store) hold(ctx context.Context, name string) (*tally, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.tallyLocked(name)
	if err != nil {
		return nil, err
	}
	t.setters++
	defer func() {
		t.setters--
		s.scheduleLocked(t) // unless it is held now
	}()
	for t.flight != nil || t.held {
		if cause := t.failing(); cause != nil {
			return nil, fmt.Errorf("%w: %w", counter.ErrBusy, cause)
		}
		changed := t.changed()
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		s.mu.Lock()
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%w: %w", counter.ErrBusy, ctx.Err())
		}
		if s.closed {
			return nil, counter.ErrClosed
		}
	}
	t.held = true
	return t, nil
}

// release ends hold.
func (s *Store) release(t *tally) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.held = false
	t.notify()
	s.scheduleLocked(t)
}

// AtLeast returns a lower bound of the counter's value once all that is kept is counted. It does
// not ask the backend. known is false if the backend has told no value yet, or so long ago that
// it is forgotten.
func (s *Store) AtLeast(name string) (value int64, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tallies[name]
	if !ok {
		return 0, false
	}
	return t.atLeast(), t.known
}

// tallyLocked returns the tally of a counter, made if there is none.
func (s *Store) tallyLocked(name string) (*tally, error) {
	if s.closed {
		return nil, counter.ErrClosed
	}
	if t, ok := s.tallies[name]; ok {
		return t, nil
	}
	if err := counter.CheckName(name); err != nil {
		return nil, err
	}
	s.sweepLocked()
	t := &tally{name: name}
	s.tallies[name] = t
	return t, nil
}

// sweepLocked drops the tallies whose records the store has dropped, too. It looks at all of
// them so rarely that an addition pays next to nothing for it.
func (s *Store) sweepLocked() {
	if len(s.tallies) < s.sweepAt {
		return
	}
	now, retention := time.Now(), s.inner.Retention()
	for name, t := range s.tallies {
		if t.idle() && !t.remembered(now, retention) {
			delete(s.tallies, name)
		}
	}
	s.sweepAt = 2*len(s.tallies) + 1024
}
