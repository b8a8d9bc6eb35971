package docs_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.com/herokuapp/tools/internal/tree"
	"example.com/herokuapp/tools/internal/treetest"
)

// Every link within the documentation leads somewhere.
func TestLinks(t *testing.T) {
	names, err := tree.Files(t.Context(), top)
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	anchors := map[string][]string{}
	for _, name := range names {
		if path.Ext(name) == ".md" {
			anchors[name] = headings(treetest.Read(t, top, name))
		}
	}
	for name := range anchors {
		for _, found := range link.FindAllStringSubmatch(withoutCode(treetest.Read(t, top, name)), -1) {
			if strings.Contains(found[1], ":") { // another site's
				continue
			}
			file, anchor, _ := strings.Cut(found[1], "#")
			target := path.Join(path.Dir(name), file)
			if file == "" {
				target = name
			}
			if _, err := os.Stat(filepath.Join(top, target)); err != nil {
				t.Errorf("%s: %s: %v", name, found[1], err)
			} else if anchor != "" && !slices.Contains(anchors[target], anchor) {
				t.Errorf("%s: %s: %s has no such heading", name, found[1], target)
			}
		}
	}
}

func withoutCode(text string) string {
	return regexp.MustCompile("(?ms)^ *```.*?^ *```$|`[^`\n]*`").ReplaceAllString(text, "")
}

// headings returns the anchors that GitHub gives to the headings.
func headings(text string) []string {
	var anchors []string
	text = regexp.MustCompile("(?ms)^ *```.*?^ *```$").ReplaceAllString(text, "")
	for _, found := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(text, -1) {
		words := regexp.MustCompile(`[^\p{L}\p{N}_ -]`).ReplaceAllString(strings.ToLower(found[1]), "")
		anchors = append(anchors, strings.ReplaceAll(words, " ", "-"))
	}
	return anchors
}
