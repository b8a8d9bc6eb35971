package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// scaled has the results of -scale.
type scaled struct {
	Machine   machine
	Counters  int
	Seconds   int
	Stores    []holding
	Processes []sharing
	Batch     float64 // microseconds of Redis, an addition to one of many counters
	Cluster   []primary
	Listeners []listening
}

// runScale measures the tree at top. What it starts ends with the test at the latest.
func runScale(ctx context.Context, tb testing.TB, top string, cfg config, stdout, progress io.Writer) error {
	tb.Helper()
	b, err := setUp(ctx, top, func(string) bool { return false }, progress)
	if err != nil {
		return err
	}
	defer b.stop()
	got := scaled{Machine: b.machine, Counters: cfg.counters, Seconds: cfg.seconds}
	if got.Stores, err = b.measureStores(ctx, cfg.counters); err != nil {
		return err
	}
	if err := b.client.FlushAll(ctx).Err(); err != nil {
		return err
	}
	if got.Processes, err = b.measureProcesses(ctx, cfg.seconds); err != nil {
		return err
	}
	libraryGot := results{}
	if err := b.measureLibrary(ctx, libraryGot, cfg.seconds); err != nil {
		return err
	}
	got.Batch = libraryGot[libraryLoad()][withHistory][0].redisCPU
	if got.Cluster, err = b.measureCluster(ctx, tb, cfg.seconds); err != nil {
		return err
	}
	if got.Listeners, err = b.measureListeners(ctx, cfg.seconds); err != nil {
		return err
	}
	text, err := got.page()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(stdout, text); err != nil || cfg.out == "" {
		return err
	}
	return got.write(cfg.out, text)
}

// The marks in the page of the part that -scale writes.
const (
	scaleBegins = "<!-- what `go run ./tools/bench -scale` writes begins here -->\n"
	scaleEnds   = "<!-- and ends here -->\n"
)

var errNoMarks = errors.New("the page lacks the marks of what -scale writes: `go run ./tools/bench` writes them")

// cutScale cuts a page around its part of -scale. The marks stay with the rest.
func cutScale(page string) (before, part, after string, err error) {
	before, rest, begins := strings.Cut(page, scaleBegins)
	part, after, ends := strings.Cut(rest, scaleEnds)
	if !begins || !ends {
		return "", "", "", errNoMarks
	}
	return before + scaleBegins, part, scaleEnds + after, nil
}

// writeKeeping writes the page, with the part of -scale that the file has.
func writeKeeping(file, page string) error {
	old, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if _, part, _, err := cutScale(string(old)); err == nil {
		before, _, after, err := cutScale(page)
		if err != nil {
			return err
		}
		page = before + part + after
	}
	return os.WriteFile(file, []byte(page), 0o600) //nolint:gosec // the file that the flag names
}

// write replaces the part of -scale in the file, and the plots beside it.
func (s scaled) write(file, part string) error {
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, _, after, err := cutScale(string(old))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	folder := filepath.Join(filepath.Dir(file), plotFolder)
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	for _, p := range s.plots() {
		if err := os.WriteFile(filepath.Join(folder, p.name+".svg"), p.chart.SVG(), 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(file, []byte(before+part+after), 0o600) //nolint:gosec // the file that the flag names
}

// timed returns how many seconds do takes.
func timed(do func() error) (float64, error) {
	begin := time.Now()
	err := do()
	return time.Since(begin).Seconds(), err
}
