//go:build unix

package faultrun

import (
	"encoding/json"
	"strings"
	"time"

	"example.com/herokuapp/counter-core/coalesce"
)

// appLog is what the log of a process says, read from the fields of its lines. The messages are
// for people and may be reworded.
type appLog struct {
	views   map[string]tally // by the path of the request
	healed  int64            // additions that the store had lost
	dropped int64            // additions that were refused, given up or left at the end

	lost    int64  // lines about requests that the log could not take
	strange string // the first line that is not understood and may be about additions

	warnings []Line // and errors
}

// tally is how many views had which outcome, as in visits.
type tally struct{ counted, pending, unknown int64 }

// Line is a warning or an error in a log.
type Line struct {
	Process string
	At      time.Time
	Event   string // the field "event", which most lines do not have
	Message string
	Text    string // the whole line
}

// The events that are not a coalesce.Kind.
const (
	left      = "left"       // additions, at the end
	linesLost = "lines_lost" // of the log itself
)

// logLine has the fields of a line that matter here.
type logLine struct {
	Level, Msg string
	TS         time.Time
	Path       string
	Address    string
	ViewStatus *string `json:"view_status"`
	Event      *string
	Additions  *int64

	Requests, Other, Unwritten int64 // lines that were lost
}

// read takes in a line. It returns the address at which the process serves, if the line has it,
// and whether the line is about a request.
func (a *appLog) read(text []byte) (address string, request bool) {
	var line logLine
	if err := json.Unmarshal(text, &line); err != nil {
		a.wonder(text) // for example a panic
		return "", false
	}
	if line.ViewStatus != nil {
		a.count(line.Path, *line.ViewStatus)
		return "", true
	}
	if !a.event(line) {
		a.wonder(text)
	}
	if line.Level != "" && line.Level != "info" {
		warning := Line{At: line.TS, Message: line.Msg, Text: strings.TrimSpace(string(text))}
		if line.Event != nil {
			warning.Event = *line.Event
		}
		a.warnings = append(a.warnings, warning)
	}
	return line.Address, false
}

// count takes in the outcome of a request.
func (a *appLog) count(path, status string) {
	views := a.views[path]
	switch status {
	case viewCounted:
		views.counted++
	case viewPending:
		views.pending++
	case viewUnknown:
		views.unknown++
	default:
		return
	}
	if a.views == nil {
		a.views = map[string]tally{}
	}
	a.views[path] = views
}

// event takes in what the line says about additions. It returns false if that is not clear.
func (a *appLog) event(line logLine) bool {
	if line.Event == nil {
		return line.Additions == nil
	}
	switch *line.Event {
	case coalesce.Failing.String(), coalesce.Recovered.String(), coalesce.Fell.String():
		return true
	case linesLost:
		a.lost += line.Requests
		return line.Other+line.Unwritten == 0 // such lines may have been about additions
	case coalesce.Healed.String(), coalesce.Refused.String(), coalesce.GivenUp.String(), left:
	default:
		return false
	}
	if line.Additions == nil {
		return false
	}
	if *line.Event == coalesce.Healed.String() {
		a.healed += *line.Additions
	} else {
		a.dropped += *line.Additions
	}
	return true
}

func (a *appLog) wonder(text []byte) {
	if a.strange == "" {
		a.strange = strings.TrimSpace(string(text))
	}
}
