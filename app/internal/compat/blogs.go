package compat

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"strconv"
	"strings"

	"example.com/herokuapp/app/internal/respond"
	"example.com/herokuapp/templates/badge"
)

// onSite has the numbers of a page and of its site. Visitors are not counted.
type onSite struct {
	SitePV *int64 `json:"site_pv,omitempty"`
	PagePV *int64 `json:"page_pv,omitempty"`
}

func siteNumbers(o outcome) (n onSite) {
	if number, known := o.number(); known {
		n.PagePV = &number
	}
	if o.Site.Known {
		n.SitePV = &o.Site.Number
	}
	return n
}

// busuanzi calls a function with the numbers of a page, as themes read them.
func busuanzi(w http.ResponseWriter, c *call, o outcome) {
	if status := statusOf(o); status != http.StatusOK {
		writeText(w, status, message(o))
		return
	}
	numbers := siteNumbers(o)
	writeScript(w, c, "jsonpCallback", "try{%s(%s);}catch(e){}", struct {
		PagePV  *int64      `json:"page_pv,omitempty"`
		Version json.Number `json:"version"`
		SitePV  *int64      `json:"site_pv,omitempty"`
	}{numbers.PagePV, "2.4", numbers.SitePV})
}

// soxft has the numbers of a page in an envelope.
func soxft(_ *call, o outcome, status int) any {
	answer := struct {
		Success bool   `json:"success"`
		Message string `json:"message"`
		Data    onSite `json:"data"`
	}{true, "ok", siteNumbers(o)}
	if status != http.StatusOK {
		answer.Success, answer.Message = false, message(o)
	}
	return answer
}

// soxftScript is soxft for a script element, which could not read an error.
func soxftScript(w http.ResponseWriter, c *call, o outcome) {
	writeScript(w, c, "callback", "%s(%s);", soxft(c, o, statusOf(o)))
}

// soxftSilent only says whether it succeeded.
func soxftSilent(w http.ResponseWriter, c *call, o outcome) {
	if statusOf(o) == http.StatusOK {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	object(soxft)(w, c, o)
}

// verdict is vercount's way to report success or failure.
type verdict struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

// vercount has the numbers of a page.
func vercount(_ *call, o outcome, status int) any {
	if status != http.StatusOK {
		return verdict{"error", message(o)}
	}
	return siteNumbers(o)
}

// vercount2 has them in an envelope.
func vercount2(_ *call, o outcome, status int) any {
	if status != http.StatusOK {
		return verdict{"error", message(o)}
	}
	return struct {
		verdict
		Data onSite `json:"data"`
	}{verdict{"success", "ok"}, siteNumbers(o)}
}

// goatPixel answers with an invisible image. A header says what is wrong with the request.
func goatPixel(w http.ResponseWriter, _ *call, o outcome) {
	status := http.StatusOK
	if o.bad {
		status = http.StatusBadRequest
		w.Header().Set("X-Goatcounter", headerText(message(o)))
	}
	respond.Pixel(w, status)
}

// headerText returns the text without what may not be in a header.
func headerText(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
}

// shownOf returns the number that a path stands for: its page's, or its site's.
func shownOf(o outcome) (number int64, known bool) {
	if o.key == total {
		return o.Site.Number, o.err == nil && o.Site.Known
	}
	return o.number()
}

// goatJSON has the number of a path as a text.
func goatJSON(w http.ResponseWriter, _ *call, o outcome) {
	number, known := shownOf(o)
	status := statusOf(o)
	switch {
	case !known:
		writeJSON(w, status, struct {
			Error string `json:"error"`
		}{message(o)})
		return
	case number == 0:
		status = http.StatusNotFound
	}
	writeJSON(w, status, struct {
		Count string `json:"count"`
	}{strconv.FormatInt(number, 10)})
}

// goatHTML shows the number of a path in a frame.
func goatHTML(w http.ResponseWriter, _ *call, o outcome) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	number, known := shownOf(o)
	if !known {
		writeText(w, statusOf(o), message(o))
		return
	}
	page := fmt.Sprintf("<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>views</title><p><span>%s</span> views</p>", html.EscapeString(badge.Grouped.Number(number)))
	respond.HTML(w, http.StatusOK, []byte(page))
}

// goatSVG draws the number of a path.
func goatSVG(w http.ResponseWriter, c *call, o outcome) {
	o.Page.Number, o.Page.Known = shownOf(o)
	look{label: parameter{"", "views"}, wrong: http.StatusBadRequest, text: func(_ *call, _ outcome, number int64) string {
		return badge.Grouped.Number(number)
	}}.answer(w, c, o)
}
