// Package admin serves what the owner of the counters needs: pages and an API to
// list, change, export and import them, and to see how their store is.
package admin

import (
	"net/http"
	"strings"
	"sync"

	"github.com/gorilla/mux"
	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/answer"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/templates"
)

// Gate lets the owner in, and nobody else.
type Gate interface {
	// Session guards pages for people.
	Session(next http.Handler) http.Handler
	// Bearer guards the API for scripts.
	Bearer(next http.Handler) http.Handler
}

// apiPath is where the API begins.
const apiPath = "/admin/api/"

// site is what the handlers share.
type site struct {
	store counter.Store
	about About
	pages *templates.Pages
	log   *zap.Logger

	once      *once
	importing sync.Mutex // held by the only import there is
}

// NewHandler serves all at /admin and below but login and log-out. It goes inside
// of auth.Gate.Guard. All but the stylesheet is behind the gate, an address that is
// not there too.
func NewHandler(store counter.Store, about About, gate Gate, pages *templates.Pages, log *zap.Logger) http.Handler {
	s := &site{store: store, about: about, pages: pages, log: log, once: newOnce()}
	// Names in a path may hold slashes, escaped.
	router := mux.NewRouter().SkipClean(true).UseEncodedPath()

	read := []string{http.MethodGet, http.MethodHead}
	page := func(path string, methods methods) {
		router.Handle(path, gate.Session(methods.orElse(s.pageMethod)))
	}
	api := func(path string, methods methods) {
		router.Handle(path, gate.Bearer(methods.orElse(s.apiMethod)))
	}
	css, _ := templates.AdminStylesheet()
	router.HandleFunc(css, s.stylesheet).Methods(read...)
	router.HandleFunc("/admin", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/admin/", http.StatusSeeOther)
	}).Methods(read...)

	page("/admin/", methods{http.MethodGet: s.counters})
	page("/admin/counter", methods{http.MethodGet: s.counter})
	for _, action := range []string{actionSet, actionAdd, actionReset} {
		page("/admin/"+action, methods{http.MethodPost: s.confirm(action)})
	}
	page("/admin/export", methods{http.MethodGet: s.exportPage})
	page("/admin/import", methods{http.MethodGet: s.importForm, http.MethodPost: s.importPage})

	api(apiPath+"counters", methods{http.MethodGet: s.apiList})
	api(apiPath+"counters/{name:.+}", methods{
		http.MethodGet: s.apiGet, http.MethodPut: s.apiPut, http.MethodDelete: s.apiDelete,
	})
	api(apiPath+"export", methods{http.MethodGet: s.apiExport})
	api(apiPath+"import", methods{http.MethodPost: s.apiImport})

	noPage, noAPI := gate.Session(http.HandlerFunc(s.noPage)), gate.Bearer(http.HandlerFunc(s.noAPI))
	router.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, apiPath) {
			noAPI.ServeHTTP(w, r)
			return
		}
		noPage.ServeHTTP(w, r)
	})
	router.MethodNotAllowedHandler = router.NotFoundHandler
	return router
}

// methods are the handlers of a path by method. GET answers HEAD, too.
type methods map[string]http.HandlerFunc

// orElse returns a handler that leaves other methods to refuse, with Allow set.
func (m methods) orElse(refuse http.HandlerFunc) http.Handler {
	if get, ok := m[http.MethodGet]; ok {
		m[http.MethodHead] = get
	}
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete} {
		if m[method] != nil {
			allowed = append(allowed, method)
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler, ok := m[r.Method]
		if !ok {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			handler = refuse
		}
		handler(w, r)
	})
}

// stylesheet is the same for everybody, and for good: its path has its hash.
func (s *site) stylesheet(w http.ResponseWriter, _ *http.Request) {
	_, css := templates.AdminStylesheet()
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	answer.Write(w, http.StatusOK, "text/css; charset=utf-8", css)
}

func requestID(r *http.Request) string { return r.Header.Get("X-Request-Id") }
