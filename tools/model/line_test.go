package model

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// line is the network as one process has it.
type line struct {
	counter.Store // answers what changes nothing, without faults

	network *network

	mu        sync.Mutex
	unsettled map[string]bool // a batch of the counter is sent and not settled
	setting   map[string]bool
	closed    bool
}

var _ counter.Backend = (*line)(nil)

func (n *network) newLine() *line {
	return &line{Store: n.store, network: n, unsettled: map[string]bool{}, setting: map[string]bool{}}
}

// Apply sends each batch on its own, and waits for answers until the context ends.
func (l *line) Apply(ctx context.Context, batches []counter.Batch) []counter.Result {
	results := make([]counter.Result, len(batches))
	told := make([]<-chan counter.Result, len(batches))
	for i, b := range batches {
		l.begin(b.Name)
		f := l.network.nextFault(b.Name)
		l.network.report.trace("send %s of %.4s, %d to %d: %v", b.Name, b.Writer, b.Delta, b.Sum, f)
		told[i] = l.network.send(f, func() counter.Result { return l.network.apply(context.WithoutCancel(ctx), b) })
	}
	for i, b := range batches {
		results[i] = await(ctx, told[i])
		l.end(b.Name, results[i].Err)
	}
	return results
}

// begin notes that a batch is sent.
func (l *line) begin(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.setting[name] {
		l.network.report.wrong("a batch of %s is sent while it is being set", name)
	}
	if l.closed {
		l.network.report.wrong("a batch of %s is sent after Close", name)
	}
	l.unsettled[name] = true
}

// end notes what is known of a batch that was sent.
func (l *line) end(name string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if errors.Is(err, counter.ErrStale) {
		l.network.report.wrong("a batch of %s looks like a late copy: %v", name, err)
	}
	l.unsettled[name] = errors.Is(err, errAway) || errors.Is(err, counter.ErrUnknown)
}

func (l *line) Set(ctx context.Context, name string, value int64) error {
	l.mu.Lock()
	// Over records that end soon, batches may be given up without an answer.
	if l.unsettled[name] && l.Retention() >= time.Hour {
		l.network.report.wrong("%s is set while a batch is on the way", name)
	}
	l.setting[name] = true
	l.mu.Unlock()
	told := l.network.send(l.network.nextFault(name), func() counter.Result {
		return counter.Result{Err: l.network.set(context.WithoutCancel(ctx), name, value)}
	})
	result := await(ctx, told)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.setting[name] = false
	return result.Err
}

func (l *line) Retention() time.Duration { return l.network.store.Retention() }

// Close leaves the store open, which other processes use.
func (l *line) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	return nil
}

// await returns what is told before the context ends.
func await(ctx context.Context, told <-chan counter.Result) counter.Result {
	select {
	case result := <-told:
		return result
	case <-ctx.Done():
	}
	select {
	case result := <-told: // both at once
		return result
	default:
		return counter.Result{Err: fmt.Errorf("%w: %w", counter.ErrUnknown, ctx.Err())}
	}
}
