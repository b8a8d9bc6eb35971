//go:build unix

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"example.com/herokuapp/tools/internal/faultrun"
)

// gauge is a figure of a process that is watched.
type gauge struct {
	name, metric, unit string
	scale              float64 // of the unit
	allowance          float64 // in the unit: how much it may grow, in addition to its share
}

func gauges() []gauge {
	return []gauge{
		{"memory", "process_resident_memory_bytes", "MiB", 1 << 20, 8},
		{"goroutines", "go_goroutines", "", 1, 20},
		{"open files", "process_open_fds", "", 1, 20},
	}
}

// share is the share of itself by which a gauge may grow.
const share = 0.25

// sample is a reading of all gauges of a process.
type sample struct {
	process int
	at      time.Duration // since the start
	values  []float64     // by gauge
}

// watch samples the processes of a run. Call judge once run has returned.
type watch struct {
	long    time.Duration
	client  http.Client
	samples []sample
	names   map[int]string // of the processes
}

func newWatch(long time.Duration) *watch {
	return &watch{
		long: long, names: map[int]string{},
		client: http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}},
	}
}

// run samples all processes until the context ends.
func (w *watch) run(ctx context.Context, fleet *faultrun.Fleet) {
	begin := time.Now()
	tick := time.NewTicker(min(w.long/100, time.Second))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, p := range fleet.Serving() {
			values, err := w.read(context.WithoutCancel(ctx), p.Metrics)
			if err != nil {
				continue // it has ended; judge reports it if none could be watched
			}
			w.names[p.Number] = p.Name
			w.samples = append(w.samples, sample{p.Number, time.Since(begin), values})
		}
	}
}

// read asks a process for its gauges.
func (w *watch) read(ctx context.Context, address string) ([]float64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := w.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return readGauges(response.Body)
}

// readGauges reads the gauges from Prometheus's text.
func readGauges(text io.Reader) ([]float64, error) {
	all := gauges()
	values := make([]float64, len(all))
	missing := len(all)
	for lines := bufio.NewScanner(text); lines.Scan(); {
		name, number, _ := strings.Cut(lines.Text(), " ")
		i := slices.IndexFunc(all, func(g gauge) bool { return g.metric == name })
		if i < 0 {
			continue
		}
		value, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return nil, err
		}
		values[i] = value / all[i].scale
		missing--
	}
	if missing != 0 {
		return nil, errors.New("the metrics lack a gauge, or have one twice")
	}
	return values, nil
}

// row sums up the samples of one gauge of a process.
type row struct {
	process, gauge, unit string
	second, last         float64 // the medians of those quarters
	most                 float64 // the largest that the last may be
}

// judge compares the last quarter with the second, for each process that was there in both.
func (w *watch) judge() (rows []row, faults []string) {
	seen := map[int][4][][]float64{}
	var processes []int
	for _, s := range w.samples {
		quarters, ok := seen[s.process]
		if !ok {
			processes = append(processes, s.process)
		}
		q := min(quarter(s.at, w.long), 3)
		quarters[q] = append(quarters[q], s.values)
		seen[s.process] = quarters
	}
	for _, process := range processes {
		second, last := seen[process][1], seen[process][3]
		if len(second) == 0 || len(last) == 0 {
			continue // it ended, or began too late
		}
		for i, g := range gauges() {
			r := row{process: w.names[process], gauge: g.name, unit: g.unit, second: medianOf(second, i), last: medianOf(last, i)}
			r.most = r.second*(1+share) + g.allowance
			rows = append(rows, r)
			if r.last > r.most {
				faults = append(faults, fmt.Sprintf("%s: %s grew from %.1f to %.1f; %.1f is allowed", r.process, r.gauge, r.second, r.last, r.most))
			}
		}
	}
	if len(rows) == 0 {
		faults = append(faults, "no process could be watched from the second quarter to the last")
	}
	return rows, faults
}

func medianOf(samples [][]float64, gauge int) float64 {
	values := make([]float64, 0, len(samples))
	for _, s := range samples {
		values = append(values, s[gauge])
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func writeTable(out io.Writer, rows []row) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "process\tof it\tsecond quarter\tlast quarter\tallowed\t")
	for _, r := range rows {
		fmt.Fprintf(table, "%s\t%s\t%.1f\t%.1f\t%.1f\t%s\n", r.process, r.gauge, r.second, r.last, r.most, r.unit)
	}
	return table.Flush()
}
