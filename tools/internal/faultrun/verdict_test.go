//go:build unix

package faultrun

import (
	"strings"
	"testing"
)

// drained returns a process that has drained, whose log tells what its visitors tell.
func drained(counted, pending int64) account {
	return account{
		past: past{name: "app 1", drained: true}, told: told{counted: counted, pending: pending},
		logged: tally{counted: counted, pending: pending},
	}
}

func TestVerdict(t *testing.T) {
	killed := account{past: past{name: "app 2", killed: true, status: -1}, told: told{counted: 50, pending: 10, included: 4, unanswered: 3}}
	unanswered := drained(90, 10) // one of its answers did not arrive, and one request neither
	unanswered.counted, unanswered.unanswered = 89, 2
	died := drained(100, 0)
	died.drained, died.status = false, 2
	silent := drained(100, 0)
	silent.logged.counted = 99
	gaveUp := drained(90, 10)
	gaveUp.log.dropped = 1
	busy := drained(89, 10) // one line of its log was lost, and one answer
	busy.unanswered, busy.logged.counted, busy.log.lost = 1, 88, 1
	asks := drained(90, 10)
	asks.unknown, asks.logged.unknown = 2, 2

	for name, test := range map[string]struct {
		outcome surfaceOutcome
		want    string // in the only breach; empty: none
	}{
		"all counted":             {surfaceOutcome{count: count{100, 100}, accounts: []account{drained(90, 10)}}, ""},
		"a view lost":             {surfaceOutcome{count: count{99, 99}, accounts: []account{drained(90, 10)}}, "1 views are lost"},
		"a view too many":         {surfaceOutcome{count: count{101, 101}, accounts: []account{drained(90, 10)}}, "1 views too many"},
		"answers lost":            {surfaceOutcome{count: count{100, 100}, accounts: []account{unanswered}}, ""},
		"answers lost, one less":  {surfaceOutcome{count: count{99, 99}, accounts: []account{unanswered}}, "1 views are lost"},
		"answers lost, one more":  {surfaceOutcome{count: count{101, 101}, accounts: []account{unanswered}}, "1 views too many"},
		"a line of the log lost":  {surfaceOutcome{count: count{99, 99}, accounts: []account{busy}}, ""},
		"... and an answer":       {surfaceOutcome{count: count{100, 100}, accounts: []account{busy}}, ""},
		"... and a view":          {surfaceOutcome{count: count{98, 98}, accounts: []account{busy}}, "1 views are lost"},
		"... and one too many":    {surfaceOutcome{count: count{101, 101}, accounts: []account{busy}}, "1 views too many"},
		"nobody knows, none":      {surfaceOutcome{count: count{100, 100}, accounts: []account{asks}}, ""},
		"nobody knows, all":       {surfaceOutcome{count: count{102, 102}, accounts: []account{asks}}, ""},
		"nobody knows, more":      {surfaceOutcome{count: count{103, 103}, accounts: []account{asks}}, "1 views too many"},
		"killed, none arrived":    {surfaceOutcome{count: count{154, 154}, accounts: []account{drained(90, 10), killed}}, ""},
		"killed, all arrived":     {surfaceOutcome{count: count{163, 163}, accounts: []account{drained(90, 10), killed}}, ""},
		"killed, a view lost":     {surfaceOutcome{count: count{153, 153}, accounts: []account{drained(90, 10), killed}}, "1 views are lost"},
		"killed, a view too many": {surfaceOutcome{count: count{164, 164}, accounts: []account{drained(90, 10), killed}}, "1 views too many"},
		"died":                    {surfaceOutcome{count: count{100, 100}, accounts: []account{died}}, "ended with status 2"},
		"log and visitors differ": {surfaceOutcome{count: count{99, 99}, accounts: []account{silent}}, "visitors tell of"},
		"dropped":                 {surfaceOutcome{count: count{100, 100}, accounts: []account{gaveUp}}, "dropped 1"},
		"an hour lost":            {surfaceOutcome{count: count{100, 99}, accounts: []account{drained(90, 10)}}, "99 are in the hours"},
		"above the count":         {surfaceOutcome{count: count{100, 100}, most: 101, accounts: []account{drained(90, 10)}}, "101 was shown"},
		"twice": {
			surfaceOutcome{count: count{100, 100}, accounts: []account{drained(90, 10)}, twice: []repeat{{7, showing{1, 10}, showing{1, 20}}}},
			"7 was shown twice: by app 1 after 10ms, and by app 1 after 20ms",
		},
		"absurd": {
			surfaceOutcome{count: count{100, 100}, accounts: []account{drained(90, 10)}, absurd: []absurdity{{300, 10, showing{1, 10}}}},
			"300 was shown when 10 pages had been opened, by app 1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := &Outcome{surfaces: []surfaceOutcome{test.outcome}}
			for _, a := range test.outcome.accounts {
				o.lives = append(o.lives, a.past)
			}
			breaches := o.Breaches()
			switch {
			case test.want == "" && len(breaches) == 0:
			case test.want != "" && len(breaches) == 1 && strings.Contains(breaches[0], test.want):
			default:
				t.Errorf("breaches: %q; want %q", breaches, test.want)
			}
		})
	}
}
