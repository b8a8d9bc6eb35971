// Package heroku tests that a push to Heroku ends in a page that counts.
package heroku_test

import (
	"encoding/json"
	"go/version"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"example.com/herokuapp/tools/internal/apptest"
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
	dyno.Dir, dyno.Env = build, environ(settings)
	app := apptest.Start(t, dyno)
	if want := "http://127.0.0.1:" + port; app.URL != want {
		t.Errorf("it serves at %s; want %s", app.URL, want)
	}
	app.WantViews(t, 1)
	if health := app.Get(t, "/healthz"); !strings.Contains(health, `"revision":"`+revision+`"`) {
		t.Errorf("/healthz does not name the revision; does GO_LINKER_SYMBOL in app.json name the variable?\n%s", health)
	}
	if err := dyno.Process.Signal(syscall.SIGTERM); err != nil { // Stop sends it again, as Heroku may do
		t.Error(err)
	}
	if log := app.Stop(t); !strings.Contains(log, revision) {
		t.Errorf("the log does not name the revision:\n%s", log)
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
	values := treetest.Run(t, tree.Command(t.Context(), top, "go", append([]string{"env"}, names...)...))
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
	treetest.Run(t, cmd)
}
