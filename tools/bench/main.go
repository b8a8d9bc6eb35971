// Bench measures what a page view costs, beside what a user would run instead.
//
// Usage, from the top of the tree, on an idle machine with Linux:
//
//	go run ./tools/bench [-rounds n] [-seconds n] [-only names] [-out file]
//	go run ./tools/bench -scale [-counters n] [-seconds n] [-out file]
//
// It builds the app and a baseline, starts Redis and each program as a process of
// its own, and lets wrk open their pages, one program after the other, round after
// round. It prints its progress and then tables of medians, and writes them with the
// machine's name to docs/performance.md. It needs wrk and redis-server.
//
// With -scale it measures large numbers: a million counters on each store, ten processes on one
// Redis, a Cluster, 10,000 listeners. It writes the results to a part of the same page, with
// plots in a folder beside it.
//
// It exits with 0 whatever the figures are, and with 1 if it could not measure.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	cfg, err := parse(os.Args[1:], os.Stderr)
	switch {
	case err == nil && cfg.scale:
		os.Args = os.Args[:1] // the rest would be for package testing
		all := func(_, _ string) (bool, error) { return true, nil }
		testing.Main(all, []testing.InternalTest{{Name: "scale", F: func(t *testing.T) {
			t.Helper()
			if err := runScale(ctx, t, ".", cfg, os.Stdout, os.Stderr); err != nil {
				t.Fatal(err)
			}
		}}}, nil, nil)
	case err == nil:
		err = run(ctx, ".", os.Args[1:], os.Stdout, os.Stderr)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// config is how the run was asked for.
type config struct {
	rounds, seconds int
	only            string
	out             string
	scale           bool
	counters        int // for -scale
}

// contestant is a program that serves the page.
type contestant struct {
	name, about string
	program     string // the last element of its package's path
	env         []string
}

// The contestants that others are compared with.
const (
	bare       = "bare"
	incr       = "incr"
	totalsOnly = "totals"
)

// redisName is what is compared with totalsOnly.
const redisName = "redis"

// anyRate lets one client count a page as often as it asks.
const anyRate = "RATE_LIMIT=0"

// contestants returns all contestants. Their files are in dir. To add one, add a line.
func contestants(redisURL, dir string) []contestant {
	return []contestant{
		{bare, "a fixed page behind net/http and mux, with the same headers and a zap line a request", "baseline", nil},
		{incr, "as bare, but each view is one INCR, and html/template writes the page", "baseline", []string{"REDIS_URL=" + redisURL}},
		{"memory", "the app, counting in memory", "app", []string{anyRate}},
		{"file", "the app, counting in a file; every view is on disk before its number is shown", "app", []string{anyRate, "DATA_FILE=" + filepath.Join(dir, "counts.db")}},
		{redisName, "the app, counting in Redis", "app", []string{anyRate, "REDIS_URL=" + redisURL}},
		{totalsOnly, "the same with HISTORY=off", "app", []string{anyRate, "REDIS_URL=" + redisURL, "HISTORY=off"}},
	}
}

// load is how many visitors open the page at a time.
type load struct {
	name              string
	threads, visitors int // of wrk
	// The path that the app is asked for. The baselines have only their page.
	method, path string
}

func loads() []load {
	return []load{
		{"64 visitors at a time", 2, 64, http.MethodGet, "/"},
		{"One visitor at a time", 1, 1, http.MethodGet, "/"},
		{"64 calls of the API at a time, which count a page and its site", 2, 64, http.MethodPost, "/api/v1/views/example.com/blog"},
		{"64 badges at a time, which count a page and its site", 2, 64, http.MethodGet, "/badge/example.com/blog.svg"},
	}
}

// results has the samples of each load and contestant, one for each round.
type results map[string]map[string][]sample

func (r results) add(load, name string, s sample) {
	if r[load] == nil {
		r[load] = map[string][]sample{}
	}
	r[load][name] = append(r[load][name], s)
}

// parse reads the command line. If it is wrong, or asks for help, parse prints the flags to progress.
func parse(args []string, progress io.Writer) (config, error) {
	var cfg config
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(progress)
	flags.IntVar(&cfg.rounds, "rounds", 7, "how often to measure each program")
	flags.IntVar(&cfg.seconds, "seconds", 5, "how long to measure each time")
	flags.StringVar(&cfg.only, "only", "", "measure only these, as in bare,memory; library is the one without HTTP")
	flags.StringVar(&cfg.out, "out", "docs/performance.md", "the `file` to write; none if empty")
	flags.BoolVar(&cfg.scale, "scale", false, "measure many counters, processes, servers and listeners instead")
	flags.IntVar(&cfg.counters, "counters", 1_000_000, "with -scale, how many counters")
	if err := flags.Parse(args); err != nil {
		return cfg, err
	}
	if cfg.rounds < 1 || cfg.seconds < 1 || cfg.counters < 1 || flags.NArg() > 0 {
		return cfg, fmt.Errorf("%q: -rounds, -seconds and -counters must be 1 or more, and there are no other arguments", args)
	}
	return cfg, nil
}

// run measures the tree at top.
func run(ctx context.Context, top string, args []string, stdout, progress io.Writer) error {
	cfg, err := parse(args, progress)
	if err != nil {
		return err
	}
	only := strings.FieldsFunc(cfg.only, func(c rune) bool { return c == ',' })
	for _, name := range only {
		if name != library && !slices.ContainsFunc(contestants("", ""), func(c contestant) bool { return c.name == name }) {
			return fmt.Errorf("-only %s: nothing has that name", name)
		}
	}
	chosen := func(name string) bool { return len(only) == 0 || slices.Contains(only, name) }

	b, err := setUp(ctx, top, chosen, progress)
	if err != nil {
		return err
	}
	defer b.stop()
	got := results{}
	for round := range cfg.rounds {
		for _, l := range loads() {
			for _, s := range b.servers {
				if err := b.measure(ctx, got, l, s, cfg.seconds); err != nil {
					return fmt.Errorf("%s: %w", s.name, err)
				}
			}
		}
		if chosen(library) {
			if err := b.measureLibrary(ctx, got, cfg.seconds); err != nil {
				return fmt.Errorf("%s: %w", library, err)
			}
		}
		fmt.Fprintf(progress, "round %d of %d is done\n", round+1, cfg.rounds)
	}
	text, err := report(b.machine, cfg, b.servers, got)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(stdout, text); err != nil || cfg.out == "" {
		return err
	}
	return writeKeeping(cfg.out, text)
}
