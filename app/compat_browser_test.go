package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"example.com/herokuapp/templates/embed"
)

// busuanziTheme is what a theme has for busuanzi: nothing is shown before there is a number.
const busuanziTheme = `<span id="busuanzi_container_site_pv" style="display:none">site <span id="busuanzi_value_site_pv"></span></span>
	<span id="busuanzi_container_site_uv" style="display:none">visitors <span id="busuanzi_value_site_uv"></span></span>
	<span id="busuanzi_container_page_pv" style="display:none">page <span id="busuanzi_value_page_pv"></span></span>`

// shown is what a reader sees of a page.
const shown = "document.body.innerText.trim().replace(/\\s+/g, ' ')"

// compatScenarios are pages whose themes were made for other services, with no more changed than the
// host of the script. They hold in every browser.
//
//nolint:gochecknoglobals // a table of tests
var compatScenarios = []scenario{
	{"busuanzi", func(t *testing.T, s *stage) {
		page := s.add("/theme", busuanziTheme+s.load("/busuanzi/2.3/busuanzi.pure.mini.js", "async"))
		for n := range 2 {
			s.show(t, page)
			s.until(t, fmt.Sprintf("%s == 'site %d page %d'", shown, n+1, n+1))
			s.want(t, "posts()", 1)
			s.wantViews(t, "/theme", int64(n+1))
		}
	}},
	{"busuanzi in a theme that replaces parts of the page", func(t *testing.T, s *stage) {
		refresh := `bszCaller.fetch('//busuanzi.ibruce.info/busuanzi?jsonpCallback=BusuanziCallback', data => { bszTag.texts(data); bszTag.shows(); window.data = data })`
		s.show(t, s.add("/pjax", `<script>addEventListener('load', () => { `+refresh+` })</script>`+busuanziTheme+s.load("/busuanzi/2.3/busuanzi.pure.mini.js", "")))
		s.until(t, "window.data?.page_pv == 1")
		s.want(t, "posts()", 1) // it was counted already
		s.want(t, "'site_uv' in data", false)
		s.do(t, "delete window.data; bszTag.hides(); history.pushState(null, '', '/pjax-next'); "+refresh)
		s.until(t, "window.data?.page_pv == 1 && document.getElementById('busuanzi_container_page_pv').style.display == 'inline'")
		s.want(t, "posts()", 2)
		s.wantViews(t, "/pjax", 1)
		s.wantViews(t, "/pjax-next", 1)
	}},
	{"soxft and vercount", func(t *testing.T, s *stage) {
		s.show(t, s.add("/both", `<link rel="canonical" href="/both-canonical"><p>page <b id="busuanzi_page_pv"></b><b id="busuanzi_page_uv">?</b></p>
			<p id="vercount_container_page_pv">views <b id="vercount_value_page_pv">Loading</b></p><p id="vercount_container_site_uv">visitors <b id="vercount_value_site_uv">Loading</b></p>`+
			s.load("/js", "defer")+s.load("/js", "defer")))
		s.until(t, shown+" == 'page 1 views 1'")
		s.want(t, "posts()", 1)
		s.wantViews(t, "/both-canonical", 1)
	}},
	{"goatcounter", func(t *testing.T, s *stage) {
		s.show(t, s.add("/goat", s.load("/count.js", `async data-goatcounter="https://you.goatcounter.com/count"`)+`<a href="#x" data-goatcounter-click="clicked">click</a>`))
		s.until(t, "window.goatcounter?.count && posts() == 1")
		s.wantViews(t, "/goat", 1)
		s.do(t, "goatcounter.count(); document.querySelector('a').click(); document.querySelector('a').click()")
		s.settle(t)
		s.wantViews(t, "/goat", 1) // in one load
		s.wantViews(t, "/clicked", 2)
		s.do(t, "goatcounter.count({ path: '/goat-step' }); goatcounter.count({ path: path => path + '-2' }); goatcounter.count({ path: () => null })")
		s.settle(t)
		s.wantViews(t, "/goat-step", 1)
		s.wantViews(t, "/goat-2", 1)
		s.do(t, "goatcounter.visit_count({ path: '/goat-step' })")
		s.until(t, "document.images[0]?.naturalHeight == 20")
		s.show(t, s.add("/goat-later", `<script>window.goatcounter = { no_onload: true }</script>`+s.load("/count.js", "async")))
		s.until(t, "window.goatcounter.count")
		s.wantViews(t, "/goat-later", 0)
		s.do(t, "goatcounter.count()")
		s.settle(t)
		s.wantViews(t, "/goat-later", 1)
	}},
	{"several scripts", func(t *testing.T, s *stage) {
		s.show(t, s.add("/several", busuanziTheme+s.load("/js", "defer")+s.load("/busuanzi/2.3/busuanzi.pure.mini.js", "defer")+s.load("/count.js", "defer")))
		s.until(t, "document.getElementById('busuanzi_value_page_pv').textContent == '1'")
		s.want(t, "posts()", 1)
		s.wantViews(t, "/several", 1)
	}},
	{"frames and Back", func(t *testing.T, s *stage) {
		s.add("/compat-framed", busuanziTheme+s.load("/js", "defer")+`<script>
			const timer = setInterval(() => document.getElementById('busuanzi_value_page_pv').textContent && (parent.postMessage('filled', '*'), clearInterval(timer)), 10)
		</script>`)
		s.show(t, s.add("/compat-frames", `<script>const said = []; addEventListener('message', event => said.push(event.data))</script><iframe src="/compat-framed"></iframe>`))
		s.until(t, "said.join() == 'filled'")
		s.wantViews(t, "/compat-framed", 0)
		s.show(t, s.url(blog, "/compat-framed"))
		s.until(t, "document.getElementById('busuanzi_value_page_pv').textContent == '1'")
		s.show(t, s.add("/compat-other", "other"))
		s.do(t, "setTimeout(() => history.back())")
		s.until(t, "document.getElementById('busuanzi_value_page_pv')?.textContent == '2'")
		s.wantViews(t, "/compat-framed", 2)
	}},
	{"a counter that is away", func(t *testing.T, s *stage) {
		for mode, away := range map[string]http.HandlerFunc{
			"gone":    func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			"failing": withCORS(func(w http.ResponseWriter) { http.Error(w, "<p>Bad gateway", http.StatusBadGateway) }),
			"pending": withCORS(func(w http.ResponseWriter) {
				w.WriteHeader(http.StatusAccepted)
				fmt.Fprint(w, `{"name":"x","status":"pending"}`)
			}),
		} {
			counter := s.startCounter(t, func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/below/js":
					w.Header().Set("Content-Type", "text/javascript")
					_, _ = w.Write(embed.Themes())
				case "/below/count.js":
					w.Header().Set("Content-Type", "text/javascript")
					_, _ = w.Write(embed.Goatcounter())
				default:
					away(w, r)
				}
			})
			visible := strings.ReplaceAll(busuanziTheme, `style="display:none"`, "")
			s.show(t, s.add("/compat-away-"+mode, fmt.Sprintf(`<main>rest</main>%s<script src="%[2]s/below/js"></script><script src="%[2]s/below/count.js"></script>`, visible, counter)))
			s.until(t, shown+" == 'rest'")
			s.want(t, "faults.join()", "")
		}
	}},
	{"each address from a page elsewhere", func(t *testing.T, s *stage) {
		var html strings.Builder
		images := []string{
			"/ghpvc/?username=octocat", "/badge?page_id=octo", "/api/count/incr/badge.svg?url=https%3A%2F%2Fa.example%2F", "/api/count/graph/dailyhits.svg?url=a.example",
			"/a.example/x.svg", "/octo/repo.svg", "/api/hit?url=a.example", "/visits/octo/repo", "/octo/count.svg", "/@octo", "/api/VisitorHit?user=octo&repo=repo",
			"/hit/octo/visits?img", "/hit/octo/visits/shield", "/count?p=/elsewhere-goat", "/counter/TOTAL.svg", "/ghpvc/?username=-",
		}
		for _, path := range images {
			fmt.Fprintf(&html, `<img src="%s%s">`, s.base, path)
		}
		fmt.Fprintf(&html, `<script>const called = []</script><script src="%[1]s/busuanzi?jsonpCallback=called.push"></script><script src="%[1]s/hit/octo/jsonp?callback=called.push"></script>
			<script src="%[1]s/jsonp?callback=called.push"></script>`, s.base)
		s.show(t, s.add("/elsewhere", html.String()))
		s.until(t, "[...document.images].every(image => image.complete)")
		s.want(t, "[...document.images].filter(image => !image.naturalWidth).map(image => image.src).join()", "")
		s.want(t, "called.length", 3)
		s.do(t, fmt.Sprintf(`const base = %q
			const json = (path, ...rest) => fetch(base + path, rest[0] ?? {}).then(answer => answer.json())
			window.results = [
				(await json('/hit/octo/fetched')).value, (await json('/v1/octo/fetched/up')).count, (await json('/octo/fetched.json')).message,
				(await json('/octo-fetched/')).count, (await json('/record/@fetched')).num,
				(await json('/api', { method: 'POST', headers: { 'x-bsz-referer': location.href } })).data.page_pv,
				(await json('/api/v2/log', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ url: location.origin + '/fetched', isNewUv: true }) })).data.page_pv,
				(await json('/counter/%%2Felsewhere-goat.json')).count, (await fetch(base + '/hit/octo/fetched', {})).headers.get('X-Path'),
			]`, s.base))
		s.want(t, "results.join()", "1,1,1,1,1,1,1,1,octo/fetched")
		s.wantViews(t, "/elsewhere", 1) // by the POST: scripts tell the host alone
	}},
}
