// Benchratio says how much faster than its baseline each benchmark is.
//
// Usage:
//
//	go test -run '^$' -bench . -benchmem work | go run ./tools/benchratio
//
// It prints what it reads as it comes. Then, for each sub-benchmark that has a
// sibling named baseline, it prints the baseline's time divided by its own: 2.00x
// is twice as fast as the baseline, 0.50x half as fast. The two were measured in
// one run on one machine, so the ratio holds where the times do not. Of a
// benchmark that ran several times (-count) the median counts.
//
// It exits with 1 if a test failed or no benchmark ran.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "benchratio:", err)
		os.Exit(1)
	}
}

// run copies the output of go test from in to out and adds the ratios.
func run(in io.Reader, out io.Writer) error {
	var (
		results results
		failed  bool
	)
	scanner := bufio.NewScanner(in)
	for scanner.Scan() {
		line := scanner.Text()
		if _, err := fmt.Fprintln(out, line); err != nil {
			return fmt.Errorf("copying the output of go test: %w", err)
		}
		results.read(line)
		failed = failed || line == "FAIL" || strings.HasPrefix(line, "FAIL\t")
	}
	switch err := scanner.Err(); {
	case err != nil:
		return fmt.Errorf("reading the output of go test: %w", err)
	case failed:
		return errors.New("go test failed")
	case len(results.order) == 0:
		return errors.New("no benchmark ran")
	}
	return printRatios(out, results.ratios())
}

func printRatios(out io.Writer, ratios []ratio) error {
	if len(ratios) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "\nbenchmark\tns/op\tbaseline\tratio\n")
	for _, r := range ratios {
		fmt.Fprintf(table, "%s\t%.4g\t%.4g\t%.2fx\n", r.name, r.time, r.baseline, r.baseline/r.time)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing the ratios: %w", err)
	}
	return nil
}
