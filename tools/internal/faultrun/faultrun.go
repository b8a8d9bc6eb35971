//go:build unix

// Package faultrun runs the program as people do, breaks what can break, and compares what the
// store has counted with what the visitors were told.
//
// It is for commands and their tests.
package faultrun

import (
	"context"
	"time"
)

// Config says what to run.
type Config struct {
	Top   string // of the tree
	Logs  string // a folder for those of the app
	Setup string // one of [Setups]
	App   string // the program; if empty, it is built

	// Surfaces are the addresses to open, each by its own Clients. If empty, [Home] is opened.
	Surfaces []Surface
	Views    int64
	Every    int64 // views from one fault to the next, on average
	Duration time.Duration
	Clients  int
	Rate     int // views a second at most; 0 means no limit
	Seed     uint64
	Safe     bool // run Redis with the settings that the promise needs

	// Steady spares one process, so that it can be watched for long: the first of several. A
	// single process is spared once the first quarter of Duration is over.
	Steady bool
	// Beside, if not nil, is called on a goroutine of its own once the processes serve. It must
	// return when the context ends, which happens when the clients leave.
	Beside func(ctx context.Context, f *Fleet)
}
