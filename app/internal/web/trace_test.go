package web_test

import (
	"net/http"
	"strings"
	"testing"

	"example.com/herokuapp/app/internal/config"
	countermemory "example.com/herokuapp/counter-memory"
)

// The access line has a traceparent that is valid, and nothing of one that is not.
func TestTraceparent(t *testing.T) {
	const valid = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for _, test := range []struct {
		name string
		sent []string
		want any
	}{
		{"valid", []string{valid}, valid},
		{"not sampled", []string{strings.TrimSuffix(valid, "1") + "0"}, strings.TrimSuffix(valid, "1") + "0"},
		{"none", nil, nil},
		{"empty", []string{""}, nil},
		{"two", []string{valid, valid}, nil},
		{"a longer version 00", []string{valid + "-x"}, nil},
		{"a newer version", []string{"cc" + valid[2:]}, "cc" + valid[2:]},
		{"a newer version with more", []string{"cc" + valid[2:] + "-" + strings.Repeat("x", 9000)}, "cc" + valid[2:]},
		{"a newer version with something else", []string{"cc" + valid[2:] + ".x"}, nil},
		{"the version that can't be", []string{"ff" + valid[2:]}, nil},
		{"capitals", []string{strings.ToUpper(valid)}, nil},
		{"no trace", []string{"00-00000000000000000000000000000000-b7ad6b7169203331-01"}, nil},
		{"no parent", []string{"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"}, nil},
		{"short", []string{valid[:54]}, nil},
		{"other signs between", []string{strings.ReplaceAll(valid, "-", "_")}, nil},
		{"not hexadecimal", []string{strings.Replace(valid, "0af7", "\"}\n{", 1)}, nil},
		{"flags", []string{valid[:53] + "zz"}, nil},
		{"spaces", []string{" " + valid}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, config.Config{}, countermemory.New())
			var headers []string
			for _, value := range test.sent {
				headers = append(headers, "Traceparent", value)
			}
			s.do(http.MethodGet, "/", headers...)
			lines := s.logs.FilterMessage("request").All()
			if len(lines) != 1 {
				t.Fatalf("%d lines", len(lines))
			}
			if got := lines[0].ContextMap()["traceparent"]; got != test.want {
				t.Errorf("traceparent: %v; want %v", got, test.want)
			}
		})
	}
}
