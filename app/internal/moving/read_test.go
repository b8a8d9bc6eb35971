package moving_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/moving"
)

func TestEachServiceIsRead(t *testing.T) {
	for _, test := range []struct {
		name  string
		list  moving.List
		want  []string
		asked []string
	}{
		{
			"komarev",
			moving.List{Text: "https://komarev.com/ghpvc/?username=OctoCat&color=green&base=1000"},
			[]string{"views:ghpvc/octocat  1234567 komarev.com/octocat "},
			[]string{"komarev.com/ghpvc/?username=octocat"},
		},
		{
			"visitor badge",
			moving.List{Text: "visitor-badge.laobi.icu/badge?page_id=octo.cat&left_text=hi"},
			[]string{"views:visitor-badge/octo.cat  42 visitor-badge.laobi.icu/octo.cat "},
			[]string{"visitor-badge.laobi.icu/badge?page_id=octo.cat&query_only=true"},
		},
		{
			"hits.sh",
			moving.List{Text: "http://hits.sh/GitHub.com/octo/cat.svg?label=x&extraCount=5"},
			[]string{"views:github.com/octo/cat site:github.com 12 hits.sh/github.com/octo/cat 2026-11-02=3 2026-11-03=4"},
			[]string{"hits.sh/api/urns/github.com/octo/cat"},
		},
		{
			"hitscounter",
			moving.List{Text: "https://hitscounter.dev/api/hit?url=https%3A%2F%2Fexample.com%2Fblog&label=x"},
			[]string{"views:example.com/blog site:example.com 9 hitscounter.dev/https://example.com/blog 2026-11-24=4 2026-11-27=1"},
			[]string{"hitscounter.dev/api/history?url=https%3A%2F%2Fexample.com%2Fblog"},
		},
		{
			"visitorbadge",
			moving.List{Text: "https://api.visitorbadge.io/api/visitors?path=https%3A%2F%2Fgithub.com%2Focto%2Fcat&label=v"},
			[]string{"views:visitorbadge/https://github.com/octo/cat  30 visitorbadge.io/https://github.com/octo/cat 2023-05-03=7"},
			[]string{"api.visitorbadge.io/api/status?path=https%3A%2F%2Fgithub.com%2Focto%2Fcat"},
		},
		{
			"abacus",
			moving.List{Text: "https://abacus.jasoncameron.dev/hit/my.site/home"},
			[]string{"views:countapi/my.site/home  36 abacus.jasoncameron.dev/my.site/home "},
			[]string{"abacus.jasoncameron.dev/get/my.site/home"},
		},
		{
			"a clone of CountAPI",
			moving.List{Text: "https://countapi.mileshilliard.com/api/v1/hit/mykey"},
			[]string{"views:countapi/default/mykey  77 countapi.mileshilliard.com/default/mykey "},
			[]string{"countapi.mileshilliard.com/api/v1/get/mykey"},
		},
		{
			"counterapi",
			moving.List{Text: "https://api.counterapi.dev/v1/ns/name/up"},
			[]string{"views:counterapi/ns/name  20 api.counterapi.dev/ns/name 2023-01-01=5 2023-01-02=6"},
			[]string{"api.counterapi.dev/v1/ns/name/", "api.counterapi.dev/v1/ns/name/list?group_by=day"},
		},
		{
			"vercount",
			moving.List{Text: "https://Example.com/blog/index.html", Service: "vercount"},
			[]string{"views:example.com/blog  8 events.vercount.one/example.com/blog ", "site:example.com  100 vercount/example.com "},
			[]string{"events.vercount.one/api/v2/log?url=https%3A%2F%2Fexample.com%2Fblog"},
		},
		{
			"goatcounter by its address",
			moving.List{Text: "https://mysite.goatcounter.com/counter//blog/one.json", Host: "www.example.com"},
			[]string{"views:www.example.com/blog/one  1234 goatcounter/www.example.com/blog/one ", "site:www.example.com  9999 goatcounter/www.example.com "},
			[]string{"mysite.goatcounter.com/counter/%2Fblog%2Fone.json", "mysite.goatcounter.com/counter/TOTAL.json"},
		},
		{
			"goatcounter by the page's",
			moving.List{Text: "example.com/blog/one", Service: "goatcounter", Code: "MySite"},
			[]string{"views:example.com/blog/one  1234 goatcounter/example.com/blog/one ", "site:example.com  9999 goatcounter/example.com "},
			[]string{"mysite.goatcounter.com/counter/%2Fblog%2Fone.json", "mysite.goatcounter.com/counter/TOTAL.json"},
		},
		{
			"busuanzi",
			moving.List{Text: "example.com/blog", Service: "busuanzi"},
			[]string{"views:example.com/blog  21 busuanzi.ibruce.info/example.com/blog ", "site:example.com  300 busuanzi/example.com "},
			[]string{"busuanzi.ibruce.info/busuanzi?jsonpCallback=F"},
		},
		{
			"dwyl",
			moving.List{Text: "https://hits.dwyl.com/octo/cat.svg?style=flat"},
			[]string{"views:dwyl/octo/cat  55 hits.dwyl.com/octo/cat "},
			[]string{"hits.dwyl.com/octo/cat.json"},
		},
		{
			"moe",
			moving.List{Text: "https://count.getloli.com/get/@neko?theme=x"},
			[]string{"views:moe/neko  66 count.getloli.com/neko "},
			[]string{"count.getloli.com/record/@neko"},
		},
		{
			"those that are gone, with a number",
			moving.List{Text: "https://visitor-badge.glitch.me/badge?page_id=octo.cat 1,000\n" +
				"https://hits.seeyoufarm.com/api/count/incr/badge.svg?url=https://example.com/a;20\nhttps://badges.pufler.dev/visits/octo/cat\t30\n" +
				"https://profile-counter.glitch.me/octo/count.svg,40\nhttps://api.countapi.xyz/hit/ns/key 50\nexample.com/plain 60"},
			[]string{
				"views:visitor-badge/octo.cat  1000 visitor-badge.glitch.me/octo.cat ",
				"views:example.com/a site:example.com 20 hits.seeyoufarm.com/https://example.com/a ",
				"views:pufler/octo/cat  30 badges.pufler.dev/octo/cat ", "views:profile-counter/octo  40 profile-counter.glitch.me/octo ",
				"views:countapi/ns/key  50 api.countapi.xyz/ns/key ", "views:example.com/plain site:example.com 60 typed/example.com/plain ",
			},
			nil,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			reader, fakes := newReader(t, services())
			if got := read(t, reader, test.list); !slices.Equal(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
			fakes.wantAsked(t, test.asked...)
		})
	}
}

