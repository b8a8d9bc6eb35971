package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestCheck(t *testing.T) {
	tree := fstest.MapFS{
		"app/main.go": {Data: []byte("package main\n\nimport \"fmt\"\n\n// main greets.\nfunc main() {\n\tfmt.Println(1)\n\tfmt.Println(2)\n}\n")},
		"Procfile":    {Data: []byte("web: app\r\n")},
		"run.md":      {Data: []byte("Run it:\n\n```sh\ngo run ./app\n```\n")},
		"page.html":   {Data: []byte("<p>\n  a\n</p>")},
	}
	tests := []struct {
		name    string
		guide   string
		checked int
		want    []string // as line: text
	}{
		{
			name:    "the whole file",
			guide:   "# Guide\n\n``` Procfile\nweb: app\n```\n\n```text Procfile\nweb: app\n```\n",
			checked: 1,
		},
		{
			name:    "lines of it",
			guide:   "```go app/main.go\n// main greets.\nfunc main() {\n```\n",
			checked: 1,
		},
		{
			name:    "no end of line in file or guide",
			guide:   "```html page.html\n</p>\n```",
			checked: 1,
		},
		{
			name:    "CRLF in the guide",
			guide:   "```text Procfile\r\nweb: app\r\n```\r\n",
			checked: 1,
		},
		{
			name:    "blank lines at the ends",
			guide:   "```go app/main.go\n\nfunc main() {\n\n```\n",
			checked: 1,
		},
		{
			name:    "lines left out",
			guide:   "```go app/main.go\npackage main\n\n// …\n\nfunc main() {\n\t// …\n\tfmt.Println(2)\n}\n```\n",
			checked: 1,
		},
		{
			name:    "lines left out in HTML",
			guide:   "```html page.html\n<p>\n  <!-- … -->\n</p>\n```\n",
			checked: 1,
		},
		{
			name:    "nothing left out where lines seem to be",
			guide:   "…\n```go app/main.go\n…\npackage main\n# …\nimport \"fmt\"\n…\n```\n",
			checked: 1,
		},
		{
			name:    "parts in the wrong order",
			guide:   "```go app/main.go\nfunc main() {\n…\nimport \"fmt\"\n```\n",
			checked: 1,
			want:    []string{`4: app/main.go: this block is not in the file; first line that differs: "import \"fmt\""`},
		},
		{
			name:    "a part twice that the file has once",
			guide:   "```go app/main.go\nfunc main() {\n…\nfunc main() {\n```\n",
			checked: 1,
			want:    []string{`4: app/main.go: this block is not in the file; first line that differs: "func main() {"`},
		},
		{
			name:    "a line that is missing without a sign",
			guide:   "```go app/main.go\nfunc main() {\n\tfmt.Println(2)\n```\n",
			checked: 1,
			want:    []string{`3: app/main.go: this block is not in the file; first line that differs: "\tfmt.Println(2)", where line 7 of the file is "\tfmt.Println(1)"`},
		},
		{
			name:    "a word that differs after the last ellipsis",
			guide:   "```go app/main.go\npackage main\n…\n\tfmt.Println(2)\n\tfmt.Println(3)\n```\n",
			checked: 1,
			want:    []string{`5: app/main.go: this block is not in the file; first line that differs: "\tfmt.Println(3)", where line 9 of the file is "}"`},
		},
		{
			name:    "part of a line",
			guide:   "```text Procfile\nweb:\n```\n",
			checked: 1,
			want:    []string{`2: Procfile: this block is not in the file; first line that differs: "web:"`},
		},
		{
			name:    "more lines than the file",
			guide:   "```text Procfile\nweb: app\nworker: app\n```\n",
			checked: 1,
			want:    []string{`3: Procfile: this block is not in the file; first line that differs: "worker: app", where the file ends`},
		},
		{
			name:    "spaces for a tab",
			guide:   "```go app/main.go\n    fmt.Println(1)\n```\n",
			checked: 1,
			want:    []string{`2: app/main.go: this block is not in the file; first line that differs: "    fmt.Println(1)"`},
		},
		{
			name:    "no such file",
			guide:   "```go app/none.go\npackage main\n```\n",
			checked: 1,
			want:    []string{"1: app/none.go: this file can't be read: open app/none.go: file does not exist"},
		},
		{
			name:    "a folder",
			guide:   "```go app\npackage main\n```\n",
			checked: 1,
			want:    []string{"1: app: this file can't be read: read app: invalid argument"},
		},
		{
			name:    "paths that leave the tree",
			guide:   "```go ../main.go\na\n```\n```go /etc/passwd\na\n```\n```go app/../../a.go\na\n```\n",
			checked: 3,
			want: []string{
				"1: ../main.go: want a path that begins at the top of the tree and stays in it, such as app/main.go",
				"4: /etc/passwd: want a path that begins at the top of the tree and stays in it, such as app/main.go",
				"7: app/../../a.go: want a path that begins at the top of the tree and stays in it, such as app/main.go",
			},
		},
		{
			name:    "empty blocks",
			guide:   "```go app/main.go\n```\n\n```go app/main.go\n\n// …\n```\n",
			checked: 2,
			want:    []string{"1: app/main.go: this block is empty", "4: app/main.go: this block is empty"},
		},
		{
			name:    "more than a language and a path",
			guide:   "```go app/main.go main\npackage main\n```\n",
			checked: 1,
			want:    []string{`1: "go app/main.go main": want a language and a path`},
		},
		{
			name:    "an unclosed fence",
			guide:   "```text Procfile\nweb: worker\n```\n\n````go app/main.go\npackage main\n```\n",
			checked: 1,
			want: []string{
				`2: Procfile: this block is not in the file; first line that differs: "web: worker"`,
				"5: this fence is never closed",
			},
		},
		{
			name:    "a problem with a fence comes in the guide's order",
			guide:   "1. Step:\n\n    ```go app/main.go\n    package main\n    ```\n\n```go a.go\n```\n",
			checked: 1,
			want: []string{
				"3: a fence that names a file is indented by at most 3 spaces",
				"7: a.go: this file can't be read: open a.go: file does not exist",
			},
		},
		{
			name:    "a block that shows blocks",
			guide:   "~~~~md run.md\n```sh\ngo run ./app\n```\n~~~~\n",
			checked: 1,
		},
		{
			name:  "nothing that names a file",
			guide: "```sh\ngo run ./app\n```\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			checked, problems, err := check(tree, strings.NewReader(tt.guide))
			if err != nil {
				t.Fatal(err)
			}
			if checked != tt.checked {
				t.Errorf("checked %d blocks, want %d", checked, tt.checked)
			}
			var got []string
			for _, p := range problems {
				got = append(got, fmt.Sprintf("%d: %s", p.line, p.text))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("problems:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}
