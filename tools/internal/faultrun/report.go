//go:build unix

package faultrun

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

// Report prints the outcome, and the verdict if the run is to be judged.
func (o *Outcome) Report(out io.Writer, cfg Config, s Setup, breaches []string) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(table, name+"\t"+format+"\n", args...) }

	var sum told
	var opened, twice, healed, killed int64
	var worst time.Duration
	for _, surface := range o.surfaces {
		for _, a := range surface.accounts {
			sum.add(a.told)
		}
		opened += surface.opened
		twice += int64(len(surface.twice))
		worst = max(worst, surface.worst)
	}
	for _, l := range o.lives {
		healed += l.log.healed
		if l.killed {
			killed++
		}
	}
	row("set-up", "%s", s.name)
	row("seed", "%d", cfg.Seed)
	row("time", "%v, %d clients, %.0f views/s", o.took.Round(time.Second), cfg.Clients, float64(opened)/o.took.Seconds())
	row("views opened", "%d", opened)
	row("acknowledged", "%d with a number", sum.counted)
	row("pending", "%d", sum.pending)
	row("not known", "%d without an answer, %d whose page says so", sum.unanswered, sum.unknown)
	row("refused", "%d", sum.refused)
	promise := func(name string, c count, least, most int64) {
		row(name, "%d, where the promise wants %d to %d; %d of them in their hours", c.value, least, most, c.inHours)
	}
	for _, surface := range o.surfaces {
		name := "counted"
		if len(o.surfaces) > 1 {
			name += ", " + surface.Name
		}
		least, most := surface.bounds()
		promise(name, surface.count, least, most)
	}
	for _, site := range slices.Sorted(maps.Keys(o.sites)) {
		least, most := o.siteBounds(site)
		promise("counted, "+site, o.sites[site], least, most)
	}
	row("healed", "%d", healed)
	row("shown twice", "%d", twice)
	row("worst page", "%v", worst.Round(time.Millisecond))
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

func judge(out io.Writer, cfg Config, breaches []string) error {
	verdict := "The promise holds.\n"
	switch {
	case !cfg.Safe:
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
