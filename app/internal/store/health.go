package store

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
)

const (
	// interval is the time between two looks, and so the greatest age of the result of
	// [Health.Warnings]. A look costs little, and nobody waits for it.
	interval = 30 * time.Second
	// lookTimeout limits a look, and so the time that [Health.Stop] takes.
	lookTimeout = time.Second
	// pingTimeout limits a ping, which somebody waits for.
	pingTimeout = 2 * time.Second
)

// Health is the state of a store. Between Start and Stop it looks now and then for what
// endangers the counts, and logs what is new. It does not log a failed look as an error,
// because the store may be down. Health is safe for concurrent use.
type Health struct {
	store    counter.Store
	name     string
	dangers  []string
	warner   counter.Warner // nil if the store has no warnings
	stats    func() coalesce.Stats
	log      *zap.Logger
	warnings atomic.Pointer[[]string]
	away     atomic.Bool // the last Ping failed
	fallen   *fallen     // may be nil

	looking sync.WaitGroup
	end     context.CancelFunc
}

// NewHealth returns the health of the store. dangers are known without asking the store and
// do not change. They come first in the result of Warnings.
func NewHealth(store counter.Store, log *zap.Logger, dangers ...string) *Health {
	h := &Health{store: store, name: "a store without a name", dangers: dangers, log: log}
	for _, danger := range dangers {
		h.warn(danger)
	}
	h.warnings.Store(&h.dangers)
	if name, ok := counter.As[fmt.Stringer](store); ok {
		h.name = name.String()
	}
	if gathering, ok := counter.As[interface{ Stats() coalesce.Stats }](store); ok {
		h.stats = gathering.Stats
	}
	h.warner, _ = counter.As[counter.Warner](store)
	return h
}

// Start starts looking, which lasts until Stop. It returns at once.
func (h *Health) Start() {
	ctx, end := context.WithCancel(context.Background())
	h.end = end
	if h.warner == nil {
		return
	}
	h.looking.Go(func() {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			h.look(ctx)
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
}

// Stop ends what Start began.
func (h *Health) Stop() {
	h.end()
	h.looking.Wait()
}

// Warnings returns what endangers the counts, as found by the last look, and which counters have
// gone back in the last hour. It does not wait. The caller must not change the slice.
func (h *Health) Warnings() []string {
	found := *h.warnings.Load()
	if fallen := h.fallen.warnings(time.Now()); len(fallen) > 0 {
		found = slices.Concat(found, fallen)
	}
	return found
}

// look looks once and logs what is new. If it learns nothing, what is known stays.
func (h *Health) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	found, err := h.warner.Warnings(ctx)
	if err != nil {
		h.log.Debug("the store's safety can't be looked at", zap.Error(err))
		if len(found) == 0 {
			return
		}
	}
	known := *h.warnings.Load()
	for _, warning := range found {
		if !slices.Contains(known, warning) {
			h.warn(warning)
		}
	}
	found = slices.Concat(h.dangers, found)
	h.warnings.Store(&found)
}

func (h *Health) warn(warning string) {
	h.log.Warn("the store may lose counts", zap.String("warning", warning))
}

// Ping returns nil if the store answers now. It waits at most two seconds. It logs when the
// store stops answering and when it answers again.
func (h *Health) Ping(ctx context.Context) error {
	pinging, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	err := counter.Ping(pinging, h.store)
	if err != nil && ctx.Err() != nil { // the caller has left, so the store had no time to answer
		return err
	}
	if away := err != nil; h.away.Swap(away) != away {
		if away {
			h.log.Warn("the store does not answer; views are kept until it does", zap.Error(err))
		} else {
			h.log.Info("the store answers")
		}
	}
	return err
}

// Report is what is known about a store.
type Report struct {
	Name     string
	Fault    error    // why the store does not answer; nil if it answers
	Warnings []string // what endangers the counts
	// Gathers says that additions are gathered. If they are not, Stats is zero.
	Gathers bool
	Stats   coalesce.Stats
}

// Report returns what is known about the store. It pings the store first.
func (h *Health) Report(ctx context.Context) Report {
	report := Report{Name: h.name, Fault: h.Ping(ctx), Warnings: h.Warnings()}
	if h.stats != nil {
		report.Gathers, report.Stats = true, h.stats()
	}
	return report
}
