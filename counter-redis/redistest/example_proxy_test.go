package redistest_test

import (
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"

	"example.com/herokuapp/counter-redis/redistest"
)

// A test loses the reply of a command that the server has done.
func ExampleStartProxy() {
	fmt.Printf("%T\n", testLostReply) // name it TestLostReply, and go test runs it
	// Output: func(*testing.T)
}

func testLostReply(t *testing.T) {
	server := redistest.Start(t)
	proxy := redistest.StartProxy(t, server.Addr())
	client := redis.NewClient(&redis.Options{Addr: proxy.Addr(), MaxRetries: -1})
	defer client.Close()

	proxy.SetFaults(redistest.Faults{LoseReplies: 1})
	if err := client.Incr(t.Context(), "views").Err(); err == nil {
		t.Error("INCR succeeds; want that its reply is lost")
	}
	if got, err := server.Client().Get(t.Context(), "views").Result(); err != nil || got != "1" {
		t.Errorf("there are %q views, %v; want 1", got, err)
	}
}
