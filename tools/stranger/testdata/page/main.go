// Page serves a page that says how often it was viewed, at the address it prints.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"

	"example.com/herokuapp/counter-core/counterhttp"
	countermemory "example.com/herokuapp/counter-memory"
)

func main() {
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "viewed %s times", counterhttp.ViewOf(r.Context()))
	})
	views := counterhttp.New(countermemory.New(), counterhttp.Options{})
	handler := views.Handler(counterhttp.Named("home"), page)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("http://" + listener.Addr().String())
	log.Fatal(http.Serve(listener, handler))
}
