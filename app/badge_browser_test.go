package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// A page of another origin shows badges and a pixel as images, even one whose policies
// refuse all that does not ask for it. Each counts once.
func TestBrowserShowsBadges(t *testing.T) {
	t.Parallel()
	app := startProcess(t, patient)
	counter := strings.Replace(app.url, "127.0.0.1", "localhost", 1) // another site than the page's
	var images strings.Builder
	shown := 0
	show := func(path string) {
		shown++
		fmt.Fprintf(&images, "<p><img src=%q alt=%q></p>\n", counter+path, path)
	}
	for _, style := range []string{"flat", "flat-square", "plastic", "for-the-badge"} {
		show("/badge/example.com/" + style + ".svg?style=" + style)
		show("/badge/example.com/" + style + ".svg?read&color=ff0&labelColor=navy&label=Vues+%26+%22%3Cvisites%3E%22+%E6%97%A5%E6%9C%AC&style=" + style)
		show("/badge/example.com/" + style + ".svg?read&label=&style=" + style)
		show("/badge/a%20b.svg?style=" + style) // an error is an image, too
	}
	show("/badge.svg")
	show("/pixel/example.com/pixel.gif")
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; img-src "+counter)
		w.Header().Set("Cross-Origin-Embedder-Policy", "require-corp")
		fmt.Fprintf(w, "<!DOCTYPE html><title>badges</title><link rel=icon href=data:,>%s", images.String())
	}))
	t.Cleanup(page.Close)
	browser := startBrowser(t)
	do(browser, t, chromedp.EmulateViewport(500, 700), chromedp.Navigate(page.URL))
	waitUntil(browser, t, "document.readyState == 'complete' && [...document.images].every(image => image.complete)")
	sizes, err := chromedp.Run(browser, chromedp.Evaluate[[]string](`[...document.images].map(image => image.naturalWidth + "x" + image.naturalHeight)`))
	if err != nil || len(sizes) != shown {
		t.Fatalf("%d images, %v; want %d", len(sizes), err, shown)
	}
	for i, size := range sizes {
		want := "x20"
		switch {
		case i == shown-1:
			want = "1x1"
		case i >= 12 && i < 16:
			want = "x28" // for-the-badge
		case i >= 8 && i < 12:
			want = "x18" // plastic
		}
		if !strings.HasSuffix(size, want) || strings.HasPrefix(size, "0") {
			t.Errorf("image %d is %s; want %s", i, size, want)
		}
	}
	for _, name := range []string{"flat", "flat-square", "plastic", "for-the-badge", "pixel"} {
		if got := app.get(t, "/api/v1/views/example.com/"+name).body; !strings.Contains(got, `"value":1,`) {
			t.Errorf("%s: %s; want one view", name, got)
		}
	}
}
