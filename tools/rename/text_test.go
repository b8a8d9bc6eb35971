package main

import "testing"

func TestReplace(t *testing.T) {
	const from, to = "example.net/tree", "example.org/you/new"
	tests := []struct{ text, want string }{
		{"", ""},
		{"example.net/tree", "example.org/you/new"},
		{"Two: example.net/tree example.net/tree.", "Two: example.org/you/new example.org/you/new."},
		{`"example.net/tree/lib"`, `"example.org/you/new/lib"`},
		{"https://example.net/tree.git?a#b", "https://example.org/you/new.git?a#b"},
		{"prefix(example.net/tree)", "prefix(example.org/you/new)"},
		{"example.net/tree@v0.1.0", "example.org/you/new@v0.1.0"},
		{"example.net/trees example.net/tree-two", "example.net/trees example.net/tree-two"},
		{"an.example.net/tree", "an.example.net/tree"},
		{"example.net/trees example.net/tree", "example.net/trees example.org/you/new"},
		{"an image: \x00 example.net/tree", "an image: \x00 example.net/tree"},
		{"an image: \xff example.net/tree", "an image: \xff example.net/tree"},
	}
	for _, tt := range tests {
		if got := replace(tt.text, from, to); got != tt.want {
			t.Errorf("of %q: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

// A path that begins with the old one is not replaced again.
func TestReplaceByLonger(t *testing.T) {
	const from, to = "example.net/a", "example.net/a/b"
	if got, want := replace("example.net/a example.net/a/c", from, to), "example.net/a/b example.net/a/b/c"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLayout(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{
			"lib/go.mod",
			"module z.example/lib\n\nrequire (\n\tz.example/a v0.1.0\n\texample.org/b v0.1.0\n)\n",
			"module z.example/lib\n\nrequire (\n\texample.org/b v0.1.0\n\tz.example/a v0.1.0\n)\n",
		},
		{
			"main.go",
			"package main\n\nimport (\n\ta \"z.example/a\" // one\n\tb \"example.org/long/b\" // two\n)\n",
			"package main\n\nimport (\n\tb \"example.org/long/b\" // two\n\ta \"z.example/a\"        // one\n)\n",
		},
		{"README.md", "a  b\n", "a  b\n"},
	}
	for _, tt := range tests {
		got, err := layout(tt.name, tt.text)
		if got != tt.want || err != nil {
			t.Errorf("%s: got %q, %v, want %q", tt.name, got, err, tt.want)
		}
	}
}
