package main

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

func TestParseBlocks(t *testing.T) {
	tests := []struct {
		name  string
		guide string
		want  []block
	}{
		{"none", "text\n\n`code`\n", nil},
		{"backticks", "a\n```go a.go\nb\n\nc\n```\nd\n", []block{{2, "go a.go", []string{"b", "", "c"}}}},
		{"tildes", "~~~go a.go\nb\n~~~\n", []block{{1, "go a.go", []string{"b"}}}},
		{"tildes with a backtick in the info string", "~~~ a`b\n~~~\n", []block{{1, "a`b", nil}}},
		{"two marks", "``\na\n``\n", nil},
		{"code within a line", "``` a ``` b\n", nil},
		{"space before the info string", "```  go   a.go \nb\n```\n", []block{{1, "go   a.go", []string{"b"}}}},
		{"a longer closing fence", "```\na\n`````\n", []block{{1, "", []string{"a"}}}},
		{"a shorter fence does not close", "````\n```\na\n```\n````\n", []block{{1, "", []string{"```", "a", "```"}}}},
		{"the other mark does not close", "```\n~~~\n```\n", []block{{1, "", []string{"~~~"}}}},
		{"a fence with words does not close", "```\n```go\n```\n", []block{{1, "", []string{"```go"}}}},
		{"spaces after the closing fence", "```\na\n```  \n", []block{{1, "", []string{"a"}}}},
		{"indented by three", "   ```\n     a\n b\n ```\n", []block{{1, "", []string{"  a", "b"}}}},
		{"indented by four, outside", "    ```\na\n", nil},
		{"indented by four, inside", "```\n    ```\n```\n", []block{{1, "", []string{"    ```"}}}},
		{"indented by a tab, inside", "```\n\t```\n```\n", []block{{1, "", []string{"\t```"}}}},
		{"two", "```a\n1\n```\n```b\n2\n```\n", []block{{1, "a", []string{"1"}}, {4, "b", []string{"2"}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, problems, err := parseBlocks(strings.NewReader(tt.guide))
			if err != nil || len(problems) > 0 {
				t.Fatalf("error %v, problems %v", err, problems)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestParseBlocksReadError(t *testing.T) {
	broken := errors.New("broken")
	if _, _, err := parseBlocks(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("got error %v, want %v", err, broken)
	}
}
