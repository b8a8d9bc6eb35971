package counters

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	counter "example.com/herokuapp/counter-core"
)

const (
	// overviewChunk is how many histories are read in a call.
	overviewChunk = 1000
	// overviewReaders is how many such calls are made at the same time: while the store works on
	// one, the reply to another is read.
	overviewReaders = 3
)

// reading is an overview in the making. Pages are read while others are still being listed.
type reading struct {
	overview *overview
	begun    time.Time
	today    counter.Hour // the first hour of it
	cancel   context.CancelCauseFunc

	mu    sync.Mutex
	total int // how many pages were listed
	known map[string]PageDays
	shown time.Time     // when what is known was last shown
	pause time.Duration // before it is shown again
}

// read makes an overview of the pages with the most views.
func (o *overview) read(ctx context.Context, begun time.Time) error {
	today := counter.HourOf(begun).Day()
	if begun.Sub(o.full) > overviewFull || today != o.day {
		o.known, o.day, o.full = nil, today, begun
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &reading{overview: o, begun: begun, today: today, cancel: cancel, known: map[string]PageDays{}, shown: begun, pause: overviewWait / 2}
	pages, err := r.list(ctx)
	if err != nil {
		return err
	}
	if r.total > maxOverview {
		if err := r.keep(ctx, pages); err != nil {
			return err
		}
	}
	o.known, o.complete = r.known, true
	o.show(begun, r.total, r.known, false)
	return nil
}

// list lists the pages, reads those that come first, and returns those with the most views.
func (r *reading) list(ctx context.Context) (pages []counter.Entry, err error) {
	read, wait := r.readers(ctx)
	defer func() {
		if failed := wait(); failed != nil {
			err = failed
		}
	}()
	var part []counter.Entry
	for entry, err := range r.overview.counters.all(ctx, "", PagePrefix) {
		if err != nil {
			return nil, fmt.Errorf("list the pages: %w", err)
		}
		pages = keepFirst(append(pages, entry), 2*maxOverview, maxOverview, mostViews)
		if r.found() > maxOverview {
			continue
		}
		if part = append(part, entry); len(part) == overviewChunk {
			read(part)
			part = nil
		}
	}
	read(part)
	slices.SortFunc(pages, mostViews)
	return pages[:min(len(pages), maxOverview)], nil
}

// found counts a page that was listed, and returns how many were listed so far.
func (r *reading) found() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total++
	return r.total
}

// keep reads those of the pages that are not known yet, and drops all others.
func (r *reading) keep(ctx context.Context, pages []counter.Entry) error {
	before := r.known
	r.known = make(map[string]PageDays, len(pages))
	var missing []counter.Entry
	for _, page := range pages {
		if days, ok := before[page.Name]; ok {
			r.known[page.Name] = days
		} else {
			missing = append(missing, page)
		}
	}
	read, wait := r.readers(ctx)
	for part := range slices.Chunk(missing, overviewChunk) {
		read(part)
	}
	return wait()
}

// readers starts goroutines that read pages. read hands them pages. wait returns once all are
// read, with the error if that failed.
func (r *reading) readers(ctx context.Context) (read func([]counter.Entry), wait func() error) {
	parts := make(chan []counter.Entry)
	var running sync.WaitGroup
	var failed error
	var once sync.Once
	for range overviewReaders {
		running.Go(func() {
			for part := range parts {
				if err := r.read(ctx, part); err != nil {
					once.Do(func() { failed = err })
					r.cancel(err)
				}
			}
		})
	}
	read = func(part []counter.Entry) {
		if len(part) > 0 {
			parts <- part
		}
	}
	return read, func() error {
		close(parts)
		running.Wait()
		return failed
	}
}

// read reads the last days of pages that have changed, and shows what is known if it is time.
func (r *reading) read(ctx context.Context, pages []counter.Entry) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	known := make([]PageDays, 0, len(pages))
	var names []string
	var values []int64
	for _, page := range pages {
		if before, ok := r.overview.known[page.Name]; ok && before.Value == page.Value {
			known = append(known, before)
		} else {
			names, values = append(names, page.Name), append(values, page.Value)
		}
	}
	from := max(0, r.today-(OverviewDays-1)*counter.DayHours)
	histories, errs := counter.Days(ctx, r.overview.counters.store, names, from, r.today)
	for i, err := range errs {
		if err != nil {
			return fmt.Errorf("read a history: %w", err)
		}
		page := PageDays{Name: names[i], Value: values[i]}
		for _, day := range histories[i] {
			page.Days[(day.Start-from)/counter.DayHours] = day.Count
		}
		known = append(known, page)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, page := range known {
		r.known[page.Name] = page
	}
	if begun := time.Now(); !r.overview.complete && begun.Sub(r.shown) > r.pause {
		r.overview.show(r.begun, r.total, r.known, true)
		r.shown = time.Now()
		r.pause = max(overviewWait/4, 10*r.shown.Sub(begun)) // most of the time is for reading
	}
	return nil
}
