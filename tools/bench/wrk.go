package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// wrkResult is what wrk reports of a run.
type wrkResult struct {
	requests, perSecond float64
	p50, p99            time.Duration
}

// parseWrk reads the output of wrk --latency. Answers other than 2xx and failed connections are
// an error, because they do not cost what a view costs.
func parseWrk(text string) (wrkResult, error) {
	for _, trouble := range []string{"Non-2xx or 3xx responses", "Socket errors"} {
		if _, rest, found := strings.Cut(text, trouble); found {
			line, _, _ := strings.Cut(rest, "\n")
			return wrkResult{}, fmt.Errorf("wrk says: %s%s", trouble, line)
		}
	}
	find := func(pattern string) string {
		if found := regexp.MustCompile(`(?m)^\s*` + pattern).FindStringSubmatch(text); found != nil {
			return found[1]
		}
		return ""
	}
	var r wrkResult
	var errs [4]error
	r.requests, errs[0] = strconv.ParseFloat(find(`(\d+) requests in `), 64)
	r.perSecond, errs[1] = strconv.ParseFloat(find(`Requests/sec:\s+(\S+)`), 64)
	r.p50, errs[2] = time.ParseDuration(find(`50%\s+(\S+)`))
	r.p99, errs[3] = time.ParseDuration(find(`99%\s+(\S+)`))
	for _, err := range errs {
		if err != nil {
			return wrkResult{}, fmt.Errorf("reading what wrk prints: %w:\n%s", err, text)
		}
	}
	return r, nil
}
