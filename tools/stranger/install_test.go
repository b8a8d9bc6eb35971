package stranger_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"

	"example.com/herokuapp/tools/internal/apptest"
	"example.com/herokuapp/tools/internal/tree"
	"example.com/herokuapp/tools/internal/treetest"
)

// The program is installed by its path and version, and counts. Its go.sum is right for what
// the proxy has, without a database of sums.
func testInstall(t *testing.T, proxy packed, env []string) {
	t.Helper()
	bin := t.TempDir()
	install := tree.Command(t.Context(), t.TempDir(), "go", "install", proxy.path+"/app@"+proxy.version)
	install.Env = append(append(install.Env, env...), "GOBIN="+bin, "GOFLAGS=-modcacherw -trimpath")
	treetest.Run(t, install)
	binary := filepath.Join(bin, "app")
	app := apptest.Start(t, exec.CommandContext(t.Context(), binary))
	app.WantViews(t, 1)
	app.WantViews(t, 2)
	app.Stop(t)
	version, err := tree.Run(exec.CommandContext(t.Context(), binary, "-version"))
	if err != nil || !strings.HasPrefix(version, "app "+proxy.version+",") {
		t.Errorf("-version: %q, %v; want %s", version, err, proxy.version)
	}

	source := filepath.Join(t.TempDir(), "app")
	v := module.Version{Path: proxy.path + "/app", Version: proxy.version}
	if err := modzip.Unzip(source, v, filepath.Join(proxy.dir, filepath.FromSlash(v.Path), "@v", v.Version+".zip")); err != nil {
		t.Fatal(err)
	}
	build := tree.Command(t.Context(), source, "go", "build", "-o", filepath.Join(bin, "again"), ".")
	build.Env = append(append(build.Env, env...), "GOFLAGS=-mod=readonly -modcacherw -trimpath")
	treetest.Run(t, build)
	sums, err := os.ReadFile(filepath.Join(source, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	for _, sibling := range []string{"counter-core", "counter-redis", "templates"} {
		if !strings.Contains(string(sums), proxy.path+"/"+sibling+" "+proxy.version+" h1:") {
			t.Errorf("go.sum has no sum of %s", sibling)
		}
	}
}
