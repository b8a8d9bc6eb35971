//go:build unix

package main

import (
	"fmt"
	"maps"
	"syscall"
	"time"
)

// outcome is what came of a run, once all was drained.
type outcome struct {
	counted int64 // the counter's value
	inHours int64 // so much of it is in the hours of the run
	lives   []account
	opened  int64 // pages, answered or not
	most    int64 // the largest number shown
	twice   []repeat
	absurd  []absurdity

	faults      map[string]int64
	lost        losses
	worst, took time.Duration
}

// losses is what was lost on the lines to Redis.
type losses struct{ requests, replies, connections int64 }

func (l *losses) add(requests, replies, connections int64) {
	l.requests += requests
	l.replies += replies
	l.connections += connections
}

// account is what is known of the views of one process.
type account struct {
	name    string
	drained bool // it ended when it was asked to, with nothing left
	killed  bool
	status  int // the exit status

	told
	log appLog
}

func newOutcome(f *fleet, l *ledger, s *schedule, took time.Duration) *outcome {
	o := &outcome{
		took:   took,
		opened: l.opened.Load(), worst: time.Duration(l.worst.Load()),
		most: l.most, twice: l.twice, absurd: l.absurd,
		faults: maps.Clone(s.struck),
	}
	for _, life := range f.lives {
		o.lives = append(o.lives, account{
			name:    life.String(),
			drained: life.signal == syscall.SIGTERM && life.cmd.ProcessState.ExitCode() == 0,
			killed:  life.signal == syscall.SIGKILL,
			status:  life.cmd.ProcessState.ExitCode(),
			told:    life.visits.told(),
			log:     life.log,
		})
	}
	return o
}

// bounds returns how many views of the process the counter must have, and may have.
//
// A process that has drained has logged each view, those too whose answer did not
// arrive, unless the log could not take all. One that was killed may have lost what it
// had not sent: views it called pending after the last that it gave a number, and those
// it has not answered.
func (a account) bounds() (least, most int64) {
	switch {
	case a.drained && a.log.lost == 0:
		least = a.log.counted + a.log.pending
		return least, least + a.log.unknown
	case a.drained:
		least = a.counted + a.pending
		return least, least + a.unknown + a.unanswered
	}
	return a.counted + a.included, a.counted + a.pending + a.unknown + a.unanswered
}

// bounds returns how many views the counter must have, and may have.
func (o *outcome) bounds() (least, most int64) {
	for _, a := range o.lives {
		l, m := a.bounds()
		least, most = least+l, most+m
	}
	return least, most
}

// breaches returns how the promise was broken, if it was.
func (o *outcome) breaches() []string {
	var breaches []string
	breach := func(format string, args ...any) { breaches = append(breaches, fmt.Sprintf(format, args...)) }

	for _, a := range o.lives {
		a.check(breach)
	}
	least, most := o.bounds()
	switch {
	case o.counted < least:
		breach("%d views are lost: %d counted, %d or more opened", least-o.counted, o.counted, least)
	case o.counted > most:
		breach("%d views too many: %d counted, %d or fewer opened", o.counted-most, o.counted, most)
	}
	for _, r := range o.twice {
		breach("%d was shown twice: by %s, and by %s", r.number, o.where(r.first), o.where(r.second))
	}
	for _, a := range o.absurd {
		breach("%d was shown when %d pages had been opened, by %s", a.number, a.opened, o.where(a.at))
	}
	if o.inHours != o.counted {
		breach("%d are in the hours of the run, and %d counted", o.inHours, o.counted)
	}
	if o.most > o.counted {
		breach("%d was shown, and %d counted", o.most, o.counted)
	}
	return breaches
}

// check checks that the process ended as it should, and that its log tells of the
// views that its visitors tell of.
func (a account) check(breach func(string, ...any)) {
	switch {
	case a.drained:
		least := a.counted + a.pending
		most := least + a.unanswered
		if views := a.log.counted + a.log.pending; views+a.log.lost < least || views > most {
			breach("%s has logged %d views, its visitors tell of %d to %d", a.name, views, least, most)
		}
	case !a.killed:
		breach("%s ended with status %d", a.name, a.status)
	}
	if a.log.dropped > 0 {
		breach("%s has dropped %d views", a.name, a.log.dropped)
	}
	if a.log.strange != "" {
		breach("%s has logged what this command does not know: %s", a.name, a.log.strange)
	}
}

func (o *outcome) where(s showing) string {
	after := time.Duration(s.after) * time.Millisecond
	return fmt.Sprintf("%s after %v", o.lives[s.life-1].name, after)
}
