// Botsgen makes the table of package counter-core/bots from the npm data package
// crawler-user-agents, with the agents that its tests know.
//
// Usage, from the top of the tree:
//
//	npm pack crawler-user-agents@1.60.0
//	go run ./tools/botsgen crawler-user-agents-1.60.0.tgz
//
// The version is pinned by its checksum. For another, change both in this file, run it,
// and follow what it says about patterns that nobody has looked at yet.
//
// It exits with 0 if the files are written, with 1 if they can't be, and with 2 if the
// arguments are wrong.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

const (
	version  = "1.60.0"
	checksum = "a7c84a56c9d99779aca25061196f2cf3a574b6699cb814b08535e4ce47a0190c" + // SHA-512
		"d3b7403fcac2831cacde93d7e27217ea2f9a811200eb47d0ae18153463b6c3ae"
)

func main() { os.Exit(run(".", os.Args[1:], os.Stderr)) }

// run writes the files of the tree at top and returns the exit code.
func run(top string, args []string, stderr io.Writer) int {
	if len(args) != 1 {
		fmt.Fprintf(stderr, "usage: botsgen crawler-user-agents-%s.tgz\n", version)
		return 2
	}
	if err := generate(args[0], filepath.Join(top, "counter-core", "bots")); err != nil {
		fmt.Fprintln(stderr, "botsgen:", err)
		return 1
	}
	return 0
}

func generate(archive, dir string) error {
	packed, err := os.ReadFile(archive) //nolint:gosec // it is what the caller names
	if err != nil {
		return err
	}
	if sum := sha512.Sum512(packed); hex.EncodeToString(sum[:]) != checksum {
		return fmt.Errorf("%s is not version %s: get it with npm pack crawler-user-agents@%s", archive, version, version)
	}
	files, err := unpack(packed, "package/crawler-user-agents.json", "package/LICENSE")
	if err != nil {
		return fmt.Errorf("%s: %w", archive, err)
	}
	var crawlers []crawler
	if err := json.Unmarshal(files[0], &crawlers); err != nil {
		return fmt.Errorf("%s: %w", archive, err)
	}
	t, err := newTable(crawlers, chosen())
	if err != nil {
		return err
	}
	source, err := t.source()
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"table.go": source, "LICENSE-crawler-user-agents": files[1],
		"testdata/bots.txt": lines(t.bots), "testdata/people.txt": lines(t.people),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil { //nolint:gosec // for all to read, as the rest of the tree
			return err
		}
	}
	return nil
}

// unpack returns the named files of a tar.gz.
func unpack(packed []byte, names ...string) ([][]byte, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	found := map[string][]byte{}
	archive := tar.NewReader(unzipped)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if found[header.Name], err = io.ReadAll(archive); err != nil {
			return nil, err
		}
	}
	files := make([][]byte, len(names))
	for i, name := range names {
		if files[i] = found[name]; files[i] == nil {
			return nil, fmt.Errorf("there is no %s", name)
		}
	}
	return files, nil
}
