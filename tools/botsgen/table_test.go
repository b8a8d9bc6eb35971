package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func crawlers(patterns ...string) []crawler {
	var all []crawler
	for _, pattern := range patterns {
		all = append(all, crawler{Pattern: pattern})
	}
	return all
}

func TestTable(t *testing.T) {
	for pattern, want := range map[string][]string{
		`Googlebot\/`:      {"Googlebot/"},
		"[wW]get|b":        {"Wget", "b", "wget"},
		"(sis|SIS) [cC]x?": {"SIS C", "SIS c", "sis C", "sis c"}, // with an x, they hold these
		`(^| )a\/`:         {" a/", "^a/"},
		"ab$":              {"ab$"},
		"[a-c]é":           {"aé", "bé", "cé"},
	} {
		table, err := newTable(crawlers(pattern), choice{})
		if err != nil || !slices.Equal(table.literals, want) || table.patterns != nil {
			t.Errorf("%q: %+v, %v; want the literals %q", pattern, table, err, want)
		}
	}
	for pattern, literal := range map[string]string{
		"AdsBot-Google([^-]|$)": "AdsBot-Google",
		`ab.*longer\d+`:         "longer",
		"(?i)x(longer)+[a^]":    "", // in any case
		"ab*":                   "",
	} {
		table, err := newTable(crawlers(pattern), choice{})
		if literal == "" {
			if err == nil {
				t.Errorf("%q: %+v; want an error", pattern, table)
			}
			continue
		}
		if err != nil || table.literals != nil || !slices.Equal(table.patterns, [][2]string{{literal, pattern}}) {
			t.Errorf("%q: %+v, %v; want it after %q", pattern, table, err, literal)
		}
	}
}

func TestChoice(t *testing.T) {
	listed := []crawler{
		{Pattern: "wget", Instances: []string{"wget/1", "wget GoodBot"}, Tags: []string{"http-library"}},
		{Pattern: "Bot", Instances: []string{"GoodBot"}},
		{Pattern: "Bott"},
		{Pattern: "crawl", Instances: []string{"crawl"}, Tags: []string{"http-library"}},
	}
	fits := choice{
		people: []string{"wget"}, libraries: []string{"crawl"},
		narrowed: map[string]string{"Bot": "GoodBot"}, added: map[string]string{"^Health": "Health/1"},
	}
	table, err := newTable(listed, fits)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"Bott", "GoodBot", "^Health", "crawl"}; !slices.Equal(table.literals, want) {
		t.Errorf("the literals are %q; want %q", table.literals, want)
	}
	if want := []string{"GoodBot", "Health/1", "crawl", "wget GoodBot"}; !slices.Equal(table.bots, want) {
		t.Errorf("the bots are %q; want %q", table.bots, want)
	}
	if want := []string{"wget/1"}; !slices.Equal(table.people, want) {
		t.Errorf("the people are %q; want %q", table.people, want)
	}
	for fault, c := range map[string]choice{
		`"x", of choice.go, is not listed`:             {people: []string{"x", "wget"}, libraries: []string{"crawl"}},
		`"crawl" is a library`:                         {people: []string{"wget"}},
		`"Bad" does not match its example "GoodBot"`:   {people: []string{"wget"}, libraries: []string{"crawl"}, narrowed: map[string]string{"Bot": "Bad"}},
		`"Health" does not match its example "Wealth"`: {people: []string{"wget"}, libraries: []string{"crawl"}, added: map[string]string{"Health": "Wealth"}},
		"error parsing regexp: missing closing ): `(`": {people: []string{"wget"}, libraries: []string{"crawl"}, added: map[string]string{"(": ""}},
	} {
		if _, err := newTable(listed, c); err == nil || !strings.Contains(err.Error(), fault) {
			t.Errorf("%v; want %q", err, fault)
		}
	}
}

func TestSource(t *testing.T) {
	table := table{literals: []string{`a"b`}, patterns: [][2]string{{"long", `long\d`}}}
	source, err := table.source()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`^// Code generated .* DO NOT EDIT\.\n`, version, "LICENSE",
		`\t\t\{literal: "a\\"b"\},\n\t\t\{literal: "long", pattern: ` + "`" + `long\\d` + "`" + `\},\n`,
	} {
		if !regexp.MustCompile(want).Match(source) {
			t.Errorf("%q is not in %s", want, source)
		}
	}
}

func TestAnotherVersionIsRefused(t *testing.T) {
	if err := generate("main.go", t.TempDir()); err == nil || !strings.Contains(err.Error(), "npm pack crawler-user-agents@"+version) {
		t.Errorf("%v; want how to get the version", err)
	}
}
