package public_test

import (
	"encoding/json"
	"encoding/xml"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"example.com/herokuapp/app/internal/sitetest"
)

// title returns what a badge says.
func title(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var svg struct {
		Title string `xml:"title"`
	}
	if err := xml.Unmarshal(w.Body.Bytes(), &svg); err != nil {
		t.Fatalf("%v: %d %s", err, w.Code, w.Body)
	}
	return svg.Title
}

func TestBadge(t *testing.T) {
	site, kept := newMemorySite(t)
	for _, step := range []struct {
		target, title string
		status        int
	}{
		{"/badge/example.com/a.svg", "views: 1", 200},
		{"/badge/example.com/a.svg", "views: 2", 200},
		{"/badge/example.com/a.svg?read", "views: 2", 200},
		{"/badge/example.com/a.svg?read=1&label=seen", "seen: 2", 200},
		{"/badge/example.com/a.svg?label=&style=for-the-badge", "3", 200},
		{"/badge/https%3A%2F%2Fexample.com%2Fa%3Fx=1.svg", "views: 4", 200},
		{"/badge/example.com.svg", "views: 1", 200},
		{"/badge/example.com/a.svg.svg", "views: 1", 200},
		{"/badge/example.com/new.svg?read", "views: 0", 200},
		{"/badge.svg", "views: 0", 200},
		{"/badge/example.com/a.svg?colour=red", `views: "colour" is not an option: use label, color, labelColor, style, format or show`, 400},
		{"/badge/example.com/a.svg?read=no", "views: the option read is written ?read, with no value", 400},
		{"/badge/example.com/a.svg?style=round", `views: style: "round" is not one of flat, flat-square, plastic, for-the-badge`, 400},
		{"/badge.svg?format=roman", `views: format: "roman" is not one of plain, grouped, short`, 400},
		{"/badge.svg?format=roman&style=for-the-badge", `VIEWS: FORMAT: "ROMAN" IS NOT ONE OF PLAIN, GROUPED, SHORT`, 400},
		{"/badge/a%20b.svg?style=for-the-badge", `VIEWS: "A B" IS NOT THE ADDRESS OF A PAGE: "A B" CAN'T BE A PART OF A HOST`, 400},
		{"/badge/a%20b.svg", `views: "a b" is not the address of a page: "a b" can't be a part of a host`, 400},
	} {
		w := sitetest.Ask(site, "GET", step.target)
		if got := title(t, w); got != step.title || w.Code != step.status {
			t.Errorf("%s: %d %q; want %d %q", step.target, w.Code, got, step.status, step.title)
		}
		wantHeader(t, w, "Content-Type", "image/svg+xml; charset=utf-8", "Cache-Control", "max-age=0, no-cache, no-store, must-revalidate",
			"X-Content-Type-Options", "nosniff", "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox", "Cross-Origin-Resource-Policy", "cross-origin")
		if len(w.Header()) > 8 { // see web's home
			t.Errorf("%s: %d headers, for which a map takes several blocks of memory", step.target, len(w.Header()))
		}
	}
	wantValues(t, kept, map[string]int64{"views:example.com/a": 4, "views:example.com/": 1, "site:example.com": 6})

	sitetest.Set(t, kept, "views:example.com/a", 1234567)
	for format, want := range map[string]string{"plain": "1234567", "grouped": "1,234,567", "short": "1.2M"} {
		if got := title(t, sitetest.Ask(site, "GET", "/badge/example.com/a.svg?read&format="+format)); got != "views: "+want {
			t.Errorf("%s: %q; want %q", format, got, want)
		}
	}
	if w := sitetest.Ask(site, "POST", "/badge/example.com/a.svg"); w.Code != 405 {
		t.Errorf("POST: %d", w.Code)
	}
}

// shields.io refuses a badge with a key that it does not know.
func TestShieldsEndpoint(t *testing.T) {
	site, kept := newMemorySite(t)
	sitetest.Ask(site, "GET", "/badge/example.com/a.svg")
	w := sitetest.Ask(site, "GET", "/badge/example.com/a.json")
	wantAnswer(t, w, `{"schemaVersion":1,"label":"views","message":"1","color":"blue"}`+"\n")
	if err := kept.Close(); err != nil {
		t.Fatal(err)
	}
	w = sitetest.Ask(site, "GET", "/badge/example.com/a.json")
	var keys map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &keys); err != nil {
		t.Fatal(err)
	}
	known := []string{"schemaVersion", "label", "message", "color", "labelColor", "isError", "namedLogo", "logoSvg", "logoColor", "logoWidth", "logoPosition", "style", "cacheSeconds"}
	for key := range keys {
		if !slices.Contains(known, key) {
			t.Errorf("%s is not a key of the schema", key)
		}
	}
	if keys["message"] != "unavailable" || keys["isError"] != true {
		t.Errorf("%v", keys)
	}
}

func TestPixel(t *testing.T) {
	site, kept := newMemorySite(t)
	w := sitetest.Ask(site, "GET", "/pixel/example.com/a.gif")
	if w.Code != 200 || !strings.HasPrefix(w.Body.String(), "GIF89a\x01\x00\x01\x00") {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	wantHeader(t, w, "Content-Type", "image/gif", "View-Status", "counted", "Cache-Control", "max-age=0, no-cache, no-store, must-revalidate")
	if w := sitetest.Ask(site, "GET", "/pixel/example.com/a.gif?x=1"); w.Code != 400 || !strings.Contains(w.Body.String(), "does not exist here") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	wantValues(t, kept, map[string]int64{"views:example.com/a": 1, "site:example.com": 1})
}
