package web

import (
	"context"
	"errors"
	"math"
	"net/http"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/templates"
)

// homeCounter is the name the Django application counted under.
const homeCounter = "counter_key"

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
	ctx, cancel := context.WithTimeout(r.Context(), s.pageWait)
	defer cancel()
	count := s.count
	if r.Method == http.MethodHead {
		count = s.look
	}
	page, status, err := count(ctx)
	w.Header().Set(viewStatus, status)
	if err != nil {
		s.storeProblem(w, r, err)
		return
	}
	html, err := s.pages.Home(page)
	if err != nil {
		s.internalProblem(w, r, err)
		return
	}
	writeHTML(w, http.StatusOK, html)
}

// count counts a view.
func (s *site) count(ctx context.Context) (page templates.Home, status string, err error) {
	views, err := counter.Inc(ctx, s.store, homeCounter)
	if pending, ok := errors.AsType[*counter.PendingError](err); ok {
		if pending.Known {
			err = nil
		}
		return templates.Home{Views: pending.AtLeast, AtLeast: true}, viewPending, err
	}
	switch {
	case err == nil:
		return templates.Home{Views: views}, viewCounted, nil
	case errors.Is(err, counter.ErrUnknown):
		return templates.Home{}, viewUnknown, err
	default:
		return templates.Home{}, viewFailed, err
	}
}

// estimator is a store that knows, without asking, how much there is at least.
type estimator interface {
	AtLeast(name string) (value int64, known bool)
}

// look returns the page that count would return, and counts nothing.
func (s *site) look(ctx context.Context) (page templates.Home, status string, err error) {
	views, err := s.store.Get(ctx, homeCounter)
	if err != nil {
		if estimator, ok := counter.As[estimator](s.store); ok {
			if views, page.AtLeast = estimator.AtLeast(homeCounter); page.AtLeast {
				err = nil
			}
		}
	}
	if err == nil && views == math.MaxInt64 {
		err = counter.ErrOverflow
	}
	page.Views = views + 1
	return page, viewHead, err
}

func noIcon(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=86400")
	w.WriteHeader(http.StatusNoContent)
}
