// Package admin serves the owner's site: pages and an API to list, change, export and
// import counters, and to see the state of their store.
package admin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/auth"
	"example.com/herokuapp/app/internal/client"
	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/moving"
	"example.com/herokuapp/app/internal/respond"
	"example.com/herokuapp/app/internal/store"
	"example.com/herokuapp/app/internal/web"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/counterhttp"
	"example.com/herokuapp/templates"
)

// Gate lets only the owner in.
type Gate interface {
	// Session guards pages for people.
	Session(next http.Handler) http.Handler
	// Bearer guards the API for scripts.
	Bearer(next http.Handler) http.Handler
}

// About is what the site shows about the process.
type About struct {
	// Revision names the commit the program was built from.
	Revision string
	// Started is when the process started.
	Started time.Time
	// Health is the state of the store.
	Health *store.Health
	// Backup copies the store. It is nil if the store can't be copied.
	Backup counter.Snapshotter
	// Proxies are trusted to say at which address they were asked. It is part of the
	// snippets to paste elsewhere.
	Proxies client.Proxies
	// KeepQuery names the parameters that choose a page, Sites the hosts that are counted.
	KeepQuery []string
	Sites     counters.Sites
	// Moving reads the numbers at other services. If it is nil, none can be brought.
	Moving *moving.Reader
	// Database is a Redis in which another program has counted. It is nil if there is none.
	Database *moving.Database
	// ImportLimit is the largest number of counters that can be brought at once.
	ImportLimit int
	// Stats reports whether there are pages below /admin/stats that show when pages were viewed.
	Stats bool
	// NoHistory reports that no history is kept, so that nobody knows when pages were viewed.
	NoHistory bool
	// Skipped returns how many requests did not count since the start, by the reason. It may
	// be nil.
	Skipped func() map[counterhttp.Status]int64
	// Stopping is closed when the process begins to stop. Imports then end early. If it is
	// nil, they don't.
	Stopping context.Context
}

// apiPath begins every path of the API.
const apiPath = "/admin/api/"

// site is what the handlers share.
type site struct {
	counters *counters.Counters
	about    About
	pages    *templates.Pages
	log      *zap.Logger
	once     *once
}

// Routes returns everything at and below /admin except the login and the log-out. All of it
// but the stylesheet is behind the gate, even addresses that do not exist.
func Routes(counted *counters.Counters, about About, gate Gate, pages *templates.Pages, log *zap.Logger) []web.Route {
	if about.Stopping == nil {
		about.Stopping = context.Background()
	}
	s := &site{counters: counted, about: about, pages: pages, log: log, once: newOnce()}
	type methods = respond.Methods
	header := auth.Header()
	page := func(path string, methods methods) web.Route {
		return web.Route{Path: path, Methods: methods, Refuse: s.pageMethod, Guard: gate.Session, Header: header}
	}
	api := func(path string, methods methods) web.Route {
		return web.Route{Path: apiPath + path, Methods: methods, Refuse: apiMethod, Guard: gate.Bearer, Header: header}
	}
	css, _ := templates.AdminStylesheet()
	refuse := gate.Session(http.HandlerFunc(s.pageMethod)).ServeHTTP // tells only the owner
	return []web.Route{
		{Path: css, Methods: methods{http.MethodGet: stylesheet}, Refuse: refuse, Header: header},
		{Path: "/admin", Methods: methods{http.MethodGet: toSite}, Refuse: refuse, Header: header},

		page("/admin/", methods{http.MethodGet: s.dashboard}),
		page("/admin/counters", methods{http.MethodGet: s.list}),
		page("/admin/counter", methods{http.MethodGet: s.counter}),
		page("/admin/set", methods{http.MethodPost: s.confirm(counters.Set)}),
		page("/admin/add", methods{http.MethodPost: s.confirm(counters.Add)}),
		page("/admin/reset", methods{http.MethodPost: s.confirm(counters.Reset)}),
		page("/admin/export", methods{http.MethodGet: s.exportPage}),
		page("/admin/backup", methods{http.MethodGet: s.backupPage}),
		page("/admin/import", methods{http.MethodGet: s.importForm, http.MethodPost: s.importPage}),
		page("/admin/bring", methods{http.MethodGet: s.bringForm, http.MethodPost: s.bringLook}),
		page("/admin/bring/add", methods{http.MethodPost: s.bringAdd}),
		page("/admin/move", methods{http.MethodPost: s.move}),
		page("/admin/aliases", methods{http.MethodGet: s.aliases, http.MethodPost: s.removeAlias}),

		api("counters", methods{http.MethodGet: s.apiList}),
		api("counters/{name:.+}", methods{
			http.MethodGet: s.apiGet, http.MethodPut: s.apiPut, http.MethodDelete: s.apiDelete,
		}),
		api("export", methods{http.MethodGet: s.apiExport}),
		api("backup", methods{http.MethodGet: s.apiBackup}),
		api("import", methods{http.MethodPost: s.apiImport}),
		api("bring", methods{http.MethodPost: s.apiBring}),
		api("move", methods{http.MethodPost: s.apiMove}),
		api("aliases", methods{http.MethodGet: s.apiAliases}),
		api("aliases/{name:.+}", methods{http.MethodDelete: s.apiRemoveAlias}),

		{Path: apiPath, Below: true, Refuse: noAPI, Guard: gate.Bearer, Header: header},
		{Path: "/admin/", Below: true, Refuse: s.noPage, Guard: gate.Session, Header: header},
	}
}

func toSite(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/admin/", http.StatusSeeOther)
}

// stylesheet can be cached forever, because its path contains its hash.
func stylesheet(w http.ResponseWriter, _ *http.Request) {
	_, css := templates.AdminStylesheet()
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	respond.Write(w, http.StatusOK, "text/css; charset=utf-8", css)
}

// statusOf returns the HTTP status for an error that [counters.Explain] explains.
func statusOf(err error) int {
	switch {
	case errors.Is(err, counters.ErrForeign):
		return http.StatusNotFound
	case errors.Is(err, counter.ErrName), errors.Is(err, counters.ErrCut):
		return http.StatusBadRequest
	case errors.Is(err, counters.ErrLimit):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, counter.ErrUnknown) && !errors.Is(err, counter.ErrPending):
		return http.StatusGatewayTimeout
	case errors.Is(err, counter.ErrType), errors.Is(err, counter.ErrOverflow):
		return http.StatusConflict
	default:
		return http.StatusServiceUnavailable
	}
}
