package dist_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"

	"example.com/herokuapp/tools/internal/apptest"
	"example.com/herokuapp/tools/internal/program"
	"example.com/herokuapp/tools/internal/tree"
	"example.com/herokuapp/tools/internal/treetest"
	"example.com/herokuapp/tools/release/dist"
)

const (
	top     = "../../.."
	version = "v0.9.0"
)

// A version is released in a copy of the tree. What is published with it is made twice, and is
// the same; each part of it is what it has to be, and counts.
func TestMake(t *testing.T) {
	repo := treetest.Commit(t, top)
	treetest.Release(t, repo, version)
	own := program.Platform{OS: "linux", Arch: runtime.GOARCH}
	platforms := []program.Platform{own, {OS: "windows", Arch: "amd64"}}
	var files []map[string][]byte
	var dir string
	for range 2 {
		dir = filepath.Join(t.TempDir(), "release")
		if err := dist.Make(t.Context(), repo, version, dir, platforms, io.Discard); err != nil {
			t.Fatal(err)
		}
		files = append(files, contents(t, dir))
	}
	for name := range files[0] {
		if !bytes.Equal(files[0][name], files[1][name]) {
			t.Errorf("%s is another when it is made again", name)
		}
	}
	made := files[0]
	deb := "counter_0.9.0_" + own.Arch + ".deb"
	want := []string{
		"SHA256SUMS", deb, "counter_v0.9.0.cdx.json", "counter_v0.9.0_linux_" + own.Arch + ".tar.gz",
		"counter_v0.9.0_windows_amd64.zip", "notes.md",
	}
	if got := slices.Sorted(maps.Keys(made)); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Fatalf("the files are %q, want %q", got, want)
	}
	t.Run("sums", func(t *testing.T) { testSums(t, made) })
	t.Run("notes", func(t *testing.T) {
		if notes := string(made["notes.md"]); !strings.HasPrefix(notes, "- ") || strings.Contains(notes, "\n## ") {
			t.Errorf("the notes are %q", notes)
		}
	})
	t.Run("tar", func(t *testing.T) { testTar(t, repo, made["counter_v0.9.0_linux_"+own.Arch+".tar.gz"]) })
	t.Run("zip", func(t *testing.T) { testZip(t, made["counter_v0.9.0_windows_amd64.zip"]) })
	t.Run("bill of materials", func(t *testing.T) { testInventory(t, made["counter_v0.9.0.cdx.json"]) })
	t.Run("deb", func(t *testing.T) { testDeb(t, filepath.Join(dir, deb)) })
}

func contents(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]byte{}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		found[entry.Name()] = text
	}
	return found
}

func testSums(t *testing.T, made map[string][]byte) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(string(made["SHA256SUMS"]), "\n"), "\n")
	if len(lines) != len(made)-2 { // itself, and the notes
		t.Errorf("%d sums of %d files", len(lines), len(made))
	}
	for _, line := range lines {
		sum, name, _ := strings.Cut(line, "  ")
		if got := fmt.Sprintf("%x", sha256.Sum256(made[name])); got != sum {
			t.Errorf("the sum of %s is %s, not %s", name, got, sum)
		}
	}
}

// testTar unpacks the archive and runs its program.
func testTar(t *testing.T, repo string, archive []byte) {
	t.Helper()
	uncompressed, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var names []string
	for reader := tar.NewReader(uncompressed); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		wantCommitTime(t, header.Name, header.ModTime)
		text, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, filepath.Base(header.Name))
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(header.Name)), text, header.FileInfo().Mode()); err != nil {
			t.Fatal(err)
		}
	}
	wantNames(t, names, "counter")
	binary := filepath.Join(dir, "counter")
	said, err := tree.Run(exec.CommandContext(t.Context(), binary, "-version"))
	commit, _ := tree.Git(t.Context(), repo, "rev-parse", "HEAD")
	if err != nil || !strings.HasPrefix(said, "app "+version+", revision "+strings.TrimSpace(commit)+", go1.") {
		t.Errorf("-version: %q, %v", said, err)
	}
	cmd := exec.CommandContext(t.Context(), binary)
	cmd.Env = []string{}
	app := apptest.Start(t, cmd)
	app.WantViews(t, 1)
	app.Stop(t)
	licenses := treetest.Read(t, dir, "THIRD-PARTY-LICENSES.txt")
	for _, part := range []string{"== Go and its standard library", "== github.com/redis/go-redis/v9 v9.", "== go.uber.org/fx v1.", "== templates/badge/LICENSE-"} {
		if !strings.Contains(licenses, part) {
			t.Errorf("the licences lack %q", part)
		}
	}
}

