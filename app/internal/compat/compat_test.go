package compat_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"example.com/herokuapp/app/internal/sitetest"
	"example.com/herokuapp/counter-core/coalesce"
	countermemory "example.com/herokuapp/counter-memory"
)

const gif = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"

// example is a request to a service, and what comes of it where 41 views were counted before.
type example struct {
	method, target, body string
	headers              []string
	counter              string // where it counts, or reads
	site                 string // the site that it also counts
	status               int
	said                 string // the whole answer, or the title of an image
	counts               bool
}

// examples are requests as clients of the services send them.
func examples() []example {
	referer := []string{"Referer", "https://blog.example/a/?utm=1"}
	return []example{
		{target: "/ghpvc/?username=Octocat", headers: []string{"User-Agent", camo}, counter: "views:ghpvc/octocat", said: "Profile views: 42", counts: true},
		{target: "/ghpvc/?username=Octocat", counter: "views:ghpvc/octocat", said: "Profile views: 41"},
		{target: "/ghpvc/?username=octocat&label=Hi&base=1200&style=for-the-badge&color=green", counter: "views:ghpvc/octocat", said: "HI: 1,241"},
		{target: "/ghpvc/?username=octocat&base=12000&abbreviated=true", counter: "views:ghpvc/octocat", said: "Profile views: 12K"},
		{target: "/ghpvc/?username=-x", said: "Profile views: invalid username"},

		{target: "/badge?page_id=octo.repo", counter: "views:visitor-badge/octo.repo", said: "visitors: 42", counts: true},
		{target: "/badge?page_id=octo.repo&query_only=true&left_text=seen", counter: "views:visitor-badge/octo.repo", said: "seen: 41"},
		{target: "/badge?page_id=https://a.example/?x", counter: "views:visitor-badge/https://a.example/%3Fx", said: "visitors: 42", counts: true},
		{target: "/badge?page_id=octo.repo&title=Seen%3C", counter: "views:visitor-badge/octo.repo", said: "Seen&lt;", counts: true},
		{target: "/badge", said: "visitors: page_id is missing"},

		{target: "/api/count/incr/badge.svg?url=https%3A%2F%2Fgithub.com%2Fa%2Fb&title=t", counter: "views:github.com/a/b", site: "site:github.com", said: "t: 1 / 42", counts: true},
		{target: "/api/count/keep/badge.svg?url=https%3A%2F%2Fgithub.com%2Fa%2Fb", counter: "views:github.com/a/b", said: "hits: 0 / 41"},
		{target: "/api/count/incr/badge.svg", status: 400, said: "hits: url is missing"},

		{target: "/github.com/a/b.svg", counter: "views:github.com/a/b", site: "site:github.com", said: "hits: 42", counts: true},
		{target: "/github.com/a/b.svg?extraCount=100&label=l", counter: "views:github.com/a/b", site: "site:github.com", said: "l: 142", counts: true},
		{target: "/github.com/a/b.preview.svg", counter: "views:github.com/a/b", said: "hits: 41"},
		{target: "/github.com/a/b.preview", counter: "views:github.com/a/b", said: "hits: 41"},
		{target: "/github.com.svg", counter: "views:github.com/", site: "site:github.com", said: "hits: 42", counts: true},
		{target: "/a/b/c.svg", status: 400, said: "hits: Not a valid URI"},
		{target: "/a.example/" + strings.Repeat("x", 250) + ".svg", status: 414, said: "hits: Not a valid URI"},

		{target: "/octo/re.po.svg", counter: "views:dwyl/octo/re.po", said: "hits: 42", counts: true},
		{target: "/octo/repo.json?color=blue", counter: "views:dwyl/octo/repo", said: `{"schemaVersion":1,"label":"hits","message":"42","color":"#007ec6"}`, counts: true},
		{target: "/octo/repo.json?show=unique", counter: "views:dwyl/octo/repo", said: `{"schemaVersion":1,"label":"hits","message":"42","color":"#4c1"}`, counts: true},
		{target: "/oc_to/repo.svg", status: 400, said: "hits: invalid user or repository"},

		{target: "/api/hit?url=https://a.example/x&label=L", counter: "views:a.example/x", site: "site:a.example", said: "L: 1 / 42", counts: true},
		{target: "/visits/octo/repo?color=red&labelColor=blue&label=L", counter: "views:pufler/octo/repo", said: "L: 42", counts: true},

		{target: "/octo/count.svg", counter: "views:profile-counter/octo", said: "0000042", counts: true},
		{target: "/octo/", counter: "views:profile-counter/octo", said: `{"key":"octo","count":42}`, counts: true},

		{target: "/@me", counter: "views:moe/me", said: "0000042", counts: true},
		{target: "/get/@me?padding=3&prefix=9", counter: "views:moe/me", said: "9042", counts: true},
		{target: "/get/%40me?padding=0", counter: "views:moe/me", said: "42", counts: true},
		{target: "/record/@me", counter: "views:moe/me", said: `{"name":"me","num":42}`, counts: true},
		{target: "/@me?num=7", said: "0000007"},
		{target: "/@demo", said: "0123456789"},
		{target: "/@" + strings.Repeat("x", 33), status: 400, said: "a name has at most 32 characters\n"},

		{target: "/api/VisitorHit?user=octo&repo=repo", counter: "views:visitorbadge/octo/repo", said: "visitors: 42", counts: true},

		{target: "/v1/ns/name/", counter: "views:counterapi/ns/name", said: `{"id":null,"name":"name","count":41,"created_at":null,"updated_at":null,"namespace_id":null,"namespace":{"name":"ns"}}`},
		{target: "/v1/ns/name/up", counter: "views:counterapi/ns/name", said: `{"id":null,"name":"name","count":42,"created_at":null,"updated_at":null,"namespace_id":null,"namespace":{"name":"ns"}}`, counts: true},
		{target: "/v1/ns/none", status: 400, said: `{"code":400,"message":"record not found"}`},
		{target: "/v1/ns/name/down", counter: "views:counterapi/ns/name", status: 403, said: `{"code":403,"message":"nobody may do this here"}`},
		{target: "/v1/ns/name/set?count=1", counter: "views:counterapi/ns/name", status: 403, said: `{"code":403,"message":"only the owner may do this"}`},

		{target: "/hit/my.site/visits", counter: "views:countapi/my.site/visits", said: `{"value":42}`, counts: true},
		{target: "/hit/visits", counter: "views:countapi/default/visits", said: `{"value":42}`, counts: true},
		{target: "/get/visits", counter: "views:countapi/default/visits", said: `{"value":41}`},
		{target: "/get/none", status: 404, said: `{"value":null,"error":"Key not found"}`},
		{target: "/info/my.site/visits", counter: "views:countapi/my.site/visits", said: `{"namespace":"my.site","key":"visits","value":41}`},
		{target: "/hit/visits?callback=f.g", counter: "views:countapi/default/visits", said: `f.g({"value":42})`, counts: true},
		{target: "/get/none?callback=f", said: `f({"value":null,"error":"Key not found"})`},
		{target: "/hit/visits?img", counter: "views:countapi/default/visits", said: gif, counts: true},
		{target: "/hit/:HOST:/visits", headers: referer, counter: "views:countapi/blog.example/visits", said: `{"value":42}`, counts: true},
		{target: "/hit/:HOST:/:PATHNAME:", headers: referer, counter: "views:countapi/blog.example/a", said: `{"value":42}`, counts: true},
		{target: "/hit/:HOST:/visits", headers: []string{"Origin", "https://blog.example"}, counter: "views:countapi/blog.example/visits", said: `{"value":42}`, counts: true},
		{target: "/hit/:HOST:/visits", status: 400, said: `{"value":null,"error":"no Referer says which page asks"}`},
		{target: "/set/visits?value=7", counter: "views:countapi/default/visits", status: 403, said: `{"old_value":41,"value":41}`},
		{target: "/update/visits?amount=7", counter: "views:countapi/default/visits", status: 403, said: `{"value":41}`},
		{target: "/set/none?value=7", status: 404, said: `{"old_value":null,"value":null}`},
		{target: "/create?key=fresh&namespace=my.site", said: `{"namespace":"my.site","key":"fresh","value":0}`},
		{target: "/create?key=fresh&callback=f", said: `f({"namespace":"default","key":"fresh","value":0})`},
		{target: "/create?key=visits", counter: "views:countapi/default/visits", status: 400, said: `{"error":"Key already exists"}`},
		{target: "/hit/my.site/visits/shield?text=seen&bgcolor=000", counter: "views:countapi/my.site/visits", said: "seen: 42", counts: true},
		{target: "/get/my.site/visits/shield", counter: "views:countapi/my.site/visits", said: "counter: 41"},

		{target: "/busuanzi?jsonpCallback=BusuanziCallback_1", headers: referer, counter: "views:blog.example/a", site: "site:blog.example", said: `try{BusuanziCallback_1({"page_pv":42,"version":2.4,"site_pv":42});}catch(e){}`, counts: true},
		{target: "/busuanzi?jsonpCallback=f&url=https%3A%2F%2Fblog.example%2Fb", headers: referer, counter: "views:blog.example/b", site: "site:blog.example", said: `try{f({"page_pv":42,"version":2.4,"site_pv":42});}catch(e){}`, counts: true},
		{target: "/busuanzi?jsonpCallback=f", status: 400, said: "no Referer says which page asks\n"},

		{method: "POST", target: "/api", headers: []string{"x-bsz-referer", "https://blog.example/a"}, counter: "views:blog.example/a", site: "site:blog.example", said: `{"success":true,"message":"ok","data":{"site_pv":42,"page_pv":42}}`, counts: true},
		{method: "PUT", target: "/api", headers: []string{"x-bsz-referer", "https://blog.example/a"}, counter: "views:blog.example/a", site: "site:blog.example", status: 204, counts: true},
		{target: "/api", headers: []string{"x-bsz-referer", "https://blog.example/a"}, counter: "views:blog.example/a", said: `{"success":true,"message":"ok","data":{"site_pv":0,"page_pv":41}}`},
		{method: "POST", target: "/api", status: 400, said: `{"success":false,"message":"no Referer says which page asks","data":{}}`},
		{target: "/jsonp?callback=f", headers: referer, counter: "views:blog.example/a", site: "site:blog.example", said: `f({"success":true,"message":"ok","data":{"site_pv":42,"page_pv":42}});`, counts: true},

		{method: "POST", target: "/log", body: `{"url":"https://blog.example/a/index.htm?x#y","isNewUv":true}`, counter: "views:blog.example/a", site: "site:blog.example", said: `{"site_pv":42,"page_pv":42}`, counts: true},
		{method: "POST", target: "/api/v1/log", body: `{"url":"https://blog.example/a/index"}`, counter: "views:blog.example/a", site: "site:blog.example", said: `{"site_pv":42,"page_pv":42}`, counts: true},
		{method: "POST", target: "/api/v2/log", body: `{"url":"https://blog.example/a/"}`, counter: "views:blog.example/a", site: "site:blog.example", said: `{"status":"success","message":"ok","data":{"site_pv":42,"page_pv":42}}`, counts: true},
		{target: "/api/v2/log?url=https://blog.example/a", counter: "views:blog.example/a", said: `{"status":"success","message":"ok","data":{"site_pv":0,"page_pv":41}}`},
		{method: "POST", target: "/log", body: `url=x`, status: 400, said: `{"status":"error","message":"the body is not JSON such as {\"url\": \"https://example.com/\"}"}`},

		{target: "/count?p=/a&t=title&r=&b=0&q=", headers: referer, counter: "views:blog.example/a", site: "site:blog.example", said: gif, counts: true},
		{method: "POST", target: "/count?p=/a", headers: []string{"Origin", "https://blog.example"}, counter: "views:blog.example/a", site: "site:blog.example", said: gif, counts: true},
		{target: "/count", headers: referer, status: 400, said: gif},
		{target: "/counter/%2Fa.json", headers: referer, counter: "views:blog.example/a", said: `{"count":"41"}`},
		{target: "/counter//a.json", headers: referer, counter: "views:blog.example/a", said: `{"count":"41"}`},
		{target: "/counter/none.json", headers: referer, status: 404, said: `{"count":"0"}`},
		{target: "/counter/TOTAL.json", headers: referer, counter: "site:blog.example", said: `{"count":"41"}`},
		{target: "/counter/%2Fa.svg", headers: referer, counter: "views:blog.example/a", said: "views: 41"},
	}
}

