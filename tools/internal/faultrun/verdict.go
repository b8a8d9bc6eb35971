//go:build unix

package faultrun

import (
	"fmt"
	"maps"
	"slices"
	"syscall"
	"time"
)

// Outcome is the outcome of a run, once everything kept was sent.
type Outcome struct {
	lives    []past
	surfaces []surfaceOutcome
	sites    map[string]count

	faults map[string]int64
	when   []Struck
	lost   losses
	took   time.Duration
}

// surfaceOutcome is the outcome of the views of a surface.
type surfaceOutcome struct {
	Surface

	count

	accounts []account // by life
	opened   int64     // pages, answered or not
	most     int64     // the largest number shown
	twice    []repeat
	absurd   []absurdity
	worst    time.Duration
}

// losses is what was lost on the lines to Redis.
type losses struct{ requests, replies, connections int64 }

func (l *losses) add(requests, replies, connections int64) {
	l.requests += requests
	l.replies += replies
	l.connections += connections
}

// past is what is known of a process that has ended.
type past struct {
	name    string
	drained bool // it ended when it was told to, with nothing left
	killed  bool
	status  int // the exit status
	log     appLog
}

// account is what is known of the views of one process on a surface.
type account struct {
	past

	told
	logged tally
}

func newOutcome(f *Fleet, ledgers []ledger, s *schedule, counted map[string]count, took time.Duration) *Outcome {
	o := &Outcome{took: took, faults: maps.Clone(s.struck), when: s.when, sites: map[string]count{}}
	for _, life := range f.lives {
		for i := range life.log.warnings {
			life.log.warnings[i].Process = life.String()
		}
		o.lives = append(o.lives, past{
			name:    life.String(),
			drained: life.signal == syscall.SIGTERM && life.cmd.ProcessState.ExitCode() == 0,
			killed:  life.signal == syscall.SIGKILL,
			status:  life.cmd.ProcessState.ExitCode(),
			log:     life.log,
		})
	}
	for i, surface := range f.surfaces {
		l := &ledgers[i]
		so := surfaceOutcome{
			Surface: surface, count: counted[surface.counter],
			opened: l.opened.Load(), worst: time.Duration(l.worst.Load()),
			most: l.most, twice: l.twice, absurd: l.absurd,
		}
		for n, life := range f.lives {
			so.accounts = append(so.accounts, account{
				past:   o.lives[n],
				told:   life.visits[i].told(),
				logged: life.log.views[surface.path],
			})
		}
		o.surfaces = append(o.surfaces, so)
		if surface.site != "" {
			o.sites[surface.site] = counted[surface.site]
		}
	}
	return o
}

// Faults returns when each fault began and ended.
func (o *Outcome) Faults() []Struck { return o.when }

// Warnings returns the warnings and errors that all processes have logged, in the order of the
// processes.
func (o *Outcome) Warnings() (lines []Line) {
	for _, l := range o.lives {
		lines = append(lines, l.log.warnings...)
	}
	return lines
}

// bounds returns how many views of the process the counter must have at least, and may have at
// most.
//
// A process that has drained has logged each view, even those whose answers did not arrive, unless
// lines of its log were lost. A process that was killed may have lost what it had not sent: views
// that it called pending after the last one with a number, and views that it has not answered.
func (a account) bounds() (least, most int64) {
	switch {
	case a.drained && a.log.lost == 0:
		least = a.logged.counted + a.logged.pending
		return least, least + a.logged.unknown
	case a.drained:
		least = a.counted + a.pending
		return least, least + a.unknown + a.unanswered
	}
	return a.counted + a.included, a.counted + a.pending + a.unknown + a.unanswered
}

// bounds returns how many views the counter must have at least, and may have at most.
func (s *surfaceOutcome) bounds() (least, most int64) {
	for _, a := range s.accounts {
		l, m := a.bounds()
		least, most = least+l, most+m
	}
	return least, most
}

// siteBounds returns the same for a site. A process that was killed may have counted a page but
// not yet its site.
func (o *Outcome) siteBounds(site string) (least, most int64) {
	for _, s := range o.surfaces {
		for _, a := range s.accounts {
			if s.site != site {
				continue
			}
			l, m := a.bounds()
			if a.drained {
				least += l
			}
			most += m
		}
	}
	return least, most
}

// Breaches returns the ways in which the promise was broken. It is empty if the promise held.
func (o *Outcome) Breaches() []string {
	var breaches []string
	breach := func(format string, args ...any) { breaches = append(breaches, fmt.Sprintf(format, args...)) }
	within := func(c count, least, most int64) {
		counted := c.value
		switch {
		case counted < least:
			breach("%d views are lost: %d counted, %d or more opened", least-counted, counted, least)
		case counted > most:
			breach("%d views too many: %d counted, %d or fewer opened", counted-most, counted, most)
		}
		if c.inHours != c.value {
			breach("%d are in the hours of the run, and %d counted", c.inHours, c.value)
		}
	}

	for _, l := range o.lives {
		l.check(breach)
	}
	for _, s := range o.surfaces {
		from := len(breaches)
		for _, a := range s.accounts {
			a.check(breach)
		}
		least, most := s.bounds()
		within(s.count, least, most)
		for _, r := range s.twice {
			breach("%d was shown twice: by %s, and by %s", r.number, o.where(r.first), o.where(r.second))
		}
		for _, a := range s.absurd {
			breach("%d was shown when %d pages had been opened, by %s", a.number, a.opened, o.where(a.at))
		}
		if s.most > s.value {
			breach("%d was shown, and %d counted", s.most, s.value)
		}
		o.name(breaches[from:], s.Name)
	}
	for _, site := range slices.Sorted(maps.Keys(o.sites)) {
		from := len(breaches)
		least, most := o.siteBounds(site)
		within(o.sites[site], least, most)
		o.name(breaches[from:], site)
	}
	return breaches
}

// name adds the surface to breaches, if there are several.
func (o *Outcome) name(breaches []string, name string) {
	if len(o.surfaces) < 2 {
		return
	}
	for i := range breaches {
		breaches[i] = name + ": " + breaches[i]
	}
}

// check checks that the process ended as it should, and that its log is understood.
func (p past) check(breach func(string, ...any)) {
	if !p.drained && !p.killed {
		breach("%s ended with status %d", p.name, p.status)
	}
	if p.log.dropped > 0 {
		breach("%s has dropped %d views", p.name, p.log.dropped)
	}
	if p.log.strange != "" {
		breach("%s has logged what this command does not know: %s", p.name, p.log.strange)
	}
}

// check checks that the log of the process has the views that its visitors saw.
func (a account) check(breach func(string, ...any)) {
	if !a.drained {
		return
	}
	least := a.counted + a.pending
	most := least + a.unanswered
	if views := a.logged.counted + a.logged.pending; views+a.log.lost < least || views > most {
		breach("%s has logged %d views, its visitors tell of %d to %d", a.name, views, least, most)
	}
}

func (o *Outcome) where(s showing) string {
	after := time.Duration(s.after) * time.Millisecond
	return fmt.Sprintf("%s after %v", o.lives[s.life-1].name, after)
}