func testZip(t *testing.T, archive []byte) {
	t.Helper()
	reader, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range reader.File {
		wantCommitTime(t, file.Name, file.Modified)
		names = append(names, filepath.Base(file.Name))
	}
	wantNames(t, names, "counter.exe")
	program, err := reader.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	magic := make([]byte, 2)
	if _, err := io.ReadFull(program, magic); err != nil || string(magic) != "MZ" {
		t.Errorf("%s begins with %q, %v", reader.File[0].Name, magic, err)
	}
}

func wantNames(t *testing.T, got []string, program string) {
	t.Helper()
	if want := []string{program, "THIRD-PARTY-LICENSES.txt", "README.md", "CHANGELOG.md", "LICENSE"}; !slices.Equal(got, want) {
		t.Errorf("the archive has %q, want %q", got, want)
	}
}

// wantCommitTime fails the test unless the time is that of the commit.
func wantCommitTime(t *testing.T, name string, got time.Time) {
	t.Helper()
	if want := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC); !got.UTC().Truncate(time.Minute).Equal(want.Truncate(time.Minute)) {
		t.Errorf("the time of %s is %s, want %s", name, got, want)
	}
}

func testInventory(t *testing.T, text []byte) {
	t.Helper()
	var bom cyclonedx.BOM
	if err := cyclonedx.NewBOMDecoder(bytes.NewReader(text), cyclonedx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	if bom.BOMFormat != "CycloneDX" || bom.SpecVersion != cyclonedx.SpecVersion1_6 || bom.Metadata.Component.Version != version {
		t.Errorf("%s %s of %+v", bom.BOMFormat, bom.SpecVersion, bom.Metadata.Component)
	}
	found := map[string]string{}
	for _, component := range *bom.Components {
		if component.PackageURL != "pkg:golang/"+component.Name+"@"+component.Version {
			t.Errorf("the package URL of %s is %s", component.Name, component.PackageURL)
		}
		found[component.Name] = component.Version
	}
	if found["std"] != strings.TrimPrefix(runtime.Version(), "go") || !strings.HasPrefix(found["github.com/redis/go-redis/v9"], "v9.") {
		t.Errorf("the components are %v", found)
	}
	for name, got := range found {
		if strings.Contains(name, "/counter-") && got != version {
			t.Errorf("%s has the version %s", name, got)
		}
		if strings.Contains(name, "/tools") || strings.Contains(name, "chromedp") {
			t.Errorf("%s is not in the program", name)
		}
	}
}

// testDeb installs the package below a folder, has systemd look at its unit there, runs the program
// as the unit says, and removes the package.
func testDeb(t *testing.T, deb string) {
	t.Helper()
	root := t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"var/lib/dpkg/info", "var/lib/dpkg/updates"} {
		if err := os.MkdirAll(filepath.Join(root, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"status", "available"} {
		if err := os.WriteFile(filepath.Join(root, "var/lib/dpkg", name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	dpkg := func(args ...string) {
		t.Helper()
		args = append([]string{"--root=" + root, "--log=" + filepath.Join(root, "dpkg.log"), "--force-not-root,script-chrootless"}, args...)
		treetest.Run(t, exec.CommandContext(t.Context(), "dpkg", args...))
	}
	dpkg("--install", deb)
	for name, mode := range map[string]os.FileMode{
		"usr/bin/counter": 0o755, "usr/lib/systemd/system/counter.service": 0o644, "etc/counter.env": 0o600, "usr/share/doc/counter/copyright": 0o644,
	} {
		if info, err := os.Stat(filepath.Join(root, name)); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v; want %s", name, info, err, mode)
		}
	}
	unit := filepath.Join(root, "usr/lib/systemd/system/counter.service")
	testUnit(t, root, unit)
	testService(t, root, unit)
	dpkg("--remove", "counter")
	if _, err := os.Stat(filepath.Join(root, "usr/bin/counter")); err == nil {
		t.Error("the program is there after the package was removed")
	}
	if _, err := os.Stat(filepath.Join(root, "var/lib/counter/counts.db")); err != nil {
		t.Errorf("the counts are gone with the package: %v", err)
	}
}

// testUnit has systemd verify the unit, and look at how much it exposes, from 0 to 100.
func testUnit(t *testing.T, root, unit string) {
	t.Helper()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Log("there is no systemd-analyze here")
		return
	}
	text := treetest.Read(t, unit)
	local := t.TempDir()
	treetest.Write(t, local, "counter.service", strings.ReplaceAll(text, "ExecStart=/", "ExecStart="+root+"/"))
	local = filepath.Join(local, "counter.service")
	verify := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", local)
	if said, err := verify.CombinedOutput(); err != nil || len(said) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, said)
	}
	security := exec.CommandContext(t.Context(), analyze, "security", "--offline=true", "--no-pager", "--threshold=20", local)
	if said, err := security.CombinedOutput(); err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, said)
	}
}