// Each request is answered as the service would, and counts once or not at all.
func TestAnswers(t *testing.T) {
	for _, e := range examples() {
		kept := coalesce.New(countermemory.New(), coalesce.Options{Wait: time.Minute, History: true})
		want := map[string]int64{}
		if e.counter != "" {
			want[e.counter] = 41
		}
		if e.site != "" {
			want[e.site] = 41
		}
		sitetest.Fill(t, kept, want)
		if e.method == "" {
			e.method = "GET"
		}
		if e.status == 0 {
			e.status = 200
		}
		w := sitetest.Send(newSite(t, newConfig(), kept), e.method, e.target, e.body, e.headers...)
		if w.Code != e.status || said(w) != e.said {
			t.Errorf("%s %s: %d %q; want %d %q", e.method, e.target, w.Code, said(w), e.status, e.said)
		}
		if e.counts {
			for name := range want {
				want[name]++
			}
		}
		if found := sitetest.Values(t, kept); !maps.Equal(found, want) {
			t.Errorf("%s %s: counted are %v; want %v", e.method, e.target, found, want)
		}
		if counted := w.Header().Get("View-Status") == "counted"; counted != e.counts {
			t.Errorf("%s %s: View-Status is %q", e.method, e.target, w.Header().Get("View-Status"))
		}
		if path, ok := strings.CutPrefix(e.counter, "views:countapi/"); ok && w.Header().Get("X-Path") != path && !strings.HasSuffix(e.target, "shield") && !strings.Contains(e.target, "shield?") {
			t.Errorf("%s: X-Path is %q; want %q", e.target, w.Header().Get("X-Path"), path)
		}
		if w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Header().Get("Cross-Origin-Resource-Policy") != "cross-origin" || !strings.Contains(w.Header().Get("Cache-Control"), "no-store") {
			t.Errorf("%s %s: %v", e.method, e.target, w.Header())
		}
	}
}
