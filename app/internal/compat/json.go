package compat

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/respond"
	counter "example.com/herokuapp/counter-core"
)

// object answers with JSON. members returns the members of an answer with that status.
func object(members func(c *call, o outcome, status int) any) func(http.ResponseWriter, *call, outcome) {
	return func(w http.ResponseWriter, c *call, o outcome) {
		status := statusOf(o)
		retryAfter(w, o, status)
		writeJSON(w, status, members(c, o, status))
	}
}

// statusOf returns the status of an answer to a request with the outcome.
func statusOf(o outcome) int {
	_, known := o.number()
	switch {
	case o.bad:
		return http.StatusBadRequest
	case o.denied, o.refused():
		return http.StatusForbidden
	case o.err != nil, !known:
		return http.StatusServiceUnavailable
	default:
		return http.StatusOK
	}
}

// retryAfter asks the client to try again if the store does not answer. It does not if the view
// is kept, because a second request would count another.
func retryAfter(w http.ResponseWriter, o outcome, status int) {
	if status == http.StatusServiceUnavailable && !errors.Is(o.err, counter.ErrPending) {
		respond.RetryAfter(w, respond.StoreRetry)
	}
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	text, _ := json.Marshal(value) // texts and numbers: never fails
	respond.Write(w, status, "application/json", text)
}

// isCallback reports whether a text is the name of a function that may be called with an
// answer.
func isCallback(text string) bool {
	const longest = 64
	return text != "" && len(text) <= longest && (text[0] < '0' || text[0] > '9') && text[0] != '.' &&
		!strings.ContainsFunc(text, func(r rune) bool { return notAlphanumeric(r) && !strings.ContainsRune("_$.", r) })
}

// writeScript answers with a script that calls the function that a parameter names.
func writeScript(w http.ResponseWriter, c *call, parameter, format string, value any) {
	text, _ := json.Marshal(value) // texts and numbers: never fails
	respond.Write(w, http.StatusOK, "text/javascript; charset=utf-8", fmt.Appendf(nil, format, c.param(parameter), text))
}

// message says in a few words why there is no number.
func message(o outcome) string {
	switch {
	case o.bad:
		return wrongText(o.err)
	case errors.Is(o.err, counters.ErrQuota):
		return counters.ErrQuota.Error()
	case o.does == deny:
		return "nobody may do this here"
	case o.denied:
		return "only the owner may do this"
	case o.refused():
		return "this site is not counted here"
	case errors.Is(o.err, counter.ErrPending):
		return "the counter can't be reached at the moment; the view will be counted"
	default:
		return "the counter can't be reached at the moment"
	}
}

// writeText answers with a sentence for people.
func writeText(w http.ResponseWriter, status int, text string) {
	respond.Write(w, status, "text/plain; charset=utf-8", []byte(text+"\n"))
}
