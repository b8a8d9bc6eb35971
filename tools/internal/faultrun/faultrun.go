//go:build unix

// Package faultrun runs the program as people do, breaks what can break, and holds what the
// store has counted against what the visitors were told.
//
// It is for commands and their tests: redistest starts servers for tests alone.
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

	// Surfaces are what is opened, by as many clients each. If empty, it is [Home].
	Surfaces []Surface
	Views    int64
	Every    int64 // views from one fault to the next, on average
	Duration time.Duration
	Clients  int
	Rate     int // views a second, at most; 0: as many as there can be
	Seed     uint64
	Safe     bool // run Redis with the settings that make the promise hold

	// Steady spares a process, so that it can be watched for long: the first of several. A
	// single one is spared from the end of the first quarter of Duration.
	Steady bool
	// Beside, if not nil, is called once the processes serve, on a goroutine of its own. It has
	// to return when the context ends, which is when the clients leave.
	Beside func(ctx context.Context, f *Fleet)
}