func TestReadingThatAddsIsToldBeforehand(t *testing.T) {
	reader, fakes := newReader(t, services())
	sources, err := reader.Parse(moving.List{
		Text:    "example.com/blog\nhttps://hits.dwyl.com/octo/cat.svg\nhttps://count.getloli.com/@neko\nhttps://count.getloli.com/@neko 7\nhttps://hits.sh/example.com/a.svg",
		Service: "busuanzi",
	})
	if err != nil {
		t.Fatal(err)
	}
	var adds []bool
	for _, source := range sources {
		adds = append(adds, source.Adds)
	}
	if !slices.Equal(adds, []bool{true, true, true, false, false}) {
		t.Errorf("adds: %v", adds)
	}
	fakes.wantAsked(t) // nobody
}

func TestOnlyTheTablesHostsAreAsked(t *testing.T) {
	reader, fakes := newReader(t, services())
	for _, address := range []string{
		"http://127.0.0.1/", "https://127.0.0.1:8000/admin/", "https://[::1]/", "https://localhost/api/v1/up", "https://169.254.169.254/latest/meta-data/",
		"https://hits.sh@127.0.0.1/a.svg", "https://user:secret@hits.sh/example.com/a.svg", "https://hits.sh:8443/example.com/a.svg", "https://komarev.com:22/ghpvc/?username=a",
		"https://evil.example/hits.sh/example.com/a.svg", "https://hits.sh.evil.example/example.com/a.svg", "https://evilhits.sh/example.com/a.svg",
		"ftp://hits.sh/example.com/a.svg", "file:///etc/passwd", "gopher://127.0.0.1:6379/_SET", "https://0x7f000001/", "https://2130706433/",
		"https://goatcounter.com/counter/a.json", "https://a.b.c/%zz", "https://", "//", "\x00", "https://hits.sh/", "https://hits.sh/nodot/a.svg",
		"https://komarev.com/ghpvc/", "https://visitor-badge.laobi.icu/badge", "https://hitscounter.dev/api/hit", "https://api.counterapi.dev/v1/ns",
		"https://abacus.jasoncameron.dev/get/a%2f..%2f..%2fkeys/x", "https://mysite.goatcounter.com/counter/TOTAL.json", "https://api.countapi.xyz/hit/ns/key",
		"https://hits.seeyoufarm.com/api/count/incr/badge.svg?url=https://example.com/", "https://busuanzi.ibruce.info/busuanzi?jsonpCallback=x", strings.Repeat("x", 3000),
	} {
		for _, got := range read(t, reader, moving.List{Text: address}) {
			if !strings.HasPrefix(got, "error: ") {
				t.Errorf("%q is read: %s", address, got)
			}
		}
	}
	fakes.wantAsked(t)
	if _, err := reader.Parse(moving.List{Text: strings.Repeat("example.com/a\n", moving.MaxLines+1)}); err == nil {
		t.Error("the list is too long")
	}
	for _, code := range []string{"", "a.b", "-a", "127.0.0.1/", "a/b", "a@b", "a?b", strings.Repeat("a", 64)} {
		if got := read(t, reader, moving.List{Text: "example.com/a", Service: "goatcounter", Code: code}); !strings.HasPrefix(got[0], "error: ") {
			t.Errorf("the code %q: %s", code, got)
		}
	}
	fakes.wantAsked(t)
}

