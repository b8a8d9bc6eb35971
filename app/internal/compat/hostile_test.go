package compat_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/sitetest"
	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
)

// hostileTexts are names, labels, colours and callbacks that must do no harm.
func hostileTexts() []string {
	return []string{
		"", ".", "..", "/", "../../admin", "%00", "\x00", "a\x00b", "\r\nSet-Cookie: a=b", "\xff\xfe", "\u202etxt.exe\u2028\u200b", "日本語🏳️‍🌈",
		`"><script>alert(1)</script>`, `</title></svg><script>alert(1)</script>`, `</script><script>alert(1)</script>`, "]]><!--&lt;&#0;{{.}}${x}",
		`red"/><image href="https://evil.example"/>`, "url(https://evil.example)", "expression(alert(1))", "red;background:url(x)", "#fff;}", "calc(1px)",
		"javascript:alert(1)", "counter_key", "views:counter_key", "site:a.example", "true", "-1", "1e309", "NaN", "Inf", "9223372036854775807", "99999999999999999999",
		strings.Repeat("x", 600), strings.Repeat("ü", 300), strings.Repeat("a.", 300), strings.Repeat("%", 300), strings.Repeat("9", 300),
		"https://user:password@a.example/", "a.example:99999", "[::1]:80", "\\\\a.example\\b", "index.html", "a/index.html",
	}
}

// parameters are those of all services.
func parameters() []string {
	return []string{
		"username", "label", "color", "style", "base", "abbreviated", "page_id", "query_only", "left_text", "left_color", "right_color", "format", "title",
		"url", "title_bg", "count_bg", "edge_flat", "view", "labelColor", "extraCount", "message", "tz", "output", "padding", "offset", "scale", "darkmode", "prefix",
		"num", "user", "repo", "countColor", "path", "count", "group_by", "value", "amount", "key", "namespace", "callback", "img", "bgcolor", "textcolor", "text",
		"jsonpCallback", "p", "t", "r", "b", "q",
	}
}

var (
	scriptForm = regexp.MustCompile(`^(try\{)?[A-Za-z_$][\w$.]{0,63}\(\{[^<>]*\}\);?(\}catch\(e\)\{\})?$`)
	colorForm  = regexp.MustCompile(`^(#[0-9a-fA-F]{3,6}|url\(#\w+\))$`)
)

// whole reports whether an answer is what its type says, without what a reader of it would
// run, and has no header that somebody else wrote.
func whole(w *httptest.ResponseRecorder) bool {
	for name, values := range w.Header() {
		if name == "Set-Cookie" || strings.ContainsAny(strings.Join(values, ""), "\r\n\x00") {
			return false
		}
	}
	body := w.Body.String()
	switch kind, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";"); kind {
	case "application/json", "application/problem+json":
		return json.Valid(w.Body.Bytes()) && !strings.ContainsAny(body, "<>\u2028\u2029")
	case "text/javascript":
		return scriptForm.MatchString(body) || strings.HasPrefix(body, "/* Counts the views")
	case "image/svg+xml":
		for decoder := xml.NewDecoder(bytes.NewReader(w.Body.Bytes())); ; {
			switch token, err := decoder.Token(); element := token.(type) {
			case nil:
				return errors.Is(err, io.EOF) && body != ""
			case xml.StartElement:
				if slices.Contains([]string{"script", "image", "foreignObject", "a", "use"}, element.Name.Local) {
					return false
				}
				for _, attribute := range element.Attr {
					if strings.HasPrefix(attribute.Name.Local, "on") || attribute.Name.Local == "href" || attribute.Name.Local == "style" ||
						attribute.Name.Local == "fill" && !colorForm.MatchString(attribute.Value) {
						return false
					}
				}
			}
		}
	case "image/gif":
		return body == gif
	case "text/plain", "":
		return true
	case "text/html":
		return w.Code == 302 || strings.HasPrefix(body, "<!DOCTYPE html>") && !strings.Contains(body, "<script")
	}
	return false
}

// newQuietSite is a site whose log nobody reads.
func newQuietSite(t *testing.T, cfg config.Config, kept counter.Store) http.Handler {
	t.Helper()
	return newSiteWith(t, cfg, kept, zap.NewNop())
}

// counters outside of what the services may count must never appear.
func wantOwnNames(t *testing.T, what string, found map[string]int64) {
	t.Helper()
	for name := range found {
		if !strings.HasPrefix(name, "views:") && !strings.HasPrefix(name, "site:") || counter.CheckName(name) != nil || strings.ContainsAny(name, "\x00\r\n") {
			t.Errorf("%s: %q is counted", what, name)
		}
	}
}

