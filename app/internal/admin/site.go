// Package admin serves what the owner of the counters needs: pages and an API to
// list, change, export and import them, and to see how their store is.
package admin

import (
	"net/http"
	"sync"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/auth"
	"example.com/herokuapp/app/internal/respond"
	"example.com/herokuapp/app/internal/web"
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

// Routes returns all at /admin and below but login and log-out. All but the stylesheet
// is behind the gate, an address that is not there too.
func Routes(store counter.Store, about About, gate Gate, pages *templates.Pages, log *zap.Logger) []web.Route {
	s := &site{store: store, about: about, pages: pages, log: log, once: newOnce()}
	type methods = respond.Methods
	header := auth.Header()
	page := func(path string, methods methods) web.Route {
		return web.Route{Path: path, Methods: methods, Refuse: s.pageMethod, Guard: gate.Session, Header: header}
	}
	api := func(path string, methods methods) web.Route {
		return web.Route{Path: apiPath + path, Methods: methods, Refuse: s.apiMethod, Guard: gate.Bearer, Header: header}
	}
	css, _ := templates.AdminStylesheet()
	refuse := gate.Session(http.HandlerFunc(s.pageMethod)).ServeHTTP // what is said of these tells strangers nothing
	return []web.Route{
		{Path: css, Methods: methods{http.MethodGet: s.stylesheet}, Refuse: refuse, Header: header},
		{Path: "/admin", Methods: methods{http.MethodGet: toSite}, Refuse: refuse, Header: header},

		page("/admin/", methods{http.MethodGet: s.counters}),
		page("/admin/counter", methods{http.MethodGet: s.counter}),
		page("/admin/set", methods{http.MethodPost: s.confirm(actionSet)}),
		page("/admin/add", methods{http.MethodPost: s.confirm(actionAdd)}),
		page("/admin/reset", methods{http.MethodPost: s.confirm(actionReset)}),
		page("/admin/export", methods{http.MethodGet: s.exportPage}),
		page("/admin/import", methods{http.MethodGet: s.importForm, http.MethodPost: s.importPage}),

		api("counters", methods{http.MethodGet: s.apiList}),
		api("counters/{name:.+}", methods{
			http.MethodGet: s.apiGet, http.MethodPut: s.apiPut, http.MethodDelete: s.apiDelete,
		}),
		api("export", methods{http.MethodGet: s.apiExport}),
		api("import", methods{http.MethodPost: s.apiImport}),

		{Path: apiPath, Below: true, Refuse: s.noAPI, Guard: gate.Bearer, Header: header},
		{Path: "/admin/", Below: true, Refuse: s.noPage, Guard: gate.Session, Header: header},
	}
}

func toSite(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/admin/", http.StatusSeeOther)
}

// stylesheet is the same for everybody, and for good: its path has its hash.
func (s *site) stylesheet(w http.ResponseWriter, _ *http.Request) {
	_, css := templates.AdminStylesheet()
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	respond.Write(w, http.StatusOK, "text/css; charset=utf-8", css)
}

func requestID(r *http.Request) string { return respond.RequestID(r) }
