package moving_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"example.com/herokuapp/app/internal/moving"
	"example.com/herokuapp/counter-redis/redistest"
)

// What a Redis has that restarts while its keys are read is not taken for all.
func TestRedisRestartsWhileItIsRead(t *testing.T) {
	server := redistest.Start(t)
	pipe := server.Client().Pipeline()
	const keys = 10_000
	for i := range keys {
		pipe.Set(t.Context(), fmt.Sprint("pv:page:example.com:/", i), 1, 0)
	}
	if _, err := pipe.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	proxy := redistest.StartProxy(t, server.Addr())
	proxy.SetFaults(redistest.Faults{Delay: 20 * time.Millisecond})
	database, err := moving.OpenDatabase(moving.DatabaseOptions{URL: "redis://" + proxy.Addr() + "?max_retries=1000"})
	if err != nil {
		t.Fatal(err)
	}
	defer database.Close()
	finds, failed := 0, make(chan error)
	go func() {
		found, err := database.Read(t.Context(), moving.Keys{Kind: moving.Vercount, Limit: keys})
		finds = len(found)
		failed <- err
	}()
	admin := server.Client()
	for !strings.Contains(admin.Info(t.Context(), "commandstats").Val(), "cmdstat_mget") {
		time.Sleep(time.Millisecond)
	}
	server.Restart()
	if err := <-failed; err == nil || !strings.Contains(err.Error(), "restarted") {
		t.Errorf("%d of %d keys were read: %v; want an error that says why", finds, keys, err)
	}
}
