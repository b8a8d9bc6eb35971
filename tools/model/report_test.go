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
	happened []happening
	faults   []string
}

// happening is text that is written only if somebody is to read it.
type happening struct {
	at     time.Duration
	format string
	args   []any
}

func (h happening) String() string {
	return fmt.Sprintf("%9.3f ", h.at.Seconds()) + fmt.Sprintf(h.format, h.args...)
}

func newReport() *report { return &report{start: time.Now()} }

func (r *report) trace(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.happened = append(r.happened, happening{time.Since(r.start), format, args})
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
	var text strings.Builder
	for _, fault := range r.faults[:min(most, len(r.faults))] {
		text.WriteString(fault + "\n")
	}
	text.WriteString("What happened, by seconds:\n")
	for _, h := range r.happened {
		text.WriteString(h.String() + "\n")
	}
	return errors.New(text.String())
}
