// Package live sends the numbers of counters to listeners as they change.
package live

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Errors of [Hub.Listen].
var (
	// ErrFull says that no more listeners are allowed.
	ErrFull = errors.New("live: too many listeners")
	// ErrClosed says that the hub is closed.
	ErrClosed = errors.New("live: closed")
)

const (
	// interval is how often a counter with listeners is read. It has to be read because other
	// processes may count it, too.
	interval = time.Second
	// maxReads is about how many readings of all counters there are in a second, however many
	// counters have listeners. Above it, each is read less often.
	maxReads = 1000
	// patience limits one reading.
	patience = 5 * time.Second
	// maxPause is the longest time between readings while the store fails.
	maxPause = 16 * time.Second
)

// Hub reads each counter once for all its listeners. It is safe for concurrent use.
type Hub struct {
	get   func(ctx context.Context, name string) (int64, error)
	limit int

	reading context.Context // of every watcher
	end     context.CancelFunc
	running sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	listeners int
	watchers  map[string]*watcher
}

// NewHub returns a hub that reads counters with get, for at most that many listeners.
func NewHub(get func(ctx context.Context, name string) (int64, error), limit int) *Hub {
	reading, end := context.WithCancel(context.Background())
	return &Hub{get: get, limit: limit, reading: reading, end: end, watchers: map[string]*watcher{}}
}

// Close ends every listener's channel, and returns once nothing is read any more. A
// second call does nothing.
func (h *Hub) Close() {
	h.mu.Lock()
	if !h.closed {
		h.closed = true
		h.end()
		for _, w := range h.watchers {
			for values := range w.listeners {
				close(values)
			}
			clear(w.listeners)
		}
		h.listeners = 0
	}
	h.mu.Unlock()
	h.running.Wait()
}

// Listeners returns the number of listeners.
func (h *Hub) Listeners() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.listeners
}

// Listen returns a channel that receives the counter's value within a second, or later if more
// than a thousand counters have listeners, and again after each change. Each value is read
// after the call: none is older than what the caller knows already. A slow listener misses
// values, but not the latest. The channel is closed when the hub is. The caller must call stop
// in the end.
func (h *Hub) Listen(name string) (values <-chan int64, stop func(), err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return nil, nil, ErrClosed
	case h.listeners >= h.limit:
		return nil, nil, ErrFull
	}
	w, ok := h.watchers[name]
	if !ok {
		ctx, end := context.WithCancel(h.reading)
		w = &watcher{name: name, listeners: map[chan int64]listener{}, end: end}
		h.watchers[name] = w
		h.running.Go(func() { h.watch(ctx, w) })
	}
	channel := make(chan int64, 1)
	w.listeners[channel] = listener{since: w.readings}
	h.listeners++
	return channel, func() { h.leave(w, channel) }, nil
}

func (h *Hub) leave(w *watcher, channel chan int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := w.listeners[channel]; !ok {
		return // the hub is closed, or stop was called before
	}
	delete(w.listeners, channel)
	h.listeners--
	if len(w.listeners) == 0 {
		delete(h.watchers, w.name)
		w.end()
	}
}

// watcher is a counter that somebody listens to.
type watcher struct {
	name      string
	listeners map[chan int64]listener
	readings  int   // how many have begun
	value     int64 // as it was last read
	known     bool  // whether it was read
	end       context.CancelFunc
}

// listener is somebody who listens to a watcher's counter.
type listener struct {
	since int  // the last reading that began before it came
	told  bool // whether it was sent a value
}

// watch reads the counter until its last listener has left.
func (h *Hub) watch(ctx context.Context, w *watcher) {
	defer w.end()
	pause := interval
	for {
		reading, spread := h.begin(w)
		value, err := h.read(ctx, w.name)
		if err != nil {
			pause = max(min(2*pause, maxPause), spread)
		} else {
			pause = max(interval, spread)
			h.tell(w, reading, value)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

func (h *Hub) read(ctx context.Context, name string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return h.get(ctx, name)
}

// begin returns the number of the reading that begins, and the pause after it that keeps all
// watchers to maxReads.
func (h *Hub) begin(w *watcher) (reading int, spread time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w.readings++
	return w.readings, time.Duration(len(h.watchers)) * time.Second / maxReads
}

// tell sends the value of a reading to those to whom it is new.
func (h *Hub) tell(w *watcher, reading int, value int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	changed := !w.known || w.value != value
	w.value, w.known = value, true
	for channel, to := range w.listeners {
		if reading <= to.since || to.told && !changed {
			continue
		}
		to.told = true
		w.listeners[channel] = to
		select {
		case <-channel: // replaces a value that was not received yet
		default:
		}
		channel <- value
	}
}
