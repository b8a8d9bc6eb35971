package compat

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"example.com/herokuapp/app/internal/respond"
)

// pathHeader has the namespace and the key of an answer.
const pathHeader = "X-Path"

// keyNumber answers with the number of a key: as JSON, as a script or as an image.
func keyNumber(w http.ResponseWriter, c *call, o outcome) {
	writeKey(w, c, o, func(number *int64) any {
		return struct {
			Value *int64 `json:"value"`
		}{number}
	})
}

// keySet answers with the number of a key before and after it was set.
func keySet(w http.ResponseWriter, c *call, o outcome) {
	writeKey(w, c, o, func(number *int64) any {
		before := number
		if !o.denied && number != nil {
			before = &o.before
		}
		return struct {
			Old   *int64 `json:"old_value"`
			Value *int64 `json:"value"`
		}{before, number}
	})
}

// keyInfo answers with everything known of a key.
func keyInfo(w http.ResponseWriter, c *call, o outcome) {
	writeKey(w, c, o, func(number *int64) any {
		return struct {
			Namespace string `json:"namespace"`
			Key       string `json:"key"`
			Value     *int64 `json:"value"`
		}{o.space, o.key, number}
	})
}

// writeKey answers with the members, in which a number that is not known is null.
func writeKey(w http.ResponseWriter, c *call, o outcome, members func(number *int64) any) {
	status := statusOf(o)
	var answer any
	switch number, known := o.number(); {
	case !known:
		answer = struct {
			Value *int64 `json:"value"`
			Error string `json:"error"`
		}{nil, message(o)}
	case number == 0 && (o.does == read || o.denied):
		status = http.StatusNotFound
		answer = members(nil)
		if o.does == read {
			answer = struct {
				Value *int64 `json:"value"`
				Error string `json:"error"`
			}{nil, "Key not found"}
		}
	default:
		answer = members(&number)
	}
	sendKey(w, c, o, status, answer)
}

// sendKey answers as JSON, as a script or as an image.
func sendKey(w http.ResponseWriter, c *call, o outcome, status int, answer any) {
	if o.key != "" {
		w.Header().Set(pathHeader, (&url.URL{Path: o.space + "/" + o.key}).EscapedPath())
	}
	switch {
	case c.values.Has("callback"):
		writeScript(w, c, "callback", "%s(%s)", answer)
	case c.values.Has("img"):
		respond.Pixel(w, http.StatusOK)
	default:
		retryAfter(w, o, status)
		writeJSON(w, status, answer)
	}
}

// keyStream sends the number of a key as it changes.
func keyStream(w http.ResponseWriter, c *call, o outcome) {
	if o.bad {
		writeKey(w, c, o, nil)
		return
	}
	c.hub.Stream(w, c.Request, o.counter(), ":\n\n", func(value int64) string {
		return `data: {"value":` + strconv.FormatInt(value, 10) + "}\n\n"
	})
}

// spaced is what counterapi says about a counter. What we don't know is null.
type spaced struct {
	ID          *int64 `json:"id"`
	Name        string `json:"name"`
	Count       int64  `json:"count"`
	CreatedAt   *int64 `json:"created_at"`
	UpdatedAt   *int64 `json:"updated_at"`
	NamespaceID *int64 `json:"namespace_id"`
	Namespace   struct {
		Name string `json:"name"`
	} `json:"namespace"`
}

// spacedCounter answers with the number of a counter in a namespace.
func spacedCounter(_ *call, o outcome, status int) any {
	answer := spaced{Name: o.key, Count: o.Page.Number}
	answer.Namespace.Name = o.space
	if status != http.StatusOK {
		return problem{status, message(o)}
	}
	return answer
}

// problem is counterapi's form of an error.
type problem struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// spacedRecord is spacedCounter for a counter that must exist.
func spacedRecord(w http.ResponseWriter, c *call, o outcome) {
	if number, known := o.number(); known && number == 0 {
		writeJSON(w, http.StatusBadRequest, problem{http.StatusBadRequest, "record not found"})
		return
	}
	object(spacedCounter)(w, c, o)
}

// gitHubEndpoint has the number in the format of shields.io.
func gitHubEndpoint(w http.ResponseWriter, c *call, o outcome) {
	answer := struct {
		SchemaVersion int    `json:"schemaVersion"`
		Label         string `json:"label"`
		Message       string `json:"message"`
		Color         string `json:"color"`
		IsError       bool   `json:"isError,omitempty"`
	}{1, "hits", strconv.FormatInt(o.Page.Number, 10), c.color(parameter{"color", "#4c1"}).String(), false}
	status := http.StatusOK
	switch _, known := o.number(); {
	case o.bad:
		status = http.StatusBadRequest
		answer.Message, answer.Color, answer.IsError = message(o), "red", true
	case !known:
		answer.Message, answer.Color, answer.IsError = "unavailable", "lightgrey", true
	case o.Page.AtLeast:
		answer.Message = "≥ " + answer.Message
	}
	writeJSON(w, status, answer)
}

// profileKey has a key and its number.
func profileKey(_ *call, o outcome, status int) any {
	return named(status, o, func(number json.Number) any {
		return struct {
			Key   string      `json:"key"`
			Count json.Number `json:"count"`
		}{o.key, number}
	})
}

// moeRecord has a name and its number.
func moeRecord(_ *call, o outcome, status int) any {
	return named(status, o, func(number json.Number) any {
		return struct {
			Name string      `json:"name"`
			Num  json.Number `json:"num"`
		}{o.key, number}
	})
}

// named returns the members, or what is wrong.
func named(status int, o outcome, members func(json.Number) any) any {
	if status != http.StatusOK {
		return problem{status, message(o)}
	}
	return members(json.Number(strconv.FormatInt(o.Page.Number, 10)))
}

// keyCreated answers that a key is free. It creates nothing: the first view does. A key that
// exists can't be created again.
func keyCreated(w http.ResponseWriter, c *call, o outcome) {
	if number, known := o.number(); !known || number > 0 {
		text := "Key already exists"
		if !known {
			text = message(o)
		}
		status := statusOf(o)
		if known {
			status = http.StatusBadRequest
		}
		sendKey(w, c, o, status, wrong{text})
		return
	}
	sendKey(w, c, o, http.StatusOK, struct {
		Namespace string `json:"namespace"`
		Key       string `json:"key"`
		Value     int64  `json:"value"`
	}{o.space, o.key, 0})
}
