//go:build unix

package main

import (
	"encoding/json"
	"strings"

	"example.com/herokuapp/counter-core/coalesce"
)

// appLog is what the log of a process tells, by the fields of its lines: their messages
// are for people, and may be reworded.
type appLog struct {
	counted, pending, unknown int64 // views, as visits
	healed                    int64 // additions that the store had lost
	dropped                   int64 // additions refused, given up or left at the end

	strange string // the first line that may be about additions and says nothing known
}

// left is the event of a line about additions that were left at the end: the only one
// that is not a coalesce.Kind.
const left = "left"

// read takes in a line. It returns the address if that is where the process serves, and
// whether the line is about a request.
func (a *appLog) read(text []byte) (address string, request bool) {
	var line struct {
		Address    string
		ViewStatus *string `json:"view_status"`
		Event      *string
		Additions  *int64
	}
	if err := json.Unmarshal(text, &line); err != nil {
		a.wonder(text) // a panic, for one
		return "", false
	}
	if line.ViewStatus != nil {
		switch *line.ViewStatus {
		case viewCounted:
			a.counted++
		case viewPending:
			a.pending++
		case viewUnknown:
			a.unknown++
		}
		return "", true
	}
	if line.Event != nil || line.Additions != nil {
		a.event(text, line.Event, line.Additions)
	}
	return line.Address, false
}

// event takes in a line that has one of the two fields.
func (a *appLog) event(text []byte, event *string, additions *int64) {
	kind := ""
	if event != nil {
		kind = *event
	}
	switch kind {
	case coalesce.Failing.String(), coalesce.Recovered.String():
		return
	case coalesce.Healed.String(), coalesce.Refused.String(), coalesce.GivenUp.String(), left:
	default:
		a.wonder(text)
		return
	}
	switch {
	case additions == nil:
		a.wonder(text)
	case kind == coalesce.Healed.String():
		a.healed += *additions
	default:
		a.dropped += *additions
	}
}

func (a *appLog) wonder(text []byte) {
	if a.strange == "" {
		a.strange = strings.TrimSpace(string(text))
	}
}
