// Package safety keeps an eye on what endangers the counts in their store.
package safety

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	counter "example.com/herokuapp/counter-core"
)

const (
	// interval is how old what [Watch.Warnings] returns may be. A look costs the
	// store less than a view does a process, and nobody who asks for it waits.
	interval = 30 * time.Second
	// timeout bounds a look, and with it the time [Watch.Stop] takes.
	timeout = time.Second
)

// warner is a store that can tell what endangers the counts in it: a sentence
// each, the same one as long as the cause is. An error may come with some.
type warner interface {
	Warnings(ctx context.Context) ([]string, error)
}

// Watch looks at a store when the program starts, and now and then. What is new
// is logged. It is nobody's concern whether a look fails: the store may be away.
type Watch struct {
	store    warner // nil if the store can't tell
	log      *zap.Logger
	warnings atomic.Pointer[[]string]

	looking sync.WaitGroup
	end     context.CancelFunc
}

// NewWatch returns a watch of the store that does not look yet.
func NewWatch(store counter.Store, log *zap.Logger) *Watch {
	asked, _ := counter.As[warner](store)
	return &Watch{store: asked, log: log}
}

// Start looks from now on, until Stop. It returns at once.
func (w *Watch) Start() {
	ctx, end := context.WithCancel(context.Background())
	w.end = end
	if w.store == nil {
		return
	}
	w.looking.Go(func() {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			w.look(ctx)
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
}

// Stop ends what Start began.
func (w *Watch) Stop() {
	w.end()
	w.looking.Wait()
}

// Warnings returns what the last look has found. It does not wait, and may be
// called at any time by anybody, who must not change what it returns.
func (w *Watch) Warnings() []string {
	if found := w.warnings.Load(); found != nil {
		return *found
	}
	return nil
}

// look looks once, and logs what is new. A look that learns nothing leaves what is known.
func (w *Watch) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found, err := w.store.Warnings(ctx)
	if err != nil {
		w.log.Debug("the store's safety can't be looked at", zap.Error(err))
		if len(found) == 0 {
			return
		}
	}
	known := w.Warnings()
	for _, warning := range found {
		if !slices.Contains(known, warning) {
			w.log.Warn("the store may lose counts", zap.String("warning", warning))
		}
	}
	w.warnings.Store(&found)
}
