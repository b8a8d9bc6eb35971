package main

import (
	"fmt"
	"regexp"
	"strings"
)

// parseProcfile returns the command of each process type. Heroku passes over a
// line that it can't read; here it is an error, unless it is empty or a comment.
func parseProcfile(text string) (map[string]string, error) {
	pattern := regexp.MustCompile(`^([A-Za-z0-9_-]+):\s*(\S.*)$`)
	processes := map[string]string{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		parts := pattern.FindStringSubmatch(line)
		if parts == nil {
			return nil, fmt.Errorf("line %d is %q: want a process type, a colon and a command", n, line)
		}
		if _, again := processes[parts[1]]; again {
			return nil, fmt.Errorf("line %d: a second %s process", n, parts[1])
		}
		processes[parts[1]] = parts[2]
	}
	return processes, nil
}
