package public_test

import (
	_ "embed"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/zap/zaptest"

	"example.com/herokuapp/app/internal/sitetest"
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
	surfaces := sitetest.New(t, newConfig(), kept, log).Surfaces()
	doc := description(t, newSite(t, newConfig(), kept))
	looked := 0
	for _, route := range surfaces.Routes() {
		if route.Below {
			continue // there is nothing
		}
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

// Nor does one hide what pages ask for at the addresses of other services, except the pixel of
// goatcounter. Its script, and those of the others, call our own API.
func TestNoServiceIsBlocked(t *testing.T) {
	for _, address := range []string{
		"/ghpvc/?username=octocat&label=views&color=blue&style=flat&base=1&abbreviated=true", "/badge?page_id=octo.repo&left_text=x&left_color=red&right_color=red&query_only=true",
		"/api/count/incr/badge.svg?url=https%3A%2F%2Fgithub.com%2Focto%2Frepo&count_bg=%2379C83D&title_bg=%23555555&icon=&icon_color=%23E7E7E7&title=hits&edge_flat=false",
		"/api/count/graph/dailyhits.svg?url=x", "/github.com/octo/repo.svg?view=today-total&extraCount=1", "/octo/repo.svg?style=flat&show=unique", "/octo/repo.json",
		"/api/hit?url=https%3A%2F%2Fexample.com&label=x&icon=x&color=%23198754&message=&style=flat&tz=UTC", "/api/history?url=x", "/visits/octo/repo?color=blue",
		"/octo/count.svg", "/octo/", "/@octo?padding=7", "/get/@octo", "/record/@octo", "/api/VisitorHit?user=octo&repo=repo&countColor=%23263759", "/api/status?path=octo",
		"/v1/octo/repo/up", "/v1/octo/repo/list?group_by=day", "/hit/octo/repo", "/get/octo/repo?callback=f", "/hit/octo/repo/shield", "/stream/octo/repo",
		"/busuanzi?jsonpCallback=BusuanziCallback_1", "/busuanzi/2.3/busuanzi.pure.mini.js", "/js", "/api", "/jsonp?callback=f", "/log", "/api/v1/log", "/api/v2/log?url=x",
		"/count.js", "/counter/%2Fblog.json", "/counter/TOTAL.svg",
	} {
		for _, host := range []string{"https://views.example.org", "https://views.example.com"} {
			if rule := blockedBy(host + address); rule != "" {
				t.Errorf("%s is blocked by %s", host+address, rule)
			}
		}
	}
	if blockedBy("https://views.example.com/count?p=/x") == "" || blockedBy("https://views.example.org/count?p=/x") != "" {
		t.Error("docs/moving.md says which hosts the pixel is blocked on")
	}
	for _, script := range [][]byte{embed.Themes(), embed.Goatcounter()} {
		if strings.Contains(string(script), "sendBeacon") || !strings.Contains(string(script), "api/v1/views/") {
			t.Errorf("%s", script)
		}
	}
}
