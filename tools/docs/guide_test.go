//go:build unix

package docs_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.com/herokuapp/counter-redis/redistest"
	"example.com/herokuapp/tools/internal/treetest"
)

// atHeroku is what the guide has its reader do there. It needs an account, so the test
// builds and starts what is pushed by itself.
const atHeroku = `# needs your Heroku account
heroku login
heroku create
heroku addons:create heroku-redis:mini --wait
heroku config:set REDIS_TLS_SKIP_VERIFY=true
git push heroku main
heroku open
heroku ps:scale web=2:standard-1x
heroku logs --tail
`

const (
	runPage       = "go run ./app\n"
	runWithRedis  = "REDIS_URL=redis://127.0.0.1:6379 go run ./app\n"
	runSecond     = "PORT=8001 REDIS_URL=redis://127.0.0.1:6379 go run ./app\n"
	runVisit      = "go run ./tools/visit\n"
	doesNotAnswer = "The counter does not answer. Please try again."
)

// A reader follows the guide to its end.
func TestGuide(t *testing.T) {
	server := redistest.Start(t)
	g := newReader(t, server.Addr())

	// A page.
	g.readTo(runPage)
	page := g.start(runPage)
	g.see(page, 1, 2)
	page.interrupt()
	page = g.start(runPage)
	g.see(page, 1)
	page.interrupt()

	// The interface, and two stores behind it.
	g.readTo(runWithRedis)
	page = g.start(runPage)
	g.see(page, 1, 2)
	page.interrupt()
	page = g.start(runWithRedis)
	g.see(page, 1, 2)
	g.readTo(runSecond)
	second := g.start(runSecond)
	g.see(second, 3)
	g.see(page, 4)
	page.interrupt()
	second.interrupt()

	// Modules in a workspace.
	g.readTo(runVisit)
	page = g.start(runWithRedis)
	g.see(page, 5)
	if said := g.run(runVisit); !strings.Contains(said, "100 visitors saw 100 numbers.") {
		t.Errorf("visit said %q", said)
	}
	g.see(page, 106)
	page.interrupt()

	// A program that starts and stops well.
	g.readTo(runWithRedis)
	page = g.start(runWithRedis)
	g.see(page, 107)
	if _, text := g.get(page); !strings.Contains(text, "<h1>Hello, world!</h1>") {
		t.Errorf("the page is %q", text)
	}
	g.outage(server, page)
	g.see(page, 109)
	page.interrupt()
	g.ends()

	// Deployment.
	g.readTo(atHeroku)
	g.deploy()

	// From here to the real one: what visitors open in an outage counts, too.
	g.readTo("")
	page = g.start(runWithRedis)
	g.see(page, 110)
	g.outage(server, page)
	opened := 110 + 1
	for {
		status, text := g.get(page)
		opened++
		if status == http.StatusOK {
			if want := fmt.Sprintf("viewed %d times", opened); !strings.Contains(text, want) {
				t.Errorf("after the outage the page is %q, want %q", text, want)
			}
			break
		}
		time.Sleep(50 * time.Millisecond) // the program does not know yet that Redis is back
	}
	page.interrupt()
	g.losesReplies(server)
}

// The guide is short, as it promises to be.
func TestGuideIsShort(t *testing.T) {
	code := 0
	for _, b := range readBlocks(t, guide) {
		if b.file != "" {
			code += strings.Count(b.text, "\n")
		}
	}
	if all := strings.Count(treetest.Read(t, top, guide), "\n"); code > 300 || all > 450 {
		t.Errorf("it has %d lines, %d of them code; want 450 and 300 at most", all, code)
	}
}

// outage opens the page once while Redis is away.
func (g *reader) outage(server *redistest.Server, page *program) {
	g.t.Helper()
	server.Kill()
	if status, text := g.get(page); status != http.StatusServiceUnavailable || !strings.Contains(text, doesNotAnswer) {
		g.t.Errorf("without Redis: %d, %q", status, text)
	}
	page.says("counting")
	server.Restart()
}

// ends stops the program and starts it in ways that can't work. It has to say why, and
// end with a status that is not 0, and no password is to be seen.
func (g *reader) ends() {
	g.t.Helper()
	app := g.built()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		g.start(app).stopsWell(signal)
	}
	page := g.start(app)
	said, status := g.try(app)
	if status == 0 || !strings.Contains(said, "address already in use") {
		g.t.Errorf("on a port that is taken: status %d, and the log is\n%s", status, said)
	}
	page.stopsWell(syscall.SIGTERM)
	said, status = g.try("REDIS_URL='redis://me:hunter2@127.0.0.1:x' " + runPage)
	if status == 0 || !strings.Contains(said, "REDIS_URL: want a URL") || strings.Contains(said, "hunter2") {
		g.t.Errorf("with a wrong URL: status %d, and the log is\n%s", status, said)
	}
}

// built builds the program and returns the command that runs it: the status of go run
// is not the program's.
func (g *reader) built() string {
	g.t.Helper()
	app := filepath.Join(g.t.TempDir(), "app")
	g.run("go build -o '" + app + "' ./app")
	return "exec env REDIS_URL=redis://" + redisAddr + " '" + app + "'"
}

// deploy does what Heroku does with the commit, and starts two dynos with a Redis that
// has a certificate which nobody vouches for, as Heroku's has.
func (g *reader) deploy() {
	g.t.Helper()
	build := g.t.TempDir()
	g.run("git archive HEAD | tar -x -C '" + build + "'")
	store := redistest.StartTLS(g.t)
	app := herokuBuild(g.t, build)
	url := "REDIS_URL=" + store.URL()
	const skipVerify = "REDIS_TLS_SKIP_VERIFY=true"
	first := g.launch(app(url, skipVerify, "PORT="+g.ports[0]), g.ports[0])
	second := g.launch(app(url, skipVerify, "PORT="+g.ports[1]), g.ports[1])
	g.see(first, 1)
	g.see(second, 2)
	first.stopsWell(syscall.SIGTERM)
	second.stopsWell(syscall.SIGTERM)

	said, err := app(url, "PORT="+g.ports[0]).CombinedOutput()
	if err == nil || !strings.Contains(string(said), "certificate") {
		g.t.Errorf("with a certificate that nobody vouches for: %v, and the log is\n%s", err, said)
	}
}

// losesReplies opens pages while replies of Redis get lost. Each view has to count once.
func (g *reader) losesReplies(server *redistest.Server) {
	g.t.Helper()
	const views = 50
	before := count(g.t, server)
	line := redistest.StartProxy(g.t, server.Addr())
	line.SetFaults(redistest.Faults{LoseReplies: 0.3, Seed: 1})
	page := g.start(strings.ReplaceAll(g.built(), redisAddr, line.Addr()))
	seen := map[string]bool{}
	for range views {
		if status, text := g.get(page); status == http.StatusOK && seen[text] {
			g.t.Errorf("two visitors saw %q", text)
		} else {
			seen[text] = true
		}
	}
	line.SetFaults(redistest.Faults{})
	page.stopsWell(syscall.SIGTERM)
	if got := count(g.t, server) - before; got != views {
		g.t.Errorf("counted %d of %d views", got, views)
	}
	if _, lost, _ := line.Lost(); lost == 0 {
		g.t.Error("no reply was lost")
	}
}

// count returns what Redis holds.
func count(t *testing.T, server *redistest.Server) int {
	t.Helper()
	n, err := server.Client().Get(t.Context(), "counter_key").Int()
	if err != nil {
		t.Fatal(err)
	}
	return n
}
