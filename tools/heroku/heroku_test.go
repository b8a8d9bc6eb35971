// Package heroku tests that a push to Heroku ends in a page that counts.
package heroku_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/version"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.com/herokuapp/tools/internal/tree"
	"example.com/herokuapp/tools/internal/treetest"
)

const (
	top      = "../.."
	revision = "c0ffee0123456789abcdef0123456789abcdef01"
)

// The tree is built as both of Heroku's Go buildpacks build it: without .git, with an
// empty module cache and no setting of the caller's but where modules come from. Then
// the web process starts as on a dyno, is asked for its page, and is stopped.
func TestHeroku(t *testing.T) {
	build := t.TempDir()
	if err := tree.Copy(t.Context(), top, build); err != nil {
		t.Fatal(err)
	}
	packages := directives(t, build)
	settings := manifest(t, build)
	bin := filepath.Join(build, "bin")
	goEnv := goEnvironment(t)

	// The Cloud Native Buildpack lists the packages below the top before it installs.
	command(t, build, goEnv, "go", "list", "-tags", "heroku", "-f", `{{if eq .Name "main"}}{{.ImportPath}}{{end}}`, "./...")
	// The classic one stamps the revision, too.
	stamp := "-X " + settings["GO_LINKER_SYMBOL"] + "=" + revision
	command(t, build, append(goEnv, "GOBIN="+bin), "go", append([]string{"install", "-tags", "heroku", "-ldflags", stamp}, packages...)...)
	programs, err := os.ReadDir(bin)
	if err != nil {
		t.Fatal(err)
	}
	web := procfile(t, build)
	if len(programs) != 1 || programs[0].Name() != web {
		t.Fatalf("bin/ holds %v, want the web process %s alone", programs, web)
	}

	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0") // to find a free port
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	_ = listener.Close()
	maps.Copy(settings, map[string]string{
		"HOME": build, "PATH": "/usr/local/bin:/usr/bin:/bin:" + bin, "PORT": port,
		"HOST": "127.0.0.1", // the one that is not Heroku's
	})
	dyno := exec.CommandContext(t.Context(), "bash", "-c", web)
	var log bytes.Buffer
	dyno.Dir, dyno.Env, dyno.Stderr = build, environ(settings), &log
	if err := dyno.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- dyno.Wait() }()
	for !listens(t, port) {
		select {
		case err := <-ended:
			t.Fatalf("it ended before it served: %v\n%s", err, &log)
		case <-time.After(20 * time.Millisecond):
		}
	}
	if page := get(t, port, "/"); !strings.Contains(page, "viewed 1 times") {
		t.Errorf("the first page does not say so:\n%s", page)
	}
	if health := get(t, port, "/healthz"); !strings.Contains(health, `"revision":"`+revision+`"`) {
		t.Errorf("/healthz does not name the revision; does GO_LINKER_SYMBOL in app.json name the variable?\n%s", health)
	}
	for range 2 { // as Heroku may do
		if err := dyno.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
	}
	if err := <-ended; err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
	if !strings.Contains(log.String(), revision) {
		t.Errorf("the log does not name the revision:\n%s", &log)
	}
}

// directives returns the packages that go.mod tells Heroku to install.
func directives(t *testing.T, dir string) []string {
	t.Helper()
	said := map[string][]string{}
	for _, found := range regexp.MustCompile(`(?m)^// \+heroku (\w+) (.+)$`).FindAllStringSubmatch(treetest.Read(t, dir, "go.mod"), -1) {
		said[found[1]] = append(said[found[1]], found[2])
	}
	// Of two such lines the classic buildpack takes the first, the other the last.
	if len(said["goVersion"]) != 1 || len(said["install"]) != 1 {
		t.Fatalf("go.mod says %q, want one goVersion and one install", said)
	}
	asked := regexp.MustCompile(`(?m)^go (.+)$`).FindStringSubmatch(treetest.Read(t, dir, "go.work"))
	if asked == nil {
		t.Fatal("go.work has no go line")
	}
	// Without a patch release it stands for the newest.
	if want := version.Lang("go" + asked[1]); said["goVersion"][0] != want {
		t.Fatalf("goVersion is %s, and go.work asks for %s: want %s", said["goVersion"][0], asked[1], want)
	}
	for _, name := range []string{".golangci.yml", ".golangci.toml", ".golangci.json"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			t.Fatalf("%s makes Heroku CI run a linter of 2019: name it .golangci.yaml", name)
		}
	}
	return strings.Fields(said["install"][0])
}

// procfile returns the web process, a bare name: both buildpacks put the program on
// the PATH, and only one of them into bin/.
func procfile(t *testing.T, dir string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^web: ([\w-]+)$`).FindStringSubmatch(treetest.Read(t, dir, "Procfile"))
	if found == nil {
		t.Fatal("the Procfile has no line such as web: app")
	}
	return found[1]
}

// manifest returns the environment that app.json sets.
func manifest(t *testing.T, dir string) map[string]string {
	t.Helper()
	var said struct {
		Env map[string]struct{ Value, Generator string }
	}
	if err := json.Unmarshal([]byte(treetest.Read(t, dir, "app.json")), &said); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	for name, v := range said.Env {
		env[name] = v.Value
		if v.Generator == "secret" {
			env[name] = strings.Repeat("0123456789abcdef", 4)
		}
	}
	return env
}

// goEnvironment returns the environment of a buildpack's go commands. The build cache
// is the caller's: an entry is found by all that went into it, and hides nothing.
func goEnvironment(t *testing.T) []string {
	t.Helper()
	scratch := t.TempDir()
	env := map[string]string{
		"HOME": scratch, "TMPDIR": scratch, "PATH": os.Getenv("PATH"), "GOPATH": filepath.Join(scratch, "go"), "SOURCE_VERSION": revision,
		// So that the folder can be removed, and what other tests built is used.
		"GOFLAGS": "-modcacherw -trimpath",
	}
	names := []string{"GOCACHE", "GOPROXY", "GOSUMDB", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE", "GOAUTH"}
	values, err := tree.Run(tree.Command(t.Context(), top, "go", append([]string{"env"}, names...)...))
	if err != nil {
		t.Fatal(err)
	}
	for i, value := range strings.Split(strings.TrimSuffix(values, "\n"), "\n") {
		env[names[i]] = value
	}
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"} {
		env[name] = os.Getenv(name)
	}
	return environ(env)
}

func environ(env map[string]string) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if env[name] != "" {
			list = append(list, name+"="+env[name])
		}
	}
	return list
}

func command(t *testing.T, dir string, env []string, name string, args ...string) {
	t.Helper()
	cmd := tree.Command(t.Context(), dir, name, args...)
	cmd.Env = env
	if _, err := tree.Run(cmd); err != nil {
		t.Fatal(err)
	}
}

func listens(t *testing.T, port string) bool {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", "127.0.0.1:"+port)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

// get returns what the process answers.
func get(t *testing.T, port, path string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:"+port+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintln(response.Status) + string(body)
}
