// Package model tests that every addition is counted once, whatever happens between package
// coalesce and the store behind it. It has only tests, and is in tools so that no module that
// others import requires rapid.
//
// rapid draws a script of steps: callers add, and give up after a while; values are set; time
// passes; requests or their answers are late, lost or refused; a replica takes over that lacks what
// was counted last; a process ends while another takes its place. Then the faults end, everything
// kept is sent, and what the store holds is compared with what the callers were told:
//
//   - no number is given to two callers, and each belongs to a batch that the store
//     has counted;
//   - acknowledged ≤ counted ≤ opened: an addition that was acknowledged or is pending is
//     counted once, and one that ended with a definite error never;
//   - what is counted in an hour was opened or healed in that hour, and the hours add up to the
//     count;
//   - the counter reaches each "at least" value, which includes all that callers were told of;
//   - no caller waits past the deadline of its context, or for a store that answers;
//   - a value is set only while no batch of the counter is in flight;
//   - a closed store sends nothing.
//
// Most runs are in a synctest bubble, where minutes take no time and a script does the same
// each time, but for the order of goroutines. A few use a real Redis, in real time.
package model
