package main

import (
	_ "embed"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"text/template"
	"time"
)

// machine is where the figures were measured.
type machine struct {
	CPU, Kernel, Go, Redis, Load, Date string
	Cores                              int
}

// thisMachine returns what can be said before Redis is started.
func thisMachine() machine {
	read := func(name string) string {
		text, err := os.ReadFile(name)
		if err != nil {
			return "unknown\n"
		}
		return string(text)
	}
	m := machine{
		CPU: runtime.GOARCH, Cores: runtime.NumCPU(), Kernel: strings.TrimSpace(read("/proc/sys/kernel/osrelease")),
		Go: runtime.Version(), Load: strings.Fields(read("/proc/loadavg"))[0], Date: time.Now().UTC().Format(time.DateOnly),
	}
	if found := regexp.MustCompile(`(?m)^model name\s*: (.*)$`).FindStringSubmatch(read("/proc/cpuinfo")); found != nil {
		m.CPU = found[1]
	}
	return m
}

// column is a column of a table.
type column struct {
	name   string
	of     func(sample) float64
	digits int
	ratios []string // the contestants it is compared with
}

func columns() []column {
	views := column{"views/s ↑", func(s sample) float64 { return s.views }, 0, []string{bare, incr}}
	return []column{
		views,
		{"CPU µs ↓", func(s sample) float64 { return s.cpu }, 1, []string{bare}},
		{"p50 ms ↓", func(s sample) float64 { return s.p50 }, 3, []string{bare}},
		{"p99 ms ↓", func(s sample) float64 { return s.p99 }, 2, []string{bare}},
		{"Redis CPU µs ↓", func(s sample) float64 { return s.redisCPU }, 1, nil},
		{"Redis calls ↓", func(s sample) float64 { return s.redisCalls }, 3, nil},
	}
}

// libraryColumns are the columns that make sense without HTTP.
func libraryColumns() []column {
	all := columns()
	all[0].ratios, all[1].ratios = []string{incr}, []string{incr}
	return slices.Concat(all[:2], all[4:])
}

// table returns the medians of the samples as Markdown, a row for each name that has some.
func table(columns []column, names []string, samples map[string][]sample) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 1, ' ', 0)
	head, rule := "|", "|"
	add := func(title string) {
		head += " " + title + "\t|"
		rule += " ---\t|"
	}
	add("")
	for _, c := range columns {
		add(c.name)
		for _, other := range c.ratios {
			add("of " + other)
		}
	}
	fmt.Fprintf(w, "%s\n%s\n", head, rule)
	for _, name := range names {
		if len(samples[name]) == 0 {
			continue
		}
		fmt.Fprintf(w, "| %s\t|", name)
		for _, c := range columns {
			fmt.Fprintf(w, " %.*f\t|", c.digits, median(each(samples[name], c.of)))
			for _, other := range c.ratios {
				fmt.Fprintf(w, " %s\t|", ratio(each(samples[name], c.of), each(samples[other], c.of)))
			}
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush() // a Builder takes everything
	return text.String()
}

// historyTable returns the ratios of the app with a history to the app without, a row for each
// load.
func historyTable(got results) string {
	var rows strings.Builder
	for _, l := range loads() {
		with, without := got[l.name][redisName], got[l.name][totalsOnly]
		if len(with) == 0 || len(without) == 0 {
			continue
		}
		fmt.Fprintf(&rows, "| %s |", l.name)
		for _, c := range columns() {
			fmt.Fprintf(&rows, " %s |", ratio(each(with, c.of), each(without, c.of)))
		}
		rows.WriteString("\n")
	}
	if rows.Len() == 0 {
		return ""
	}
	head, rule := "| |", "| --- |"
	for _, c := range columns() {
		head += " " + c.name + " |"
		rule += " --- |"
	}
	return head + "\n" + rule + "\n" + rows.String()
}

func each(samples []sample, of func(sample) float64) []float64 {
	var values []float64
	for _, s := range samples {
		values = append(values, of(s))
	}
	return values
}

// ratio returns the median of the ratios of figures to the others of the same rounds.
func ratio(figures, others []float64) string {
	if len(others) != len(figures) {
		return "" // not measured
	}
	var ratios []float64
	for i, f := range figures {
		ratios = append(ratios, f/others[i])
	}
	return fmt.Sprintf("%.2f", median(ratios))
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[half-1] + sorted[half]) / 2
	}
	return sorted[half]
}

//go:embed report.md.tmpl
var pageText string

// report returns the page with the results.
func report(m machine, cfg config, servers []server, got results) (string, error) {
	type section struct{ Name, Table string }
	var sections []section
	var names []string
	about := map[string]string{}
	for _, s := range servers {
		names = append(names, s.name)
		about[s.name] = s.about
	}
	for _, l := range loads() {
		if got[l.name] != nil {
			sections = append(sections, section{l.name, table(columns(), names, got[l.name])})
		}
	}
	if got[libraryLoad()] != nil {
		sections = append(sections, section{libraryLoad(), table(libraryColumns(), []string{incr, library, withHistory}, got[libraryLoad()])})
	}
	if history := historyTable(got); history != "" {
		sections = append(sections, section{"What a history costs on Redis: redis, of totals", history})
	}
	parsed, err := template.New("").Parse(pageText)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	err = parsed.Execute(&text, map[string]any{
		"Machine": m, "Rounds": cfg.rounds, "Seconds": cfg.seconds, "Names": names, "About": about, "Sections": sections,
	})
	return text.String(), err
}
