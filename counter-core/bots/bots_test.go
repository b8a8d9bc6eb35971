package bots_test

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/herokuapp/counter-core/bots"
)

// agents returns the lines of a file in testdata.
func agents(tb testing.TB, file string, atLeast int) []string {
	tb.Helper()
	f, err := os.Open(filepath.Join("testdata", file))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var agents []string
	for scanner := bufio.NewScanner(f); scanner.Scan(); {
		agents = append(agents, scanner.Text())
	}
	if len(agents) < atLeast {
		tb.Fatalf("%s has %d agents; want %d at least", file, len(agents), atLeast)
	}
	return agents
}

// bots.txt and people.txt are all examples of crawler-user-agents. What is in people.txt
// was chosen in tools/botsgen, and not found to be a browser by this test.
func TestListedAgents(t *testing.T) {
	for _, agent := range agents(t, "bots.txt", 2000) {
		if !bots.Is(agent) {
			t.Errorf("%q is not known", agent)
		}
	}
	for _, agent := range agents(t, "people.txt", 50) {
		if bots.Is(agent) {
			t.Errorf("%q is taken for a bot", agent)
		}
	}
}

func TestBrowsers(t *testing.T) {
	for _, agent := range agents(t, "browsers.txt", 100) {
		if bots.Is(agent) {
			t.Errorf("%q is taken for a bot", agent)
		}
	}
}

// What the patterns mean beyond their examples: where a match begins and ends, what
// follows, in which case.
func TestPatterns(t *testing.T) {
	for agent, want := range map[string]bool{
		"":  false,
		"^": false, "$": false, "^Seekbot": false, "GoogleAssociationService$": false,

		"Seekbot/1.0": true, "x Seekbot 1.0": false,
		"x GoogleAssociationService": true, "GoogleAssociationService2": false, "GoogleAssociationService/1": true,
		"sentry/8": true, "x sentry/8": true, "xsentry/8": false,

		"AdsBot-Google": true, "AdsBot-Google (x)": true, "AdsBot-Google-X": false, "AdsBot-Google-Mobile": true,
		"AdsBot-Google-X AdsBot-Google\xff": true,

		"BlogTraffic/1.23 Feed-Fetcher": true, "BlogTraffic/1.x Feed-Fetcher": false, "BlogTraffic/12.3 Feed-Fetcher": false,
		"Current (x) RSS Reader": true, "RSS Reader": false, "RSS Reader Current": false, "RSS Reader Current RSS Reader": true,
		"Current\nRSS Reader":          true,
		"ContextualBot x outcomes.net": true, "ContextualBot": false,

		"Pingdom": true, "pingdom": true, "PINGDOM": false,
		"SEmrushBot": true, "SeMrushBot": true, "semrushbot": false,
		"Automaton": true, "Newsify Feed Fetcher": true,

		"Googlebot-Imag": false, "Googlebot-GoogleOther": true, "GooglGooglebot/2.1": true,

		"ELB-HealthChecker/2.0": true, "kube-probe/1.31": true, "GoogleHC/1.0": true,
		"Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)": true,
	} {
		if got := bots.Is(agent); got != want {
			t.Errorf("Is(%q) = %t; want %t", agent, got, want)
		}
	}
}

// A huge agent costs what its first 1024 bytes do.
func TestBounded(t *testing.T) {
	const name = "Googlebot/" // the literal
	for length, want := range map[int]bool{0: true, 1024 - len(name): true, 1024 - len(name) + 1: false, 1 << 20: false} {
		if got := bots.Is(strings.Repeat("x", length) + name); got != want {
			t.Errorf("after %d bytes: %t; want %t", length, got, want)
		}
	}
	// The end of what is looked at is not the end of the agent.
	if bots.Is(strings.Repeat("x", 1000) + "GoogleAssociationService" + "2") {
		t.Error("the first 1024 bytes are taken for the whole")
	}
}

func TestAllocatesNothing(t *testing.T) {
	for _, agent := range []string{
		"", "Googlebot/2.1", strings.Repeat("AdsBot-Google-", 1000),
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36",
	} {
		bots.Is(agent) // the table is made once
		if allocs := testing.AllocsPerRun(100, func() { bots.Is(agent) }); allocs != 0 {
			t.Errorf("%.40q: %v allocations", agent, allocs)
		}
	}
}

// BenchmarkIs looks at a browser's agent in turn, in the whole of which there is no bot.
func BenchmarkIs(b *testing.B) {
	browsers := agents(b, "browsers.txt", 100)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		bots.Is(browsers[i%len(browsers)])
	}
}
