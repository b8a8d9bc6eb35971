package model

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// report gathers what is wrong in a run, and what happened until then: rapid must
// not be told from within a bubble.
type report struct {
	start time.Time

	mu       sync.Mutex
	happened []string
	faults   []string
}

func newReport() *report { return &report{start: time.Now()} }

func (r *report) trace(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := time.Since(r.start).Seconds()
	r.happened = append(r.happened, fmt.Sprintf("%9.3f ", at)+fmt.Sprintf(format, args...))
}

func (r *report) wrong(format string, args ...any) {
	r.trace("WRONG: "+format, args...)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}

// err returns nil if nothing was wrong.
func (r *report) err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.faults) == 0 {
		return nil
	}
	const most = 10
	return errors.New(strings.Join(r.faults[:min(most, len(r.faults))], "\n") +
		"\nWhat happened, by seconds:\n" + strings.Join(r.happened, "\n"))
}
