package redistest_test

import (
	"fmt"
	"testing"

	"example.com/herokuapp/counter-redis/redistest"
)

// A test has a Redis of its own, and can kill it.
func ExampleStart() {
	fmt.Printf("%T\n", testRestart) // name it TestRestart, and go test runs it
	// Output: func(*testing.T)
}

func testRestart(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client()
	if err := client.Incr(t.Context(), "views").Err(); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	server.Restart()
	if got, err := client.Get(t.Context(), "views").Result(); err != nil || got != "1" {
		t.Errorf("after a crash there are %q views, %v; want 1", got, err)
	}
}
