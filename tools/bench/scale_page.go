package main

import (
	_ "embed"
	"math"
	"strconv"
	"strings"
	"text/template"

	"example.com/herokuapp/templates/badge"
	"example.com/herokuapp/templates/chart"
)

//go:embed scale.md.tmpl
var scaleText string

// plotFolder is beside the page.
const plotFolder = "performance"

// page returns the part of the page with the results of -scale.
func (s scaled) page() (string, error) {
	parsed, err := template.New("").Funcs(template.FuncMap{
		"number":  func(n int) string { return badge.Grouped.Number(int64(n)) },
		"decimal": decimal,
		"orNone": func(n float64, digits int) string {
			if n == 0 {
				return "–"
			}
			return decimal(n, digits)
		},
		"rate":    func(n int, seconds float64) int { return int(float64(n) / seconds) },
		"over":    func(a, b float64) float64 { return a / max(b, 1) },
		"percent": func(share float64) float64 { return 100 * share },
		"inc":     func(i int) int { return i + 1 },
	}).Parse(scaleText)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	err = parsed.Execute(&text, struct {
		scaled

		Folder                             string
		Visitors, Callers, LibraryCounters int
		Paper                              paper
	}{s, plotFolder, visitors, callers, counters, s.paper()})
	return text.String(), err
}

func decimal(n float64, digits int) string { return strconv.FormatFloat(n, 'f', digits, 64) }

// paper is calculated from the measurements.
type paper struct {
	CPU, Call, Batch                      float64 // microseconds: of a process for a view, of Redis for a call, and for an addition that shares its call with those to other counters
	PerCore, MostCalls, MostBatches       int     // a second
	Rows                                  []reckoned
	RedisFrom                             int // views a second of one page from which Redis is full
	PrimariesForMillion, PrimariesForMost int
	RedisBytes                            float64 // a counter
	PerGiB                                int     // counters
	Listeners                             int
	ListenersCPU, ListenersMiB            float64
}

// reckoned is what one page would take at a number of views a second.
type reckoned struct {
	Views, Cores, Processes, Calls, Load, PerCall int
}

const (
	coresEach = 2    // of a process
	callsEach = 1000 // a second: a round trip of a millisecond
)

func (s scaled) paper() paper {
	one, last := s.Processes[0], s.Processes[len(s.Processes)-1]
	p := paper{Batch: s.Batch, CPU: one.CPU, Call: last.RedisCPU * last.Views / max(last.Calls, 1)}
	p.PerCore = int(1e6 / p.CPU)
	p.MostCalls = int(1e6 / max(p.Call, 1))
	p.MostBatches = int(1e6 / max(p.Batch, 1))
	for _, views := range []int{1_000, 10_000, 100_000, 1_000_000, 10_000_000} {
		r := reckoned{Views: views, Cores: up(float64(views) * p.CPU / 1e6)}
		r.Processes = up(float64(r.Cores) / coresEach)
		r.Calls = min(views, r.Processes*callsEach)
		r.Load = up(100 * float64(r.Calls) / float64(p.MostCalls))
		r.PerCall = up(float64(views) / float64(min(r.Calls, p.MostCalls)))
		p.Rows = append(p.Rows, r)
	}
	p.RedisFrom = round(float64(p.MostCalls) / callsEach * coresEach * float64(p.PerCore))
	p.PrimariesForMillion, p.PrimariesForMost = up(1e6/float64(p.MostBatches)), up(1e7/float64(p.MostBatches))
	p.RedisBytes = s.Stores[len(s.Stores)-1].Bytes
	p.PerGiB = round((1 << 30) / max(p.RedisBytes, 1))
	most := s.Listeners[len(s.Listeners)-1]
	p.Listeners = most.Listeners
	p.ListenersCPU = most.CPU * float64(most.Listeners) / 1e6 * 100
	p.ListenersMiB = most.Memory * float64(most.Listeners) / 1024
	return p
}

// up rounds up, to 1 or more.
func up(n float64) int { return max(int(math.Ceil(n)), 1) }

// round rounds to two digits that matter.
func round(n float64) int {
	unit := math.Pow(10, math.Floor(math.Log10(max(n, 1)))-1)
	return int(math.Round(n/unit) * unit)
}

// plot is a chart in a file.
type plot struct {
	name  string
	chart chart.Chart
}

func (s scaled) plots() []plot {
	bars := func(title string, of ...chart.Bar) chart.Chart { return chart.Chart{Title: title, Bars: of} }
	bar := func(name string, value float64) chart.Bar {
		return chart.Bar{Name: name, Tick: name, Value: int64(math.Round(value))}
	}
	var imports, bytes, processes, primaries []chart.Bar
	for _, h := range s.Stores {
		imports = append(imports, bar(h.Name, float64(s.Counters)/h.Import))
		bytes = append(bytes, bar(h.Name, h.Bytes))
	}
	for _, p := range s.Processes {
		name := strconv.Itoa(p.Processes)
		processes = append(processes, bar(name+": views", p.Views), bar(name+": calls", p.Calls))
	}
	for i, p := range s.Cluster {
		primaries = append(primaries, bar("primary "+strconv.Itoa(i+1), p.Batches))
	}
	return []plot{
		{"import", bars("Lines of an import a second", imports...)},
		{"bytes", bars("Bytes a counter", bytes...)},
		{"processes", bars("Views a second, and calls a second to Redis, by processes", processes...)},
		{"cluster", bars("Batches a second of each primary", primaries...)},
	}
}
