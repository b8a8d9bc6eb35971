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
func ExampleHandler() {
	store := newStore() // of a backend, such as countermemory.New()
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "This page was viewed %s times.", counterhttp.ViewOf(r.Context()))
	})
	handler := counterhttp.Handler(store, counterhttp.Named("home"), page, counterhttp.Options{})

	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", nil))
	fmt.Println(w.Header().Get(counterhttp.StatusHeader) + ": " + w.Body.String())
	// Output: counted: This page was viewed 1 times.
}

func newStore() counter.Store { return &store{add: answer(1, nil)} }
