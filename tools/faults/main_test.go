//go:build unix

package main

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for args, ok := range map[string]bool{
		"":                                    true,
		"-setup cluster -views 1 -safe=false": true,
		"-views 0":                            false,
		"-every 0":                            false,
		"-clients 0":                          false,
		"-duration -1s":                       false,
		"-setup none":                         false,
		"-views x":                            false,
		"single":                              false,
		"-h":                                  false,
	} {
		if err := command().Parse(strings.Fields(args), t.Output()); (err == nil) != ok {
			t.Errorf("faults %s: %v", args, err)
		}
	}
}
