//go:build unix

package faultrun

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Surface is an address of the app that counts views in a counter of its own.
type Surface struct {
	Name         string // for people
	method, path string // what is asked for
	look         string // a path with the number that does not count

	counter, site string // their names in the store; site may be empty
	read          func(body []byte) (int64, error)
}

const (
	// counterKey is where the app keeps the count of the page.
	counterKey = "counter_key"
	// pageHost is the site of the pages that API and Badge count, and siteLook the path of its
	// number.
	pageHost = "example.com"
	siteLook = "/api/v1/sites/" + pageHost
)

// Home is the page at /.
func Home() Surface {
	return Surface{Name: "page", method: "GET", path: "/", look: "/api/v1/views", counter: counterKey, read: readNumber}
}

// API counts a page elsewhere, by the public API.
func API() Surface {
	return elsewhere(Surface{Name: "API", method: "POST", path: "/api/v1/views/" + pageHost + "/api", read: readValue}, "/api")
}

// Badge counts a page elsewhere, by its image.
func Badge() Surface {
	return elsewhere(Surface{Name: "badge", method: "GET", path: "/badge/" + pageHost + "/badge.svg", read: readBadge}, "/badge")
}

func elsewhere(s Surface, page string) Surface {
	s.look = "/api/v1/views/" + pageHost + page
	s.counter, s.site = "views:"+pageHost+page, "site:"+pageHost
	return s
}

// readNumber reads the number from a page.
func readNumber(page []byte) (int64, error) {
	return readAfter(page, "<p>This page was viewed ", "%d times.</p>")
}

// readBadge reads the number from a badge.
func readBadge(svg []byte) (int64, error) { return readAfter(svg, "<title>views: ", "%d</title>") }

func readAfter(body []byte, before, format string) (number int64, err error) {
	_, rest, _ := bytes.Cut(body, []byte(before))
	_, err = fmt.Sscanf(string(rest), format, &number)
	return number, err
}

var errNoNumber = errors.New("the answer has no number")

// readValue reads the number from an answer of the API.
func readValue(body []byte) (int64, error) {
	var answer struct{ Value *int64 }
	err := json.Unmarshal(body, &answer)
	switch {
	case err != nil:
		return 0, err
	case answer.Value == nil:
		return 0, errNoNumber
	}
	return *answer.Value, nil
}
