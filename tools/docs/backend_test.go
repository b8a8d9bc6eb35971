//go:build unix

package docs_test

import (
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The example of docs/backend.md is complete: what it shows, put into files, compiles
// and passes both suites of the contract.
func TestBackendExample(t *testing.T) {
	files := map[string]string{}
	var tests []string
	for _, b := range readBlocks(t, "docs/backend.md") {
		if b.file != "" {
			files[b.file] += b.text + "\n"
			for _, found := range regexp.MustCompile(`(?m)^func ((?:Test|Example)\w*)\(`).FindAllStringSubmatch(b.text, -1) {
				tests = append(tests, found[1])
			}
		}
	}
	var module, pkg string
	for name := range files {
		folder, rest, _ := strings.Cut(path.Dir(name), "/")
		if module != "" && (folder != module || rest != pkg) {
			t.Fatalf("%s is not beside the other files", name)
		}
		module, pkg = folder, rest
	}
	dir := moduleOf(t, module)
	for name, text := range files {
		put(t, filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(name, module+"/"))), text)
	}
	said := goIn(t, dir, "test", "-v", "./"+pkg)
	if len(tests) < 3 {
		t.Errorf("it shows the tests %q, want those of both suites and an example", tests)
	}
	for _, name := range tests {
		if !strings.Contains(said, "\n--- PASS: "+name+" ") {
			t.Errorf("%s did not run:\n%s", name, said)
		}
	}
}
