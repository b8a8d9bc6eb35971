package main

import (
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"

	"example.com/herokuapp/counter-redis/redistest"
)

// Views of a page elsewhere that arrive at once, on every surface and in every process, are
// counted once each: the numbers that are shown are all different, and in the end the page and
// its site have as many views as answers said "counted".
func TestPagesElsewhereAreCountedExactly(t *testing.T) {
	t.Parallel()
	t.Run("memory", func(t *testing.T) { wantExactPages(t, startProcess(t, "RATE_LIMIT=0", patient)) })
	t.Run("file", func(t *testing.T) {
		wantExactPages(t, startProcess(t, "RATE_LIMIT=0", patient, "DATA_FILE="+filepath.Join(t.TempDir(), "counts.db")))
	})
	t.Run("two processes on one Redis", func(t *testing.T) {
		redis := "REDIS_URL=" + redistest.Start(t).URL()
		wantExactPages(t, startProcess(t, redis, "RATE_LIMIT=0", patient), startProcess(t, redis, "RATE_LIMIT=0", patient))
	})
	// Each process has the limit to itself, and what it leaves out is not counted.
	t.Run("two processes with a limit", func(t *testing.T) {
		redis := "REDIS_URL=" + redistest.Start(t).URL()
		wantExactPages(t, startProcess(t, redis, "RATE_LIMIT=40", patient), startProcess(t, redis, "RATE_LIMIT=40", patient))
	})
}

// tally is what the answers said of one page.
type tally struct {
	counted int
	shown   []int64 // numbers of views that were counted
}

func wantExactPages(t *testing.T, apps ...*process) {
	t.Helper()
	const readers, each = 30, 10
	surfaces := []struct{ method, before, after string }{
		{http.MethodPost, "/api/v1/views/", ""}, {http.MethodGet, "/badge/", ".svg"}, {http.MethodGet, "/pixel/", ".gif"},
	}
	number := regexp.MustCompile(`"value":(\d+)|<title>views: (\d+)</title>`)
	var mu sync.Mutex
	pages := map[string]*tally{"example.com/": {}, "example.com/blog": {}}
	var reading sync.WaitGroup
	for reader := range readers {
		reading.Go(func() {
			for i := range each {
				surface := surfaces[(reader+i)%len(surfaces)]
				page := []string{"example.com/", "example.com/blog"}[i%2]
				answer, err := apps[reader%len(apps)].ask(t.Context(), surface.method, surface.before+page+surface.after)
				if err != nil || answer.status != http.StatusOK {
					t.Errorf("%s %s: %d, %v", surface.method, page, answer.status, err)
					return
				}
				if answer.header.Get("View-Status") != "counted" {
					continue
				}
				mu.Lock()
				pages[page].counted++
				if match := number.FindStringSubmatch(answer.body); match != nil {
					value, _ := strconv.ParseInt(match[1]+match[2], 10, 64) // digits
					pages[page].shown = append(pages[page].shown, value)
				}
				mu.Unlock()
			}
		})
	}
	reading.Wait()
	total := 0
	for page, said := range pages {
		total += said.counted
		slices.Sort(said.shown)
		if n := len(slices.Compact(slices.Clone(said.shown))); n != len(said.shown) || n < said.counted/2 || n > 0 && said.shown[n-1] > int64(said.counted) {
			t.Errorf("%s: %d views were counted, and these numbers shown: %v", page, said.counted, said.shown)
		}
		for _, app := range apps {
			wantAPI(t, app, "/api/v1/views/"+page, int64(said.counted))
		}
	}
	for _, app := range apps {
		wantAPI(t, app, "/api/v1/sites/example.com", int64(total))
		if log := app.logged(t); total < readers*each && !regexp.MustCompile(`"view_status":"skipped;reason=rate"`).MatchString(log) {
			t.Errorf("%d views of %d were counted, and no limit is the reason", total, readers*each)
		}
	}
}

// wantAPI fails unless the API answers with the value.
func wantAPI(t *testing.T, app *process, path string, want int64) {
	t.Helper()
	var got struct{ Value int64 }
	if answer := app.get(t, path); json.Unmarshal([]byte(answer.body), &got) != nil || got.Value != want {
		t.Errorf("%s: %d %s; want %d", path, answer.status, answer.body, want)
	}
}

// ask sends a request as a browser does for a part of a page.
func (p *process) ask(ctx context.Context, method, path string) (answer, error) {
	return p.fetch(ctx, method, path, "User-Agent", visitor, "Sec-Fetch-Dest", "image")
}
