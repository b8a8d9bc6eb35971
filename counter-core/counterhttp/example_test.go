package counterhttp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/counterhttp"
)

// A page that shows how often it was viewed.
func ExampleCounter_Page() {
	store := newStore() // of a backend, such as countermemory.New()
	views := counterhttp.New(store, counterhttp.Options{})
	page := func(w http.ResponseWriter, _ *http.Request, view counterhttp.View) {
		fmt.Fprintf(w, "This page was viewed %s times.", view)
	}
	handler := views.Page(counterhttp.Named("home"), page)

	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", nil))
	fmt.Println(w.Header().Get(counterhttp.StatusHeader) + ": " + w.Body.String())
	// Output: counted: This page was viewed 1 times.
}

// Every page of a site, each counted by its path and together, by a middleware.
func ExampleCounter_Middleware() {
	views := counterhttp.New(newStore(), counterhttp.Options{})
	count := views.Middleware(func(r *http.Request) []string {
		return []string{"views:" + r.URL.Path, "site"}
	})
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s was viewed %s times.", r.URL.Path, counterhttp.ViewOf(r.Context()))
	})
	handler := count(page) // of a router: router.Use(count)

	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/about", nil))
	fmt.Println(w.Body)
	// Output: /about was viewed 1 times.
}

// A call of an API, which counts what a script on another page posts.
func ExampleCounter_Count() {
	views := counterhttp.New(newStore(), counterhttp.Options{Methods: []string{http.MethodPost}, Embedded: true})
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		view, err := views.Count(r, "views:"+r.PathValue("page"))
		if err != nil {
			http.Error(w, "The counter can't be reached.", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set(counterhttp.StatusHeader, string(view.Status))
		fmt.Fprintf(w, `{"views":%d}`, view.Number)
	})
	mux := http.NewServeMux()
	mux.Handle("POST /views/{page}", api)

	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/views/about", nil)
	r.Header.Set("Sec-Fetch-Dest", "empty") // as browsers say of scripts
	mux.ServeHTTP(w, r)
	fmt.Println(w.Header().Get(counterhttp.StatusHeader), w.Body)
	// Output: counted {"views":1}
}

func newStore() counter.Store { return &store{add: answer(1, nil)} }
