//go:build unix

package faultrun

import (
	"slices"
	"testing"
	"time"
)

func TestLedger(t *testing.T) {
	var l ledger
	for range 10 {
		l.opened.Add(1)
	}
	l.show(3, 1, time.Second)
	l.show(1, 2, 2*time.Second)
	l.show(10, 1, 2*time.Second)
	if len(l.twice) != 0 || len(l.absurd) != 0 || l.most != 10 {
		t.Errorf("each shown once: %v, %v, at most %d; want nothing twice or absurd, at most 10", l.twice, l.absurd, l.most)
	}

	l.show(3, 2, 3*time.Second)
	l.show(3, 3, 4*time.Second)
	want := []repeat{
		{3, showing{1, 1000}, showing{2, 3000}},
		{3, showing{1, 1000}, showing{3, 4000}},
	}
	if !slices.Equal(l.twice, want) {
		t.Errorf("twice: %v; want %v", l.twice, want)
	}

	for _, number := range []int64{0, -1, 11, 1 << 60} {
		l.show(number, 1, 0)
	}
	if len(l.absurd) != 4 || l.most != 10 {
		t.Errorf("%v, at most %d; want 4 absurd ones, at most 10", l.absurd, l.most)
	}
}

func TestReadNumber(t *testing.T) {
	for page, want := range map[string]int64{
		"<p>This page was viewed 1 times.</p>":                       1,
		"<h1>a</h1>\n<p>This page was viewed 1234567 times.</p></b>": 1234567,
	} {
		if got, err := readNumber([]byte(page)); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", page, got, err, want)
		}
	}
	for _, page := range []string{
		"", "<p>This page was viewed at least 3 times.</p>", "<p>This page was viewed  times.</p>", "<p>This page was viewed 1",
	} {
		if got, err := readNumber([]byte(page)); err == nil {
			t.Errorf("%s: %d; want an error", page, got)
		}
	}
}
