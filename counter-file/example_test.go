package counterfile_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"example.com/herokuapp/counter-core/coalesce"
	"example.com/herokuapp/counter-core/counterhttp"
	counterfile "example.com/herokuapp/counter-file"
)

// A page whose views are counted in a file, each exactly once.
func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	backend, err := counterfile.Open(filepath.Join(dir, "counts.db"), counterfile.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	// This patience is for the machines that test; leave it out.
	const patience = time.Minute
	store := coalesce.New(backend, coalesce.Options{Wait: patience, AttemptTimeout: patience})
	defer store.Close()

	views := counterhttp.New(store, counterhttp.Options{Wait: -1})
	handler := views.Page(counterhttp.Named("home"), func(w http.ResponseWriter, _ *http.Request, view counterhttp.View) {
		fmt.Fprintf(w, "This page was viewed %s times.\n", view)
	})
	for range 2 {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", nil))
		fmt.Print(w.Body)
	}
	// Output:
	// This page was viewed 1 times.
	// This page was viewed 2 times.
}
