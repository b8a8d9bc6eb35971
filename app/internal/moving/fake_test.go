package moving_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/moving"
)

// fakes are the services, on a server of this machine that has all their names.
type fakes struct {
	mu    sync.Mutex
	asked []string // host and path with the query, in order
	// answers are the handlers, by host.
	answers map[string]http.HandlerFunc
}

func (f *fakes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.asked = append(f.asked, r.Host+r.URL.RequestURI())
	f.mu.Unlock()
	if answer, ok := f.answers[r.Host]; ok {
		answer(w, r)
		return
	}
	http.Error(w, "not a service", http.StatusTeapot)
}

func (f *fakes) wantAsked(t *testing.T, want ...string) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Equal(f.asked, want) {
		t.Errorf("asked %q; want %q", f.asked, want)
	}
	f.asked = nil
}

// newReader returns a reader whose questions all reach the fakes.
func newReader(t *testing.T, answers map[string]http.HandlerFunc) (*moving.Reader, *fakes) {
	t.Helper()
	f := &fakes{answers: answers}
	server := httptest.NewTLSServer(f)
	t.Cleanup(server.Close)
	transport := moving.NewTransport(nil)
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}
	transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	t.Cleanup(transport.CloseIdleConnections)
	return moving.NewReader(transport, moving.Naming{}), f
}

// says answers with a text, to requests for these addresses only.
func says(answers map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text, ok := answers[r.URL.RequestURI()]
		if !ok {
			http.Error(w, `{"code":400,"message":"record not found"}`, http.StatusBadRequest)
			return
		}
		fmt.Fprint(w, text)
	}
}

// badge is an SVG as badge services draw it.
func badge(label, message string) string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="120" height="20"><title>%[1]s: %[2]s</title>`+
		`<g font-size="11"><text x="5" y="15" fill="#010101" fill-opacity=".3">%[1]s</text><text x="5" y="14">%[1]s</text>`+
		`<text x="90" y="15" fill="#010101">%[2]s</text><text x="90" y="14">%[2]s</text></g></svg>`, label, message)
}

// services answer as the services do.
func services() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"komarev.com": func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.UserAgent(), "github-camo") {
				http.Error(w, "this would count", http.StatusConflict)
				return
			}
			says(map[string]string{"/ghpvc/?username=octocat": badge("Profile views", "1,234,567")})(w, r)
		},
		"visitor-badge.laobi.icu": says(map[string]string{"/badge?page_id=octo.cat&query_only=true": badge("visitors", "42")}),
		"hits.sh": says(map[string]string{
			"/api/urns/github.com/octo/cat": `{"total":12,"monthly":3,"weekly":2,"items":[{"from":"2026-11-01","to":"2026-11-30","data":[{"value":3,"day":"2026-11-02"},{"value":4,"day":"2026-11-03"}]}]}`,
		}),
		"hitscounter.dev": says(map[string]string{
			"/api/history?url=https%3A%2F%2Fexample.com%2Fblog": `{"total_hits":9,"today_hits":1,"history":[{"hit_count":4,"hit_date":"2026-11-24","is_today":false},{"hit_count":1,"hit_date":"2026-11-27","is_today":true}]}`,
		}),
		"api.visitorbadge.io": says(map[string]string{
			"/api/status?path=https%3A%2F%2Fgithub.com%2Focto%2Fcat": `{"total":30,"today":1,"dailyResults":[{"title":"2023-05-02","total":0},{"title":"2023-05-03","total":7}]}`,
		}),
		"abacus.jasoncameron.dev":    says(map[string]string{"/get/my.site/home": `{"value":36}`}),
		"countapi.mileshilliard.com": says(map[string]string{"/api/v1/get/mykey": `{"value":"77"}`}),
		"api.counterapi.dev": says(map[string]string{
			"/v1/ns/name/":                  `{"id":1,"name":"name","count":20,"created_at":"2023-01-01T00:00:00Z","updated_at":"2023-01-01T00:00:00Z","namespace_id":1,"namespace":{"id":1,"name":"ns"}}`,
			"/v1/ns/name/list?group_by=day": `[{"count":5,"date":"2023-01-01T00:00:00Z"},{"count":6,"date":"2023-01-02T00:00:00Z"}]`,
		}),
		"events.vercount.one": says(map[string]string{
			"/api/v2/log?url=https%3A%2F%2Fexample.com%2Fblog": `{"status":"success","message":"ok","data":{"site_uv":5,"site_pv":100,"page_pv":8}}`,
		}),
		"mysite.goatcounter.com": says(map[string]string{
			"/counter/%2Fblog%2Fone.json": "{\"count_unique\":\"1\u202f234\", \"count\":\"1\u202f234\"}",
			"/counter/TOTAL.json":         `{"count_unique":"9,999","count":"9,999"}`,
		}),
		"busuanzi.ibruce.info": func(w http.ResponseWriter, r *http.Request) {
			if r.Referer() != "https://example.com/blog" || r.URL.RequestURI() != "/busuanzi?jsonpCallback=F" {
				http.Error(w, r.Referer(), http.StatusBadRequest)
				return
			}
			fmt.Fprint(w, `try{F({"site_uv":1,"page_pv":21,"version":2.4,"site_pv":300});}catch(e){}`)
		},
		"hits.dwyl.com":     says(map[string]string{"/octo/cat.json": `{"schemaVersion":1,"label":"hits","message":"55","color":"#4c1"}`}),
		"count.getloli.com": says(map[string]string{"/record/@neko": `{"name":"neko","num":66}`}),
	}
}

// read reads a list and returns what was found, as text.
func read(t *testing.T, reader *moving.Reader, list moving.List) []string {
	t.Helper()
	sources, err := reader.Parse(list)
	if err != nil {
		t.Fatal(err)
	}
	found := map[int][]string{}
	reader.ReadAll(t.Context(), sources, func(source moving.Source, finds []counters.Find, err error) {
		if err != nil {
			found[source.Line] = append(found[source.Line], "error: "+err.Error())
			return
		}
		for _, find := range finds {
			if err := find.Check(); err != nil {
				t.Errorf("%+v: %v", find, err)
			}
			found[source.Line] = append(found[source.Line], fmt.Sprintf("%s %s %d %s %s", find.Name, find.Site, find.Total, find.Source, find.Past))
		}
	})
	var all []string
	for _, line := range slices.Sorted(maps.Keys(found)) {
		all = append(all, found[line]...)
	}
	return all
}
