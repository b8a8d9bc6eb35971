package counters

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	counter "example.com/herokuapp/counter-core"
)

const (
	// OverviewDays is how many days an [Overview] has, with today.
	OverviewDays = 30
	// overviewAge is how old an overview may be before the next one is made.
	overviewAge = 30 * time.Second
	// overviewWait is how long somebody waits for the first one.
	overviewWait = 600 * time.Millisecond
	// overviewTimeout limits how long one may take.
	overviewTimeout = 10 * time.Minute
	// overviewRest is how long to wait before making the next overview, as a multiple of the
	// time that the last one took: listing the pages of a Redis goes through all of its keys.
	overviewRest = 10
	// overviewRows is how many pages each list of an overview has.
	overviewRows = 10
	// overviewFull is how often all histories are read again. In between, only those of
	// counters that have changed are.
	overviewFull = time.Hour
	// maxOverview is how many pages' histories are read at most, beginning with the most views.
	maxOverview = 200_000
)

// PageDays is a page with its views on each of the last days.
type PageDays struct {
	Name  string
	Value int64 // in all
	// Days are the views on each day of UTC. The last one is today's.
	Days [OverviewDays]int64
}

// Sum returns the views of the last days.
func (p PageDays) Sum(days int) (sum int64) {
	for _, views := range p.Days[OverviewDays-days:] {
		sum += views
	}
	return sum
}

// Overview says what all pages have counted in the last days, in UTC.
type Overview struct {
	// At is when it was begun. Everything is as of then or later.
	At time.Time
	// Pages is how many counters of pages there are, or while Reading, how many were found so
	// far. Read is how many of them the numbers include. The two differ while the first
	// overview is made, and if there are too many pages.
	Pages, Read int
	// Reading says that more pages are being read for the first overview.
	Reading bool
	// Err is why the last try to make one failed. The numbers are then those of an earlier
	// one, if there was one.
	Err error
	// All has the sums over all pages that were read.
	All PageDays
	// Today, Week and Month are the pages with the most views today, in 7 and in 30 days.
	Today, Week, Month []PageDays
	// New are pages that were viewed for the first time in the last 7 days, the latest
	// first.
	New []PageDays
}

// overview keeps the last [Overview] and makes the next one in the background.
type overview struct {
	counters *Counters

	mu      sync.Mutex
	last    Overview
	making  chan struct{} // closed when the one in the making is done; nil if none is
	running context.Context
	took    time.Duration // to make the last one

	// Only the one that makes an overview uses these.
	known    map[string]PageDays
	day      counter.Hour // the first hour of the day on which known was read
	full     time.Time
	complete bool // there was one of all pages
}

// Overview returns what is known of the last days. If that is old, it starts a new reading in
// the background. If nothing is known yet, it waits a moment. The error is [ErrNoHistory] if
// the store keeps no history.
func (c *Counters) Overview(ctx context.Context) (Overview, error) { //nolint:contextcheck // the next one is made for whoever looks later, too
	if _, ok := counter.As[counter.Historian](c.store); !ok {
		return Overview{}, ErrNoHistory
	}
	o := &c.overview
	o.mu.Lock()
	first := o.last.At.IsZero()
	if o.making == nil && time.Since(o.last.At) > max(overviewAge, overviewRest*o.took) && o.running != nil && o.running.Err() == nil {
		making := make(chan struct{})
		o.making = making
		running := o.running
		c.aliases.running.Go(func() {
			o.make(running)
			o.mu.Lock()
			o.making = nil
			o.mu.Unlock()
			close(making)
		})
	}
	making := o.making
	o.mu.Unlock()
	if first && making != nil {
		wait := time.NewTimer(overviewWait)
		defer wait.Stop()
		select {
		case <-making:
		case <-wait.C:
		case <-ctx.Done():
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.last, nil
}

// make makes the next overview.
func (o *overview) make(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, overviewTimeout)
	defer cancel()
	begun := time.Now()
	err := o.read(ctx, begun)
	if err != nil {
		o.counters.log.Warn("the overview can't be made", zap.Error(err))
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.took, o.last.Reading = time.Since(begun), false
	if o.last.Err = err; err != nil && o.last.At.IsZero() {
		o.last.At = begun // or each request would try again
	}
}

func mostViews(a, b counter.Entry) int {
	return cmp.Or(cmp.Compare(b.Value, a.Value), strings.Compare(a.Name, b.Name))
}

// show publishes what is known as the last overview.
func (o *overview) show(begun time.Time, total int, known map[string]PageDays, reading bool) {
	made := Overview{At: begun, Pages: total, Read: len(known), Reading: reading}
	const week = 7
	for _, page := range known {
		made.All.Value += page.Value
		for i, views := range page.Days {
			made.All.Days[i] += views
		}
		made.Today = keepTop(made.Today, page, 1)
		made.Week = keepTop(made.Week, page, week)
		made.Month = keepTop(made.Month, page, OverviewDays)
		if page.Value > 0 && page.Sum(week) == page.Value {
			made.New = append(made.New, page)
		}
		if len(made.New) > 4*overviewRows {
			made.New = newest(made.New)
		}
	}
	made.Today, made.Week, made.Month = top(made.Today, 1), top(made.Week, week), top(made.Month, OverviewDays)
	made.New = newest(made.New)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = made
}

// keepTop adds a page to those with the most views in the last days. It keeps a few more than
// needed.
func keepTop(pages []PageDays, page PageDays, days int) []PageDays {
	if page.Sum(days) == 0 {
		return pages
	}
	if pages = append(pages, page); len(pages) > 4*overviewRows {
		return top(pages, days)
	}
	return pages
}

func top(pages []PageDays, days int) []PageDays {
	slices.SortFunc(pages, func(a, b PageDays) int {
		return cmp.Or(cmp.Compare(b.Sum(days), a.Sum(days)), strings.Compare(a.Name, b.Name))
	})
	return pages[:min(len(pages), overviewRows)]
}

// newest sorts pages by the first day on which they have views.
func newest(pages []PageDays) []PageDays {
	first := func(p PageDays) int { return slices.IndexFunc(p.Days[:], func(views int64) bool { return views > 0 }) }
	slices.SortFunc(pages, func(a, b PageDays) int {
		return cmp.Or(cmp.Compare(first(b), first(a)), cmp.Compare(b.Value, a.Value), strings.Compare(a.Name, b.Name))
	})
	return pages[:min(len(pages), overviewRows)]
}