// Whatever stands in the place of a parameter or of a part of the path, the answer is whole,
// and at most one view is counted.
func TestHostileRequests(t *testing.T) {
	kept := countermemory.New()
	site := newQuietSite(t, newConfig(), kept)
	for n, text := range hostileTexts() {
		targets := []string{}
		for i, e := range examples() {
			if (i+n)%4 != 0 { // each meets each fourth
				continue
			}
			path, query, _ := strings.Cut(e.target, "?")
			values, _ := url.ParseQuery(query)
			for name := range values {
				given := values[name]
				values.Set(name, text)
				targets = append(targets, path+"?"+values.Encode())
				values[name] = given
			}
			for _, name := range parameters() {
				if !values.Has(name) {
					values.Set(name, text)
				}
			}
			targets = append(targets, path+"?"+values.Encode())
			values.Del("callback")
			values.Del("img")
			targets = append(targets, path+"?"+values.Encode())
			parts := strings.Split(path, "/")
			for i := 1; i < len(parts); i++ {
				part := parts[i]
				parts[i] = url.PathEscape(text) + part[strings.LastIndexByte("."+part, '.'):]
				targets = append(targets, strings.Join(parts, "/")+"?"+query)
				parts[i] = part
			}
		}
		for _, target := range targets {
			r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
			if u, err := url.ParseRequestURI(target); err == nil {
				r.URL = u
			}
			if strings.HasPrefix(target, "/stream/") || strings.HasPrefix(r.URL.Path, "/events/") {
				continue // has no end
			}
			r.Header.Set("User-Agent", sitetest.Browser)
			r.Header.Set("Referer", text)
			w := httptest.NewRecorder()
			site.ServeHTTP(w, r)
			if w.Code >= 500 || !whole(w) {
				t.Errorf("%.100q: %d %s %.200q", target, w.Code, w.Header().Get("Content-Type"), w.Body)
			}
		}
		wantOwnNames(t, fmt.Sprintf("%q", text), sitetest.Values(t, kept))
		if t.Failed() {
			return
		}
	}
}

// A callback that is not the name of a function is refused before anything is counted.
func TestHostileCallbacks(t *testing.T) {
	kept := countermemory.New()
	site := newQuietSite(t, newConfig(), kept)
	for _, target := range []string{"/busuanzi?url=a.example&jsonpCallback=", "/jsonp?url=a.example&callback=", "/hit/visits?callback="} {
		for _, callback := range append(hostileTexts(), "1a", "a b", "a;", "a(", "é", ".a", "a-b", "a[0]", strings.Repeat("a", 65), "alert(1)//") {
			if regexp.MustCompile(`^[A-Za-z_$][\w$.]{0,63}$`).MatchString(callback) {
				continue
			}
			if w := sitetest.Ask(site, "GET", target+url.QueryEscape(callback)); w.Code != 400 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") || len(w.Body.String()) > 100 {
				t.Errorf("%s%q: %d %v %.100q", target, callback, w.Code, w.Header(), w.Body)
			}
		}
	}
	if found := sitetest.Values(t, kept); len(found) > 0 {
		t.Errorf("%v are counted", found)
	}
	for _, callback := range []string{"a", "_", "$", "a.b.c", "BusuanziCallback_1099511627776", strings.Repeat("a", 64)} {
		if w := sitetest.Ask(site, "GET", "/busuanzi?url=a.example&jsonpCallback="+callback); w.Code != 200 || !strings.HasPrefix(w.Body.String(), "try{"+callback+"({") {
			t.Errorf("%s: %d %s", callback, w.Code, w.Body)
		}
	}
}

// Strangers create as many counters as they may, whatever service they ask.
func TestManyNames(t *testing.T) {
	const most = 50
	kept := countermemory.New()
	cfg := newConfig()
	cfg.MaxCounters = most
	site := newQuietSite(t, cfg, kept)
	targets := []string{"/hit/abc/key%d", "/badge?page_id=%d", "/octo%d/repo.svg", "/octo%d/count.svg", "/a%d.example/x.svg", "/@n%d", "/v1/ns/n%d/up", "/busuanzi?jsonpCallback=f&url=b%d.example"}
	for i := range 1000 {
		w := sitetest.Ask(site, "GET", fmt.Sprintf(targets[i%len(targets)], i))
		if status := w.Header().Get("View-Status"); i < most && status != "counted" || i >= most && status != "skipped;reason=limit" || w.Code >= 500 || !whole(w) {
			t.Fatalf("%d: %d %s %s", i, w.Code, status, w.Body)
		}
	}
	pages := 0
	for name := range sitetest.Values(t, kept) {
		if strings.HasPrefix(name, "views:") {
			pages++
		}
	}
	if pages != most {
		t.Errorf("%d pages are counted; want %d", pages, most)
	}
	if w := sitetest.Ask(site, "GET", "/hit/abc/key0"); w.Header().Get("View-Status") != "counted" {
		t.Errorf("a counter that exists: %v", w.Header())
	}
}

// What is not known is not made up, and the log says why.
func TestStoreThatFails(t *testing.T) {
	core, logged := observer.New(zap.ErrorLevel)
	kept := countermemory.New()
	if err := kept.Close(); err != nil {
		t.Fatal(err)
	}
	cfg := newConfig()
	site := newSiteWith(t, cfg, kept, zap.New(core))
	for _, e := range examples() {
		if e.counter == "" {
			continue
		}
		method := e.method
		if method == "" {
			method = "GET"
		}
		w := sitetest.Send(site, method, e.target, e.body, e.headers...)
		image := strings.HasPrefix(w.Header().Get("Content-Type"), "image/")
		// A script element and shields.io could not read an error.
		script := strings.Contains(e.target, "allback=f") && !strings.HasPrefix(e.target, "/busuanzi") || strings.HasPrefix(e.target, "/octo/repo.json")
		if (image || script) != (w.Code == 200) || w.Code != 200 && w.Code != 503 && w.Code != 403 || !whole(w) || regexp.MustCompile(`4[123]|: 0|"value":\d`).MatchString(said(w)) && !strings.Contains(e.target, "max") {
			t.Errorf("%s: %d %s", e.target, w.Code, said(w))
		}
	}
	if logged.Len() == 0 {
		t.Error("nothing is logged")
	}
}
