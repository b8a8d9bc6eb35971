package main

import (
	"slices"
	"strconv"
	"strings"
)

// results holds the times read from the output of go test. The zero value is empty.
type results struct {
	pkg   string // the package whose lines are being read
	order []benchmark
	times map[benchmark][]float64 // in ns/op
}

// benchmark is a benchmark as go test prints its name, GOMAXPROCS at the end.
type benchmark struct{ pkg, name string }

// ratio compares a benchmark with its baseline. The times are in ns/op.
type ratio struct {
	name           string
	time, baseline float64
}

// read takes in a line, whatever it is.
func (r *results) read(line string) {
	if pkg, ok := strings.CutPrefix(line, "pkg: "); ok {
		r.pkg = pkg
		return
	}
	// BenchmarkAdd/hot/baseline-2    1000000    123.4 ns/op    0 B/op    0 allocs/op
	fields := strings.Fields(line)
	if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
		return
	}
	unit := slices.Index(fields, "ns/op")
	if unit < 2 {
		return
	}
	time, err := strconv.ParseFloat(fields[unit-1], 64)
	if err != nil || time <= 0 {
		return
	}
	b := benchmark{r.pkg, fields[0]}
	if r.times == nil {
		r.times = make(map[benchmark][]float64)
	}
	if r.times[b] == nil {
		r.order = append(r.order, b)
	}
	r.times[b] = append(r.times[b], time)
}

// ratios compares each benchmark that has a baseline with it, in the order read.
func (r *results) ratios() []ratio {
	var ratios []ratio
	for _, b := range r.order {
		baseline, ok := r.baseline(b)
		if ok && baseline != b {
			ratios = append(ratios, ratio{b.name, median(r.times[b]), median(r.times[baseline])})
		}
	}
	return ratios
}

// baseline returns the sibling named baseline that ran with the same GOMAXPROCS.
func (r *results) baseline(b benchmark) (benchmark, bool) {
	slash := strings.LastIndexByte(b.name, '/')
	if slash < 0 {
		return benchmark{}, false
	}
	parent := b.name[:slash+1]
	sibling := benchmark{b.pkg, parent + "baseline" + maxProcs(b.name[slash:])}
	if r.times[sibling] == nil {
		// With one processor go test adds no suffix: what looks like one belongs
		// to the name.
		sibling.name = parent + "baseline"
	}
	return sibling, r.times[sibling] != nil
}

// maxProcs returns the suffix, such as -2, that a name has from GOMAXPROCS.
func maxProcs(name string) string {
	dash := strings.LastIndexByte(name, '-')
	if dash < 0 {
		return ""
	}
	if _, err := strconv.ParseUint(name[dash+1:], 10, 32); err != nil {
		return ""
	}
	return name[dash:]
}

func median(times []float64) float64 {
	sorted := slices.Sorted(slices.Values(times))
	half := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[half-1] + sorted[half]) / 2
	}
	return sorted[half]
}
