// Package model tests that every addition is counted once, whatever happens
// between package coalesce and the store behind it. It holds tests alone, and is
// in tools so that no module that others import requires rapid.
//
// rapid draws a script of steps: callers add, and are gone after a while; values
// are set; time passes; requests, or the answers to them, are late, lost or
// refused; a replica takes over that lacks what was counted last; a process ends
// while another one takes its place. Then the faults end, all is drained, and what
// the store holds is held against what the callers were told:
//
//   - no number is given to two callers, and each belongs to a batch that the store
//     has counted;
//   - acknowledged ≤ counted ≤ opened: what was acknowledged, or is said to be
//     pending, is counted once, what ended with a definite error never;
//   - what is counted in an hour was opened in it, or was healed in it, and all hours
//     together are what was counted;
//   - the value said to be reached at least is, and has in it all the callers were
//     told of;
//   - nobody waits beyond the deadline of his context, or for a store that answers;
//   - a value is set only while nothing is on the way to the counter;
//   - nothing is sent by a store that is closed.
//
// Most runs are in a synctest bubble, where minutes take no time and a script does
// the same each time it runs, as far as the order of goroutines goes. A few are
// against a real Redis, in real time.
package model
