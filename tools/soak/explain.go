//go:build unix

package main

import (
	"slices"
	"strings"
	"time"

	"example.com/herokuapp/counter-core/coalesce"
	"example.com/herokuapp/tools/internal/faultrun"
)

// effect is how long a fault may have an effect after its end: a call waits for its reply, a pool
// notices that its connections are dead, and retries come at growing intervals.
const effect = 10 * time.Second

// cause is a reason for the app to log something.
type cause struct {
	// what is the event of a line, or the beginning of the message of a line without an event.
	what string
	// restart reports whether the cause is a restart of the app. Otherwise it is a fault of Redis
	// or of the line to it.
	restart bool
}

// causes returns all that the app may log, and why.
func causes() []cause {
	return []cause{
		{what: coalesce.Failing.String()},
		{what: coalesce.Healed.String()},
		{what: "the store does not answer; views are kept until it does"},
		{what: "the number of the page is not known"},
		{what: "the number of a page is not known"},
		{what: "metrics: error encoding and sending metric family", restart: true}, // the answer was cut off
	}
}

// explain returns how many of the lines are explained by a fault, and the lines that are not.
func explain(lines []faultrun.Line, faults []faultrun.Struck) (explained int, unexplained []faultrun.Line) {
	known := causes()
	for _, line := range lines {
		if slices.ContainsFunc(known, func(c cause) bool { return c.is(line) && c.in(faults, line.At) }) {
			explained++
		} else {
			unexplained = append(unexplained, line)
		}
	}
	return explained, unexplained
}

func (c cause) is(line faultrun.Line) bool {
	if line.Event != "" {
		return line.Event == c.what
	}
	return strings.HasPrefix(line.Message, c.what)
}

// in reports whether one of the faults was there at that time, or shortly before.
func (c cause) in(faults []faultrun.Struck, at time.Time) bool {
	return slices.ContainsFunc(faults, func(f faultrun.Struck) bool {
		return strings.HasPrefix(f.Kind, "app ") == c.restart && !at.Before(f.From) && at.Before(f.To.Add(effect))
	})
}
