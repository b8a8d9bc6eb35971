package counters_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/sitetest"
	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
)

func shown(t *testing.T, all *counters.Counters) string {
	t.Helper()
	listing, err := all.List(t.Context(), counters.Query{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, entry := range listing.Entries {
		fmt.Fprintf(&text, "%s=%d ", entry.Name, entry.Value)
	}
	return strings.TrimSpace(text.String())
}

func wantShown(t *testing.T, all *counters.Counters, want string) {
	t.Helper()
	if got := shown(t, all); got != want {
		t.Errorf("there is %q; want %q", got, want)
	}
}

func TestRenameMovesValueAndHistory(t *testing.T) {
	all, store, logs := newFile(t, map[string]int64{"views:a.example/old": 7, "views:a.example/new": 5, "site:a.example": 12})
	now := counter.HourOf(time.Now())
	if err := store.SetHistory(t.Context(), "views:a.example/old", []counter.Bucket{hour(now, 3)}); err != nil {
		t.Fatal(err)
	}
	if err := store.SetHistory(t.Context(), "views:a.example/new", []counter.Bucket{hour(now, 1), hour(now-1, 1)}); err != nil {
		t.Fatal(err)
	}
	r := counters.Rename{From: "views:a.example/old", To: "views:a.example/new", By: "page", Request: "request"}
	if got, err := all.PreviewRename(t.Context(), r); err != nil || got.Moved != 7 || got.Before != 5 || got.After != 12 {
		t.Errorf("%+v, %v", got, err)
	}
	for range 2 { // a repeat does no harm
		if _, err := all.Rename(t.Context(), r, nil); err != nil {
			t.Fatal(err)
		}
		wantShown(t, all, "site:a.example=12 views:a.example/new=12")
	}
	if got := sitetest.History(t, store, "views:a.example/new"); !slices.Equal(got, []counter.Bucket{hour(now-1, 1), hour(now, 4)}) {
		t.Errorf("the history is %v", got)
	}
	line := logs.FilterMessage("counter changed").All()[0].ContextMap()
	if line["action"] != "move" || line["from"] != r.From || line["counter"] != r.To || line["before"] != int64(5) || line["after"] != int64(12) || line["value"] != int64(7) {
		t.Errorf("logged %v", line)
	}
}

// cutOff fails for the last times: the process ends in the middle.
type cutOff struct {
	*countermemory.Store
	left int
}

func (s *cutOff) Move(ctx context.Context, from, to string) error {
	if s.left--; s.left < 0 {
		return errors.New("the process ends")
	}
	return s.Store.Move(ctx, from, to)
}

func TestASiteIsRenamedWithItsPagesEvenIfItIsCutOff(t *testing.T) {
	entries := map[string]int64{"site:www.a.example": 30, "site:a.example": 4, "views:a.example/0": 4, "views:www.a.example.org/x": 1}
	for i := range 6 {
		entries[fmt.Sprintf("views:www.a.example/%d", i)] = 5
	}
	for cut := range 7 {
		store := &cutOff{sitetest.Fill(t, countermemory.New(), entries), cut}
		all := counters.New(store, 100, zap.NewNop())
		r := counters.Rename{From: "site:www.a.example", To: "site:a.example"}
		if got, err := all.PreviewRename(t.Context(), r); err != nil || got.Pages != 6 || got.Moved != 30 || got.After != 34 {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := all.Rename(t.Context(), r, nil); err == nil {
			t.Fatal("it was to be cut off")
		}
		store.left = 100
		var calls int
		if _, err := all.Rename(t.Context(), r, func(done, all int) { calls++ }); err != nil || calls != 6-cut {
			t.Errorf("%v after %d calls", err, calls)
		}
		wantShown(t, all, "site:a.example=34 views:a.example/0=9 views:a.example/1=5 views:a.example/2=5 views:a.example/3=5 views:a.example/4=5 views:a.example/5=5 views:www.a.example.org/x=1")
	}
}

func TestAnAliasCountsForTheNewName(t *testing.T) {
	store := sitetest.Fill(t, countermemory.New(), map[string]int64{"views:a.example/old": 7, "views:a.example/new": 5})
	core, logs := observer.New(zap.InfoLevel)
	all := counters.New(store, 100, zap.New(core))
	if _, err := all.Rename(t.Context(), counters.Rename{From: "views:a.example/old", To: "views:a.example/new", Alias: true}, nil); err != nil {
		t.Fatal(err)
	}
	counted := all.Counted()
	add(t, counted, "views:a.example/old")
	add(t, counted, "views:a.example/new")
	for _, name := range []string{"views:a.example/old", "views:a.example/new"} {
		if value, err := counted.Get(t.Context(), name); err != nil || value != 14 {
			t.Errorf("%s: %d, %v", name, value, err)
		}
	}
	wantShown(t, all, "views:a.example/new=14")
	var file strings.Builder
	if err := all.Export(t.Context(), &file, counters.CSV, ""); err != nil || strings.Contains(file.String(), "alias") {
		t.Errorf("%v: exported %s", err, file.String())
	}
	if report, err := all.Import(t.Context(), strings.NewReader("name,value\nalias:1:ab,1\naliases,1\n"), counters.ImportOptions{Action: counters.Set}); err != nil || report.Refused != 2 {
		t.Errorf("%+v, %v", report, err)
	}
	made := all.Aliases()
	if len(made) != 1 || made[0].From != "views:a.example/old" || made[0].To != "views:a.example/new" || time.Since(made[0].Since) > time.Minute {
		t.Errorf("%+v", made)
	}
	if err := all.RemoveAlias(t.Context(), "views:a.example/old", "page", "request"); err != nil {
		t.Fatal(err)
	}
	if err := all.RemoveAlias(t.Context(), "views:a.example/old", "page", "request"); !errors.Is(err, counters.ErrNoAlias) {
		t.Errorf("%v", err)
	}
	add(t, counted, "views:a.example/old")
	wantShown(t, all, "views:a.example/new=14 views:a.example/old=1")
	if logs.FilterMessage("alias made").Len() != 1 || logs.FilterMessage("alias removed").Len() != 1 {
		t.Errorf("logged %v", logs.All())
	}
}

func TestAnAliasOfASiteIsOneOfItsPages(t *testing.T) {
	store := sitetest.Fill(t, countermemory.New(), map[string]int64{"views:www.a.example/x": 2, "site:www.a.example": 2})
	all := counters.New(store, 100, zap.NewNop())
	if _, err := all.Rename(t.Context(), counters.Rename{From: "site:www.a.example", To: "site:a.example", Alias: true}, nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"views:www.a.example/x", "views:www.a.example/new", "site:www.a.example", "views:www.a.example.org/y"} {
		add(t, all.Counted(), name)
	}
	wantShown(t, all, "site:a.example=3 views:a.example/new=1 views:a.example/x=3 views:www.a.example.org/y=1")
}

func TestAliasesFormNoCircles(t *testing.T) {
	all := counters.New(sitetest.Fill(t, countermemory.New(), nil), 100, zap.NewNop())
	rename := func(from, to string) error {
		_, err := all.Rename(t.Context(), counters.Rename{From: from, To: to, Alias: true}, nil)
		return err
	}
	for _, pair := range [][2]string{{"views:/a", "views:/b"}, {"views:/b", "views:/c"}, {"views:/0", "views:/a"}, {"site:x.example", "site:y.example"}} {
		if err := rename(pair[0], pair[1]); err != nil {
			t.Fatal(err)
		}
	}
	for _, pair := range [][2]string{
		{"views:/c", "views:/a"},
		{"views:/b", "views:/0"},
		{"views:/a", "views:/a"},
		{"site:y.example", "site:x.example"},
		{"views:y.example/p", "views:x.example/p"},
		{"views:/d", "site:d"},
		{"site:d", "views:/d"},
		{"views:/d", "session:1"},
		{"session:1", "views:/d"},
		{"counter_key", "views:/d"},
		{"views:/d", "counter_key"},
		{"", "views:/d"},
		{"views:/d\n", "views:/d"},
		{"views:" + strings.Repeat("x", 300), "views:" + strings.Repeat("y", 300)},
	} {
		if err := rename(pair[0], pair[1]); err == nil {
			t.Errorf("%q became an alias", pair)
		}
	}
	for _, name := range []string{"views:/0", "views:/a", "views:/b", "views:/c"} {
		add(t, all.Counted(), name)
	}
	wantShown(t, all, "views:/c=4")
	if err := rename("views:/a", "views:/d"); err != nil { // in place of the other
		t.Fatal(err)
	}
	add(t, all.Counted(), "views:/0")
	wantShown(t, all, "views:/c=4 views:/d=1")
	if got := all.Aliases(); len(got) != 4 {
		t.Errorf("%+v", got)
	}
}

func TestAliasesMadeAtOnceInACircleHarmNobody(t *testing.T) {
	store := sitetest.Fill(t, countermemory.New(), map[string]int64{
		"alias:8:views:/aviews:/b": 1, "alias:8:views:/bviews:/a": 1, "aliases": 1, // of two processes
		"alias:8:views:/cviews:/d": 1, "alias:": 1, "alias:x:views:/eviews:/f": 1, "alias:99:views:/eviews:/f": 1, "alias:-1:views:/e": 1, "alias:9:session:1views:/f": 1, "alias:08:views:/eviews:/f": 1,
	})
	synctest.Test(t, func(t *testing.T) {
		all := counters.New(store, 100, zap.NewNop())
		all.Start()
		defer all.Stop()
		synctest.Wait()
		for _, name := range []string{"views:/a", "views:/b", "views:/c", "views:/e"} {
			add(t, all.Counted(), name)
		}
		wantShown(t, all, "views:/a=1 views:/b=1 views:/d=1 views:/e=1")
	})
}

func TestOtherProcessesLearnOfAliases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := sitetest.Fill(t, countermemory.New(), map[string]int64{"views:/old": 1})
		one, two := counters.New(store, 100, zap.NewNop()), counters.New(store, 100, zap.NewNop())
		for _, process := range []*counters.Counters{one, two} {
			process.Start()
			defer process.Stop()
		}
		synctest.Wait()
		if _, err := one.Rename(t.Context(), counters.Rename{From: "views:/old", To: "views:/new", Alias: true}, nil); err != nil {
			t.Fatal(err)
		}
		add(t, two.Counted(), "views:/old") // it doesn't know yet
		wantShown(t, two, "views:/new=1 views:/old=1")
		time.Sleep(5 * time.Second)
		synctest.Wait()
		add(t, two.Counted(), "views:/old")
		if value, err := two.Counted().Get(t.Context(), "views:/old"); err != nil || value != 2 {
			t.Errorf("%d, %v", value, err)
		}
		time.Sleep(10 * time.Second) // and what went astray is moved
		synctest.Wait()
		wantShown(t, two, "views:/new=3")
		if err := two.RemoveAlias(t.Context(), "views:/old", "", ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		add(t, one.Counted(), "views:/old")
		wantShown(t, one, "views:/new=3 views:/old=1")
	})
}

func TestWhatAProcessLeftBehindIsMovedAtTheNextStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// It ended between the alias and the move.
		store := sitetest.Fill(t, countermemory.New(), map[string]int64{"views:/old": 7, "views:/new": 1, "alias:10:views:/oldviews:/new": 1, "aliases": 1})
		all := counters.New(store, 100, zap.NewNop())
		all.Start()
		defer all.Stop()
		time.Sleep(time.Minute)
		synctest.Wait()
		wantShown(t, all, "views:/new=8")
	})
}

func TestRenameRefuses(t *testing.T) {
	all, store, _ := newFile(t, map[string]int64{"views:/a": math.MaxInt64 - 1, "views:/b": 5})
	for _, pair := range [][2]string{{"views:/b", "views:/a"}, {"views:/b", "views:/b"}, {"views:/b", "site:b"}, {"site:b", "counter_key"}, {"views:/b", "other"}, {"other", "views:/b"}} {
		r := counters.Rename{From: pair[0], To: pair[1]}
		if _, err := all.PreviewRename(t.Context(), r); err == nil {
			t.Errorf("%q is previewed", pair)
		}
		if _, err := all.Rename(t.Context(), r, nil); err == nil {
			t.Errorf("%q is renamed", pair)
		}
	}
	sitetest.WantValues(t, store, map[string]int64{"views:/a": math.MaxInt64 - 1, "views:/b": 5})
}
