package counters_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/sitetest"
	counter "example.com/herokuapp/counter-core"
	counterfile "example.com/herokuapp/counter-file"
	countermemory "example.com/herokuapp/counter-memory"
)

// newFile returns the counters in a file with these values, and what is logged.
func newFile(t *testing.T, entries map[string]int64) (*counters.Counters, *counterfile.Store, *observer.ObservedLogs) {
	t.Helper()
	store, err := counterfile.Open(filepath.Join(t.TempDir(), "counts.db"), counterfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	sitetest.Fill(t, store, entries)
	core, logs := observer.New(zap.DebugLevel)
	return counters.New(store, 1000, zap.New(core)), store, logs
}

// day is the bucket of a day, hour that of an hour.
func day(start counter.Hour, count int64) counter.Bucket {
	return counter.Bucket{Start: start.Day(), Hours: counter.DayHours, Count: count}
}

func hour(start counter.Hour, count int64) counter.Bucket {
	return counter.Bucket{Start: start, Hours: 1, Count: count}
}

func TestBringAddsOnce(t *testing.T) {
	all, store, logs := newFile(t, map[string]int64{"views:example.com/a": 5, "site:example.com": 50})
	find := counters.Find{From: "https://hits.sh/example.com/a.svg", Source: "hits.sh/example.com/a", Name: "views:example.com/a", Site: "site:example.com", Total: 100}
	preview, err := all.Preview(t.Context(), find)
	if err != nil || preview.Here != 5 || preview.Added != 100 || preview.After != 105 {
		t.Errorf("%+v, %v", preview, err)
	}
	sitetest.WantValues(t, store, map[string]int64{"views:example.com/a": 5, "site:example.com": 50})
	for range 3 {
		if _, err := all.Bring(t.Context(), find, "request"); err != nil {
			t.Fatal(err)
		}
		sitetest.WantValues(t, store, map[string]int64{"views:example.com/a": 105, "site:example.com": 150})
	}
	line := logs.FilterMessage("counter changed").All()[0].ContextMap()
	if line["action"] != "bring" || line["before"] != int64(5) || line["after"] != int64(105) || line["from"] != find.Source || line["request_id"] != "request" {
		t.Errorf("logged %v", line)
	}
	if preview, err = all.Preview(t.Context(), find); err != nil || preview.Here != 105 || preview.Added != 0 || preview.After != 105 {
		t.Errorf("%+v, %v", preview, err)
	}
	find.Total = 110 // the old address was still counted
	if preview, err = all.Preview(t.Context(), find); err != nil || preview.Added != 10 || preview.After != 115 {
		t.Errorf("%+v, %v", preview, err)
	}
	if brought, err := all.Bring(t.Context(), find, "request"); err != nil || brought.Added != 10 || brought.Here != 105 || brought.After != 115 {
		t.Errorf("%+v, %v", brought, err)
	}
	sitetest.WantValues(t, store, map[string]int64{"views:example.com/a": 115, "site:example.com": 160})
}

func TestBringGoesOnWhereItWasCutOff(t *testing.T) {
	all, store, _ := newFile(t, nil)
	find := counters.Find{Source: "s", Name: "views:example.com/a", Site: "site:example.com", Total: 7}
	// The process ended between the two.
	if _, err := store.Bring(t.Context(), find.Site, find.Source, find.Total, nil); err != nil {
		t.Fatal(err)
	}
	preview, err := all.Preview(t.Context(), find)
	if err != nil || preview.Added != 7 {
		t.Errorf("%+v, %v", preview, err)
	}
	if _, err := all.Bring(t.Context(), find, ""); err != nil {
		t.Fatal(err)
	}
	sitetest.WantValues(t, store, map[string]int64{"views:example.com/a": 7, "site:example.com": 7})
}

func TestBringRefuses(t *testing.T) {
	all, store, _ := newFile(t, map[string]int64{"views:/a": math.MaxInt64 - 1})
	good := counters.Find{Source: "s", Name: "views:/b", Total: 3, Past: counters.Past{day(24*20000, 2)}}
	for name, change := range map[string]func(*counters.Find){
		"a foreign name":         func(f *counters.Find) { f.Name = "session:1" },
		"a foreign site":         func(f *counters.Find) { f.Site = "session:1" },
		"no source":              func(f *counters.Find) { f.Source = "" },
		"a long source":          func(f *counters.Find) { f.Source = strings.Repeat("x", 600) },
		"a negative total":       func(f *counters.Find) { f.Total = -1 },
		"more past than total":   func(f *counters.Find) { f.Total = 1 },
		"half a day":             func(f *counters.Find) { f.Past[0].Hours = 12 },
		"a value that overflows": func(f *counters.Find) { f.Name = "views:/a" },
	} {
		find := good
		find.Past = slices.Clone(good.Past)
		change(&find)
		if _, err := all.Preview(t.Context(), find); err == nil {
			t.Errorf("%s: previewed", name)
		}
		if _, err := all.Bring(t.Context(), find, ""); err == nil {
			t.Errorf("%s: brought", name)
		}
	}
	sitetest.WantValues(t, store, map[string]int64{"views:/a": math.MaxInt64 - 1})
	plain := counters.New(struct{ counter.Store }{countermemory.New()}, 10, zap.NewNop())
	if _, err := plain.Bring(t.Context(), good, ""); !errors.Is(err, counters.ErrCannotMove) {
		t.Errorf("%v", err)
	}
}

func TestHistoryIsExportedAndImported(t *testing.T) {
	now := counter.HourOf(time.Now()).Day() // whose hours are kept
	past := counters.Past{day(now-24*400, 3), hour(now, 2), hour(now+5, 4)}
	for _, format := range []counters.Format{counters.CSV, counters.JSONLines} {
		all, store, _ := newFile(t, map[string]int64{"views:/a": 41, "views:/b": 7, "site:example.com": 1})
		if err := store.SetHistory(t.Context(), "views:/a", past); err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		if err := all.Export(t.Context(), &file, format, ""); err != nil {
			t.Fatal(err)
		}
		copied, there, _ := newFile(t, map[string]int64{"views:/b": 6})
		text := file.String()
		report, err := copied.Import(t.Context(), &file, counters.ImportOptions{Action: counters.Set})
		if err != nil || report.Changed != 3 || report.Refused != 0 {
			t.Fatalf("%s: %+v, %v: %s", format, report, err, text)
		}
		sitetest.WantValues(t, there, map[string]int64{"views:/a": 41, "views:/b": 7, "site:example.com": 1})
		if got := sitetest.History(t, there, "views:/a"); !slices.Equal(got, sitetest.History(t, store, "views:/a")) || len(got) != 3 {
			t.Errorf("%s: the history is %v, of %s", format, got, text)
		}
		report, err = copied.Import(t.Context(), strings.NewReader(text), counters.ImportOptions{Action: counters.Set})
		if err != nil || report.Changed != 0 || report.Unchanged != 3 {
			t.Errorf("%s again: %+v, %v", format, report, err)
		}
		// The same values, another history.
		if err := there.SetHistory(t.Context(), "views:/a", past[:1]); err != nil {
			t.Fatal(err)
		}
		report, err = copied.Import(t.Context(), strings.NewReader(text), counters.ImportOptions{Action: counters.Set})
		if err != nil || report.Changed != 1 || report.Unchanged != 2 || len(sitetest.History(t, there, "views:/a")) != 3 {
			t.Errorf("%s with another history: %+v, %v", format, report, err)
		}
		// What has no history in the file keeps the one it has, and so does what is added to.
		for _, action := range []counters.Action{counters.Set, counters.Add} {
			report, err = copied.Import(t.Context(), strings.NewReader("name,value\nviews:/a,50\n"), counters.ImportOptions{Action: action})
			if err != nil || report.Changed != 1 || len(sitetest.History(t, there, "views:/a")) != 3 {
				t.Errorf("%s: %+v, %v", action, report, err)
			}
		}
	}
}

func TestHistoriesThatAreWrongAreRefused(t *testing.T) {
	all, store, _ := newFile(t, nil)
	for _, line := range []string{
		`{"name":"views:/a","value":5,"history":null}`, `{"name":"views:/a","value":5,"history":[]}`, `{"name":"views:/a","value":5,"history":{"2026-11-26":"4"}}`,
		`{"name":"views:/a","value":5,"history":{"2026-11-26":0}}`, `{"name":"views:/a","value":5,"history":{"2026-11-26":-1}}`, `{"name":"views:/a","value":5,"history":{"2026-11-26":1.5}}`,
		`{"name":"views:/a","value":5,"history":{"2026-11-26":1e3}}`, `{"name":"views:/a","value":5,"history":{"2026-11-26":9223372036854775808}}`,
		`{"name":"views:/a","value":5,"history":{"2026-11-31":1}}`, `{"name":"views:/a","value":5,"history":{"2026-11-26T24":1}}`, `{"name":"views:/a","value":5,"history":{"2026-11-26T1":1}}`,
		`{"name":"views:/a","value":5,"history":{"2026-11-26T01:30":1}}`, `{"name":"views:/a","value":5,"history":{"1969-12-31":1}}`, `{"name":"views:/a","value":5,"history":{"":1}}`,
		`{"name":"views:/a","value":5,"history":{"2026-11-26":1,"2026-11-26":1}}`, `{"name":"views:/a","value":0,"history":{"2026-11-26":1}}`,
		`{"name":"views:/a","value":5,"history":{"2026-11-26":9223372036854775807,"2026-11-27":1}}`, `{"name":"views:/a","value":5,"history":{"2026-11-26":{}}}`,
	} {
		report, err := all.Import(t.Context(), strings.NewReader(line), counters.ImportOptions{Action: counters.Set})
		if err != nil || report.Refused != 1 {
			t.Errorf("%s: %+v, %v", line, report, err)
		}
	}
	for _, cell := range []string{"2026-11-26", "2026-11-26=", "=4", "2026-11-26=0", "2026-11-26=1,2026-11-27=1", "2026-11-26=1 2026-11-26=1", "26.11.2026=1", "2026-11-26=+1"} {
		report, err := all.Import(t.Context(), strings.NewReader("name,value,history\nviews:/a,5,\""+cell+"\"\nviews:/a,5\n"), counters.ImportOptions{Action: counters.Set})
		if err != nil || report.Refused != 2 {
			t.Errorf("%s: %+v, %v", cell, report, err)
		}
	}
	sitetest.WantValues(t, store, map[string]int64{})
}

func FuzzPast(f *testing.F) {
	f.Add(`{"2026-11-26":4,"2026-11-26T13":1}`)
	f.Fuzz(func(t *testing.T, text string) {
		var past counters.Past
		if past.UnmarshalJSON([]byte(text)) != nil {
			return
		}
		written, err := past.MarshalJSON()
		var again counters.Past
		if err != nil || again.UnmarshalJSON(written) != nil || again.String() != past.String() {
			t.Errorf("%s is written as %s: %v", text, written, err)
		}
	})
}

var _ interface {
	counter.Historian
	counter.Mover
} = (*counterfile.Store)(nil)

// canceled is a context that has ended.
func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func TestExportEndsWithItsContext(t *testing.T) {
	all, _, _ := newFile(t, map[string]int64{"views:/a": 1})
	if err := all.Export(canceled(), &bytes.Buffer{}, counters.CSV, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
