package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"go/format"
	"maps"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// crawler is one of the package's records.
type crawler struct {
	Pattern   string   `json:"pattern"`
	Instances []string `json:"instances"`
	Tags      []string `json:"tags"`
}

// table is what is generated.
type table struct {
	literals     []string
	patterns     [][2]string // those that are more than literals, after one they can't match without
	bots, people []string    // the examples
}

// maxPatterns is how many patterns package bots takes.
const maxPatterns = 8

// newTable applies the choice to what is listed. It refuses one that does not fit.
func newTable(crawlers []crawler, c choice) (*table, error) {
	kept, err := c.apply(crawlers)
	if err != nil {
		return nil, err
	}
	var t table
	var all []*regexp.Regexp
	for _, pattern := range kept {
		all = append(all, regexp.MustCompile(pattern))
		parsed, err := syntax.Parse(pattern, syntax.Perl)
		if err != nil {
			return nil, err
		}
		if literals, ok := expand(parsed); ok {
			t.literals = append(t.literals, literals...)
		} else if literal := longest(parsed); len(literal) >= 4 {
			t.patterns = append(t.patterns, [2]string{literal, pattern})
		} else {
			return nil, fmt.Errorf("the pattern %q has no literal to look for", pattern)
		}
	}
	t.literals = shortest(t.literals)
	agents := slices.Collect(maps.Values(c.added))
	for _, crawler := range crawlers {
		agents = append(agents, crawler.Instances...)
	}
	slices.Sort(agents)
	for _, agent := range slices.Compact(agents) {
		if strings.Contains(agent, "\n") {
			return nil, fmt.Errorf("the agent %q is more than a line", agent)
		}
		if slices.ContainsFunc(all, func(pattern *regexp.Regexp) bool { return pattern.MatchString(agent) }) {
			t.bots = append(t.bots, agent)
		} else {
			t.people = append(t.people, agent)
		}
	}
	if len(t.patterns) > maxPatterns {
		return nil, fmt.Errorf("%d patterns are more than literals, package bots takes %d: %q", len(t.patterns), maxPatterns, t.patterns)
	}
	return &t, nil
}

// apply returns the patterns that are looked for, in their order.
func (c choice) apply(crawlers []crawler) ([]string, error) {
	unlisted := map[string]bool{}
	for _, pattern := range slices.Concat(c.people, c.libraries, slices.Collect(maps.Keys(c.narrowed))) {
		unlisted[pattern] = true
	}
	var kept []string
	var faults []error
	keep := func(pattern string, agents ...string) {
		kept = append(kept, pattern)
		compiled, err := regexp.Compile(pattern)
		if err != nil {
			faults = append(faults, err)
			return
		}
		for _, agent := range agents {
			if !compiled.MatchString(agent) {
				faults = append(faults, fmt.Errorf("%q does not match its example %q", pattern, agent))
			}
		}
	}
	for _, crawler := range crawlers {
		delete(unlisted, crawler.Pattern)
		if slices.Contains(c.people, crawler.Pattern) {
			continue
		}
		if slices.Contains(crawler.Tags, "http-library") && !slices.Contains(c.libraries, crawler.Pattern) {
			faults = append(faults, fmt.Errorf("%q is a library: decide in choice.go whether it is a bot", crawler.Pattern))
		}
		keep(cmp.Or(c.narrowed[crawler.Pattern], crawler.Pattern), crawler.Instances...)
	}
	for _, pattern := range slices.Sorted(maps.Keys(unlisted)) {
		faults = append(faults, fmt.Errorf("%q, of choice.go, is not listed", pattern))
	}
	for _, pattern := range slices.Sorted(maps.Keys(c.added)) {
		keep(pattern, c.added[pattern])
	}
	return kept, errors.Join(faults...)
}

// maxLiterals is how many literals a pattern may become.
const maxLiterals = 64

// expand returns literals of which a text that matches has one, and no other text has.
// In them ^ is the beginning of the text, and $ its end. It returns false where there are
// too many.
func expand(re *syntax.Regexp) ([]string, bool) {
	switch re.Op {
	case syntax.OpEmptyMatch:
		return []string{""}, true
	case syntax.OpBeginText:
		return []string{"^"}, true
	case syntax.OpEndText:
		return []string{"$"}, true
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase != 0 { // what the parser makes of [pP]
			return folds(re.Rune)
		}
		text := string(re.Rune)
		return []string{text}, !strings.ContainsAny(text, "^$")
	case syntax.OpCharClass:
		var chars []string
		for i := 0; i < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				if len(chars) == maxLiterals || r == '^' || r == '$' {
					return nil, false
				}
				chars = append(chars, string(r))
			}
		}
		return chars, true
	case syntax.OpCapture:
		return expand(re.Sub[0])
	case syntax.OpQuest:
		literals, ok := expand(re.Sub[0])
		return append(literals, ""), ok
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			literals, ok := expand(sub)
			if all = append(all, literals...); !ok || len(all) > maxLiterals {
				return nil, false
			}
		}
		return all, true
	case syntax.OpConcat:
		all := []string{""}
		for _, sub := range re.Sub {
			literals, ok := expand(sub)
			if all = join(all, literals); !ok || len(all) > maxLiterals {
				return nil, false
			}
		}
		return all, true
	default:
		return nil, false
	}
}

// folds returns the text in upper, lower and mixed case.
func folds(text []rune) ([]string, bool) {
	all := []string{""}
	for _, r := range text {
		forms := []string{string(r)}
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			forms = append(forms, string(other))
		}
		if all = join(all, forms); len(all) > maxLiterals {
			return nil, false
		}
	}
	return all, true
}

// join returns each of the begins with each of the ends.
func join(begins, ends []string) []string {
	var all []string
	for _, begin := range begins {
		for _, end := range ends {
			all = append(all, begin+end)
		}
	}
	return all
}

// longest returns the longest literal that whatever matches holds.
func longest(re *syntax.Regexp) string {
	var found string
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 && !strings.ContainsAny(string(re.Rune), "^$") {
			found = string(re.Rune)
		}
	case syntax.OpCapture, syntax.OpPlus, syntax.OpConcat:
		for _, sub := range re.Sub {
			if literal := longest(sub); len(literal) > len(found) {
				found = literal
			}
		}
	}
	return found
}

// shortest leaves out the literals that hold another, and sorts.
func shortest(literals []string) []string {
	slices.Sort(literals)
	literals = slices.Compact(literals)
	var kept []string
	for _, literal := range literals {
		if !slices.ContainsFunc(literals, func(other string) bool { return other != literal && strings.Contains(literal, other) }) {
			kept = append(kept, literal)
		}
	}
	return kept
}

// source returns table.go.
func (t *table) source() ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, `// Code generated by tools/botsgen from crawler-user-agents %s; DO NOT EDIT.
// Its license is in LICENSE-crawler-user-agents.

package bots

func needles() []needle {
	return []needle{
`, version)
	for _, literal := range t.literals {
		fmt.Fprintf(&b, "{literal: %q},\n", literal)
	}
	for _, p := range t.patterns {
		fmt.Fprintf(&b, "{literal: %q, pattern: %#q},\n", p[0], p[1])
	}
	b.WriteString("}\n}\n")
	return format.Source(b.Bytes())
}

func lines(texts []string) []byte { return []byte(strings.Join(texts, "\n") + "\n") }
