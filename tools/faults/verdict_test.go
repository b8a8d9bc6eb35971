//go:build unix

package main

import (
	"strings"
	"testing"
)

// drained returns a process that has drained, whose log tells what its visitors tell.
func drained(counted, pending int64) account {
	return account{
		name: "app 1", drained: true, told: told{counted: counted, pending: pending},
		log: appLog{counted: counted, pending: pending},
	}
}

func TestVerdict(t *testing.T) {
	killed := account{name: "app 2", killed: true, status: -1, told: told{counted: 50, pending: 10, included: 4, unanswered: 3}}
	unanswered := drained(90, 10) // one of its answers did not arrive, and one request neither
	unanswered.counted, unanswered.unanswered = 89, 2
	died := drained(100, 0)
	died.drained, died.status = false, 2
	silent := drained(100, 0)
	silent.log.counted = 99
	gaveUp := drained(90, 10)
	gaveUp.log.dropped = 1
	busy := drained(89, 10) // one line of its log was lost, and one answer
	busy.unanswered, busy.log.counted, busy.log.lost = 1, 88, 1
	asks := drained(90, 10)
	asks.unknown, asks.log.unknown = 2, 2

	for name, test := range map[string]struct {
		outcome outcome
		want    string // in the only breach; empty: none
	}{
		"all counted":             {outcome{counted: 100, lives: []account{drained(90, 10)}}, ""},
		"a view lost":             {outcome{counted: 99, lives: []account{drained(90, 10)}}, "1 views are lost"},
		"a view too many":         {outcome{counted: 101, lives: []account{drained(90, 10)}}, "1 views too many"},
		"answers lost":            {outcome{counted: 100, lives: []account{unanswered}}, ""},
		"answers lost, one less":  {outcome{counted: 99, lives: []account{unanswered}}, "1 views are lost"},
		"answers lost, one more":  {outcome{counted: 101, lives: []account{unanswered}}, "1 views too many"},
		"a line of the log lost":  {outcome{counted: 99, lives: []account{busy}}, ""},
		"... and an answer":       {outcome{counted: 100, lives: []account{busy}}, ""},
		"... and a view":          {outcome{counted: 98, lives: []account{busy}}, "1 views are lost"},
		"... and one too many":    {outcome{counted: 101, lives: []account{busy}}, "1 views too many"},
		"nobody knows, none":      {outcome{counted: 100, lives: []account{asks}}, ""},
		"nobody knows, all":       {outcome{counted: 102, lives: []account{asks}}, ""},
		"nobody knows, more":      {outcome{counted: 103, lives: []account{asks}}, "1 views too many"},
		"killed, none arrived":    {outcome{counted: 154, lives: []account{drained(90, 10), killed}}, ""},
		"killed, all arrived":     {outcome{counted: 163, lives: []account{drained(90, 10), killed}}, ""},
		"killed, a view lost":     {outcome{counted: 153, lives: []account{drained(90, 10), killed}}, "1 views are lost"},
		"killed, a view too many": {outcome{counted: 164, lives: []account{drained(90, 10), killed}}, "1 views too many"},
		"died":                    {outcome{counted: 100, lives: []account{died}}, "ended with status 2"},
		"log and visitors differ": {outcome{counted: 99, lives: []account{silent}}, "visitors tell of"},
		"dropped":                 {outcome{counted: 100, lives: []account{gaveUp}}, "dropped 1"},
		"an hour lost":            {outcome{counted: 100, inHours: 99, lives: []account{drained(90, 10)}}, "99 are in the hours"},
		"above the count":         {outcome{counted: 100, most: 101, lives: []account{drained(90, 10)}}, "101 was shown"},
		"twice": {
			outcome{counted: 100, lives: []account{drained(90, 10)}, twice: []repeat{{7, showing{1, 10}, showing{1, 20}}}},
			"7 was shown twice: by app 1 after 10ms, and by app 1 after 20ms",
		},
		"absurd": {
			outcome{counted: 100, lives: []account{drained(90, 10)}, absurd: []absurdity{{300, 10, showing{1, 10}}}},
			"300 was shown when 10 pages had been opened, by app 1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if test.outcome.inHours == 0 {
				test.outcome.inHours = test.outcome.counted
			}
			breaches := test.outcome.breaches()
			switch {
			case test.want == "" && len(breaches) == 0:
			case test.want != "" && len(breaches) == 1 && strings.Contains(breaches[0], test.want):
			default:
				t.Errorf("breaches: %q; want %q", breaches, test.want)
			}
		})
	}
}
