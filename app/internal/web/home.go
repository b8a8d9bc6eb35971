package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/templates"
)

const (
	// homeCounter is the name the Django application counted under.
	homeCounter = "counter_key"

	// storeTimeout bounds how long a page waits for its number.
	storeTimeout = 2 * time.Second
)

// home counts a view and shows the count.
func (s *site) home(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if isPrefetch(r.Header) {
		// Not 200: the browser would show the page it has loaded, when the page is
		// opened, and not ask again.
		w.Header().Set(viewStatus, viewPrefetch)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
	defer cancel()
	views, status, err := s.view(ctx, r.Method)
	w.Header().Set(viewStatus, status)
	if err != nil {
		s.storeProblem(w, r, err)
		return
	}
	html, err := s.pages.Home(templates.Home{Views: views})
	if err != nil {
		s.internalProblem(w, r, err)
		return
	}
	writeHTML(w, http.StatusOK, html)
}

// view returns the number the page shows and what became of the view. HEAD
// answers as the next GET will, and counts nothing.
func (s *site) view(ctx context.Context, method string) (views int64, status string, err error) {
	if method == http.MethodHead {
		views, err = s.store.Get(ctx, homeCounter)
		return views + 1, viewHead, err
	}
	views, err = counter.Inc(ctx, s.store, homeCounter)
	switch {
	case err == nil:
		return views, viewCounted, nil
	case errors.Is(err, counter.ErrUnknown):
		return 0, viewUnknown, err
	default:
		return 0, viewFailed, err
	}
}

func noIcon(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=86400")
	w.WriteHeader(http.StatusNoContent)
}