func TestWhatServicesAnswerIsBounded(t *testing.T) {
	packed := squeezed(t, strings.Repeat("\x00", 1<<20))
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"a redirect elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://127.0.0.1/api/urns/x", http.StatusFound)
		}, "error: hits.sh: it redirects elsewhere"},
		"a redirect to http": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://hits.sh/", http.StatusMovedPermanently)
		}, "error: hits.sh: it redirects elsewhere"},
		"a redirect to a port": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://hits.sh:8443/", http.StatusMovedPermanently)
		}, "error: hits.sh: it redirects elsewhere"},
		"redirects in a circle": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		}, "error: hits.sh: it redirects elsewhere"},
		"an endless body": {func(w http.ResponseWriter, _ *http.Request) {
			for chunk := []byte(strings.Repeat("x", 1<<16)); ; {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}, "error: hits.sh: its answer is longer than"},
		"a gzip bomb": {func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Accept-Encoding") != "" {
				panic("it asks for a packed answer")
			}
			w.Header().Set("Content-Encoding", "gzip")
			for range 8 {
				_, _ = w.Write(packed)
			}
		}, "error: hits.sh: its answer has no total"},
		"endless headers": {func(w http.ResponseWriter, _ *http.Request) {
			for i := range 5000 {
				w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 100))
			}
		}, "error: hits.sh: it can't be reached"},
		"no JSON":            {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }, "error: hits.sh: its answer has no total"},
		"no total":           {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") }, "error: hits.sh: its answer has no total"},
		"a negative total":   {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"total":-5}`) }, "error: hits.sh: its answer has no total"},
		"a huge total":       {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"total":9223372036854775808}`) }, "error: hits.sh: its answer has no total"},
		"a broken total":     {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"total":1.5}`) }, "error: hits.sh: its answer has no total"},
		"an unknown counter": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, "error: hits.sh: it does not know this counter"},
		"an error":           {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, "error: hits.sh: it answers with the status 502"},
		"days that exceed the total": {func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"total":5,"items":[{"data":[{"value":6,"day":"2026-11-02"}]}]}`)
		}, "views:example.com/a site:example.com 5 hits.sh/example.com/a "},
		"days that are none": {func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"total":5,"items":[{"data":[{"value":1,"day":"yesterday, probably"}]}]}`)
		}, "views:example.com/a site:example.com 5 hits.sh/example.com/a "},
	} {
		t.Run(name, func(t *testing.T) {
			reader, _ := newReader(t, map[string]http.HandlerFunc{"hits.sh": test.answer})
			got := read(t, reader, moving.List{Text: "https://hits.sh/example.com/a.svg"})
			if len(got) != 1 || !strings.HasPrefix(got[0], test.want) {
				t.Errorf("got %q; want %q", got, test.want)
			}
		})
	}
}

// silent is a transport whose answers never come.
type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestSlowServicesAreNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader := moving.NewReader(silent{}, moving.Naming{})
		sources, err := reader.Parse(moving.List{Text: strings.Repeat("https://hits.sh/example.com/a.svg\n", 8)})
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		reader.ReadAll(t.Context(), sources, func(_ moving.Source, _ []counters.Find, err error) {
			if err == nil || err.Error() != "hits.sh: it does not answer in time" {
				t.Errorf("%v", err)
			}
		})
		if took := time.Since(begun); took > time.Minute {
			t.Errorf("it took %s", took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		begun = time.Now()
		reader.ReadAll(ctx, sources, func(_ moving.Source, _ []counters.Find, err error) {
			if err == nil {
				t.Error("read after the end")
			}
		})
		if time.Since(begun) > 0 {
			t.Error("it goes on after the end of its context")
		}
	})
}
