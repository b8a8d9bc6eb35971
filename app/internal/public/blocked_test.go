package public_test

import (
	_ "embed"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/zap/zaptest"

	countermemory "example.com/herokuapp/counter-memory"
	"example.com/herokuapp/templates/embed"
)

//go:embed testdata/blocked.txt
var blockedRules string

// blockedBy returns the rule by which an ad blocker hides the address, empty if none does.
func blockedBy(address string) string {
	for rule := range strings.Lines(blockedRules) {
		rule = strings.TrimSpace(rule)
		if rule == "" || strings.HasPrefix(rule, "!") {
			continue
		}
		if pattern := strings.ReplaceAll(regexp.QuoteMeta(rule), `\*`, ".*"); regexp.MustCompile("(?i)" + pattern).MatchString(address) {
			return rule
		}
	}
	return ""
}

// No ad blocker hides an address of ours, with any of its options, from a page that has
// the badge, the pixel or the script.
func TestNoAddressIsBlocked(t *testing.T) {
	for _, address := range []string{ // the rules are held to be what they are
		"https://stats.example.org/embed.js", "https://views.example.org/pixel.gif?page=x", "https://views.example.org/api/v1/track/x",
		"https://example.com/count?p=1", "https://views.example.org/badge/a.svg?style=flat&ref=x",
	} {
		if blockedBy(address) == "" {
			t.Errorf("no rule blocks %s", address)
		}
	}
	kept, log := countermemory.New(), zaptest.NewLogger(t)
	surfaces := newSurfaces(t, newConfig(), kept, nil, log)
	doc := description(t, newSite(t, newConfig(), kept))
	looked := 0
	for _, route := range surfaces.Routes() {
		path := regexp.MustCompile(`\{(\w+):[^}]*\}`).ReplaceAllString(route.Path, "{$1}")
		var options []string
		item := doc.Paths.Value(path)
		if item == nil {
			t.Fatalf("%s is not described", path)
		}
		for _, option := range item.Get.Parameters {
			if option.Value.In == "query" {
				options = append(options, option.Value.Name+"=x")
			}
		}
		for _, page := range []string{"example.com/", "example.com/blog", "github.com/you/repo", "example.com%2F%3Fp%3D12"} {
			address := "https://views.example.org" + strings.NewReplacer("{name}", page, "{host}", "example.com").Replace(path)
			for _, address := range []string{address, address + "?" + strings.Join(options, "&"), address + "?read"} {
				if rule := blockedBy(address); rule != "" {
					t.Errorf("%s is blocked by %s", address, rule)
				}
				looked++
			}
		}
	}
	if looked < 100 {
		t.Errorf("%d addresses", looked)
	}
	// Sent to another site, it is blocked whatever the address.
	if strings.Contains(string(embed.Script(nil)), "sendBeacon") {
		t.Error("the script uses sendBeacon")
	}
}
