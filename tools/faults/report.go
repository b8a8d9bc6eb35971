//go:build unix

package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"
)

// mostBreaches is how many are printed.
const mostBreaches = 10

// report prints the outcome and, where the set-up is one to be judged, the verdict.
func report(out io.Writer, cfg config, s setup, o *outcome, breaches []string) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(table, name+"\t"+format+"\n", args...) }

	var sum told
	var healed, killed int64
	for _, a := range o.lives {
		sum.add(a.told)
		healed += a.log.healed
		if a.killed {
			killed++
		}
	}
	row("set-up", "%s", s.name)
	row("seed", "%d", cfg.seed)
	row("time", "%v, %d clients, %.0f views/s", o.took.Round(time.Second), cfg.clients, float64(o.opened)/o.took.Seconds())
	row("views opened", "%d", o.opened)
	row("acknowledged", "%d with a number", sum.counted)
	row("pending", "%d", sum.pending)
	row("not known", "%d without an answer, %d whose page says so", sum.unanswered, sum.unknown)
	row("refused", "%d", sum.refused)
	least, most := o.bounds()
	row("counted", "%d, where the promise wants %d to %d", o.counted, least, most)
	row("in its hours", "%d", o.inHours)
	row("healed", "%d", healed)
	row("shown twice", "%d", len(o.twice))
	row("worst page", "%v", o.worst.Round(time.Millisecond))
	row("app processes", "%d started, %d of them killed", len(o.lives), killed)
	var total int64
	for _, times := range o.faults {
		total += times
	}
	row("faults", "%d", total)
	for _, kind := range slices.Sorted(maps.Keys(o.faults)) {
		row("  "+kind, "%d", o.faults[kind])
	}
	row("lost on the lines", "%d requests, %d replies, %d connections cut", o.lost.requests, o.lost.replies, o.lost.connections)
	if err := table.Flush(); err != nil {
		return fmt.Errorf("reporting: %w", err)
	}
	return judge(out, cfg, breaches)
}

func judge(out io.Writer, cfg config, breaches []string) error {
	verdict := "The promise holds.\n"
	switch {
	case !cfg.safe:
		verdict = "Not judged: Redis ran without the settings that promise anything.\n"
	case len(breaches) > 0:
		verdict = "THE PROMISE DOES NOT HOLD:\n"
	}
	for _, breach := range breaches[:min(len(breaches), mostBreaches)] {
		verdict += "- " + breach + "\n"
	}
	if more := len(breaches) - mostBreaches; more > 0 {
		verdict += fmt.Sprintf("- and %d more\n", more)
	}
	if _, err := io.WriteString(out, verdict); err != nil {
		return fmt.Errorf("reporting: %w", err)
	}
	return nil
}
