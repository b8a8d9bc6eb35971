//go:build unix

package docs_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"example.com/herokuapp/tools/internal/tree"
	"example.com/herokuapp/tools/internal/treetest"
)

// herokuBuild builds what is in the folder as Heroku's Go buildpacks do, and returns
// a function that makes the command by which Heroku starts its web process.
func herokuBuild(t *testing.T, dir string) func(variables ...string) *exec.Cmd {
	t.Helper()
	words := func(file, pattern string) []string {
		found := regexp.MustCompile(pattern).FindStringSubmatch(treetest.Read(t, dir, file))
		if found == nil {
			t.Fatalf("%s has no line %s", file, pattern)
		}
		return strings.Fields(found[1])
	}
	run := func(args ...string) {
		cmd := tree.Command(t.Context(), dir, "go", args...)
		cmd.Env = append(cmd.Env, "GOFLAGS=", "GOBIN="+filepath.Join(dir, "bin"))
		treetest.Run(t, cmd)
	}
	words("go.mod", `(?m)^// \+heroku goVersion (go1\.\d+)$`)
	run("list", "-tags", "heroku", "./...") // the Cloud Native one does, whatever it is to install
	run(append([]string{"install", "-tags", "heroku"}, words("go.mod", `(?m)^// \+heroku install (.+)$`)...)...)

	web := strings.Join(words("Procfile", `(?m)^web: (.+)$`), " ")
	return func(variables ...string) *exec.Cmd {
		cmd := tree.Command(t.Context(), dir, "bash", "-c", web)
		cmd.Env = append(variables,
			"HOME="+dir, "PATH=/usr/bin:/bin:"+filepath.Join(dir, "bin"), "HOST=127.0.0.1")
		return cmd
	}
}
