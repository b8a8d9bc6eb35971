package main

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"
)

// TestEmbedInAPrerenderedPage has a page counted once it is shown, and not when it is loaded ahead
// of that. Nothing drives this Chromium: it would hold a prerendered page until it is shown. The
// pages do so by themselves, and tell how they fare.
func TestEmbedInAPrerenderedPage(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	s.add("/prerendered", s.script("defer")+`<p data-views data-live>–</p><script>
		history.replaceState(null, '', '?routed')
		history.pushState(null, '', '?routed-again')
		const say = what => fetch('/say/' + what, {})
		addEventListener('load', async () => {
			const more = views.count('/prerendered-more')
			await views.get() // as long as a view that is counted too early would take
			say(document.prerendering ? 'loaded early' : 'loaded late')
			await more
			while (texts() != '1') await new Promise(done => setTimeout(done, 10))
			say('posts: ' + posts() + faults)
		})
	</script>`)
	page := s.add("/prerender", `<a href="/prerendered">open</a>
		<script type="speculationrules">{"prerender": [{"source": "list", "urls": ["/prerendered"], "eagerness": "immediate"}]}</script>
		<script>
			const timer = setInterval(() => fetch('/said/go', {}).then(({ ok }) => ok && (clearInterval(timer), document.querySelector('a').click())), 20)
		</script>`)
	runChromium(t, page)
	s.waitFor(t, "loaded early")
	s.wantViews(t, "/prerendered", 0)
	s.wantViews(t, "/prerendered-more", 0)
	s.say("go")
	s.waitFor(t, "posts: 2")
	s.wantViews(t, "/prerendered", 1)
	s.wantViews(t, "/prerendered-more", 1)
}

// runChromium runs a Chromium that nothing drives until the test ends.
func runChromium(t *testing.T, page string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	arguments := []string{
		"--headless", "--no-first-run", "--user-data-dir=" + t.TempDir(), "--user-agent=" + visitor,
		"--host-resolver-rules=MAP *.example 127.0.0.1", "--disable-features=HttpsUpgrades", "--disable-background-networking", "--disable-dev-shm-usage",
	}
	if os.Geteuid() == 0 {
		arguments = append(arguments, "--no-sandbox")
	}
	cmd := exec.CommandContext(ctx, findChromium(t), append(arguments, page)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = browserTimeout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // interrupted
	})
}

// say notes what a page has said, or is to read.
func (s *stage) say(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said[what] = true
}

func (s *stage) wasSaid(what string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said[what]
}

// waitFor waits until a page has said it.
func (s *stage) waitFor(t *testing.T, what string) {
	t.Helper()
	for deadline := time.Now().Add(browserTimeout); !s.wasSaid(what); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.mu.Lock()
			defer s.mu.Unlock()
			t.Fatalf("no page says %q, but %v", what, s.said)
		}
	}
}