// testService does what systemd does for the unit: it makes the folder of its state, and runs the
// program with its environment as a user that owns nothing else.
func testService(t *testing.T, root, unit string) {
	t.Helper()
	text := treetest.Read(t, unit)
	setting := func(name string) string {
		t.Helper()
		found := regexp.MustCompile(`(?m)^` + name + `=(.+)$`).FindStringSubmatch(text)
		if found == nil {
			t.Fatalf("the unit has no %s", name)
		}
		return found[1]
	}
	const id = 61234
	state := filepath.Join(root, "var/lib", setting("StateDirectory"))
	mode, err := strconv.ParseUint(setting("StateDirectoryMode"), 8, 32)
	if err == nil {
		err = os.MkdirAll(state, os.FileMode(mode))
	}
	if err == nil && os.Geteuid() == 0 {
		err = os.Chown(state, id, id)
	}
	if err != nil {
		t.Fatal(err)
	}
	for views := range 2 {
		cmd := apptest.Chroot(t.Context(), root, id, setting("ExecStart"))
		cmd.Env = strings.Fields(setting("Environment"))
		app := apptest.Start(t, cmd)
		app.WantViews(t, views+1)
		if log := app.Stop(t); !strings.Contains(log, `"store":"file /var/lib/counter/counts.db"`) {
			t.Errorf("the log does not say that counts are in the state's folder:\n%s", log)
		}
	}
}

// A version that is not that of the commit is refused, and leaves nothing.
func TestMakeRefuses(t *testing.T) {
	repo := treetest.Commit(t, top)
	dir := filepath.Join(t.TempDir(), "release")
	if err := dist.Make(t.Context(), repo, version, dir, nil, io.Discard); err == nil || !strings.Contains(err.Error(), "does not have the tag "+version) {
		t.Errorf("%v; want an error that names the tag", err)
	}
	if _, err := tree.Git(t.Context(), repo, "tag", version); err != nil {
		t.Fatal(err)
	}
	if err := dist.Make(t.Context(), repo, version, dir, nil, io.Discard); err == nil || !strings.Contains(err.Error(), "no heading for "+version) {
		t.Errorf("%v; want an error of CHANGELOG.md", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a folder is left")
	}
}

func TestNotes(t *testing.T) {
	const changelog = "# Changelog\n\n## Unreleased\n\n- Next.\n\n## v0.2.0 - 2026-03-01\n\n- Two.\n\n### More\n\n- Three.\n\n## v0.1.0 - 2026-01-01\n\n- One.\n\n## v0.0.1 - 2025-01-01\n"
	for version, want := range map[string]string{"v0.2.0": "- Two.\n\n### More\n\n- Three.\n", "v0.1.0": "- One.\n", "v0.0.1": "", "v0.3.0": "", "v0.2": "", "Unreleased": ""} {
		if got, err := dist.Notes(changelog, version); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v; want %q", version, got, err, want)
		}
	}
}

func TestParsePlatforms(t *testing.T) {
	if got, err := dist.ParsePlatforms("linux/arm64,windows/amd64"); err != nil || fmt.Sprint(got) != "[linux/arm64 windows/amd64]" {
		t.Errorf("%v, %v", got, err)
	}
	for _, text := range []string{"", "linux", "plan9/amd64", "linux/amd64,"} {
		if _, err := dist.ParsePlatforms(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
	if all := dist.Platforms(); len(all) != 8 {
		t.Errorf("%v", all)
	}
}
