// Command badgedata writes what package badge of templates has from others: the table
// of text widths, from the npm package anafanafo, and badges that badge-maker has
// drawn, which the package's tests compare with. It needs Node.js and npm.
//
//	go run ./tools/badgedata
package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
)

// The versions that the files are made from.
const (
	badgeMaker = "badge-maker@6.0.0"
	anafanafo  = "anafanafo@2.0.0"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, "templates/badge"); err != nil {
		fmt.Fprintln(os.Stderr, "badgedata:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to stop
	}
}

func run(ctx context.Context, target string) error {
	if _, err := os.Stat(target); err != nil {
		return fmt.Errorf("run it at the top of the repository: %w", err)
	}
	packages, err := os.MkdirTemp("", "badgedata")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(packages) }()
	if _, err := command(ctx, packages, "npm", "install", "--no-audit", "--no-fund", badgeMaker, anafanafo); err != nil {
		return err
	}
	modules := filepath.Join(packages, "node_modules")
	table, err := widths(filepath.Join(modules, "anafanafo", "data"))
	if err != nil {
		return err
	}
	licence, err := os.ReadFile(filepath.Join(modules, "anafanafo", "LICENSE"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(packages, "draw.mjs"), []byte(script), 0o600); err != nil {
		return err
	}
	drawn, err := command(ctx, packages, "node", "draw.mjs")
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"widths.bin":                 table,
		"LICENSE-anafanafo":          licence,
		"testdata/badge-maker.jsonl": drawn,
	} {
		if err := os.WriteFile(filepath.Join(target, name), content, 0o644); err != nil { //nolint:gosec // part of the repository
			return err
		}
	}
	return nil
}

// widths returns the tables of the three fonts, as badge/width.go reads them.
func widths(folder string) ([]byte, error) {
	var table []byte
	for _, font := range []string{"verdana-11px-normal", "verdana-10px-normal", "verdana-10px-bold"} {
		content, err := os.ReadFile(filepath.Join(folder, font+".json"))
		if err != nil {
			return nil, err
		}
		var runs [][3]float64 // first, last, width
		if err := json.Unmarshal(content, &runs); err != nil {
			return nil, fmt.Errorf("%s: %w", font, err)
		}
		table = binary.AppendUvarint(table, uint64(len(runs)))
		from := 0.
		for _, run := range runs {
			for _, n := range []float64{run[0] - from, run[1] - run[0], math.Round(100 * run[2])} {
				if n < 0 {
					return nil, fmt.Errorf("%s: the run %v is not in ascending order", font, run)
				}
				table = binary.AppendUvarint(table, uint64(n))
			}
			from = run[1] + 1
		}
	}
	return table, nil
}

// script draws badges of many kinds, and prints for each a line with what it was
// asked for and the measures of the image: its width, and of each text the middle,
// the width and the colour.
const script = `
import { makeBadge } from 'badge-maker'
const texts = ['views', 'Profile views', 'WAVE To iM .,;:', 'Ansichten für Größe', 'просмотры', '閲覧数', '👀 seen', '<b>&"\'', 'a'.repeat(100), 'ﬁ ﷽ ‱']
const messages = ['0', '7', '42', '1,234,567', '1.2k', '9223372036854775807', 'unavailable', '≥ 42', '—']
const attribute = (element, name) => (element.match(new RegExp(' ' + name + '="([^"]*)"')) ?? [])[1]
for (const style of ['flat', 'flat-square', 'plastic', 'for-the-badge'])
  for (const [i, label] of ['', ...texts].entries())
    for (const [j, message] of messages.entries()) {
      const badge = { style, label, message, color: ['blue', '#ffe', 'red'][(i + j) % 3] }
      if (label !== '') badge.labelColor = ['#555', '#ddd'][j % 2]
      const svg = makeBadge(badge)
      const texts = [...svg.matchAll(/<text [^>]*>/g)].map(m => m[0]).filter(t => !t.includes('fill-opacity'))
      const measures = texts.map(t => ({ x: +attribute(t, 'x'), length: +attribute(t, 'textLength'), fill: attribute(t, 'fill') ?? '#fff' }))
      console.log(JSON.stringify({ ...badge, width: +attribute(svg, 'width'), texts: measures }))
    }
`

func command(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // the names are written above
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return out, nil
}
