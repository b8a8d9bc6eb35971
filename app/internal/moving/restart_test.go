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
	for {
		found, err := readDuringRestart(t, server, "redis://"+proxy.Addr(), keys)
		switch {
		case err == nil && found < keys:
			t.Fatalf("%d of %d keys were read; want an error", found, keys)
		case err != nil && strings.Contains(err.Error(), "restarted"):
			return
		}
		// On a slow machine it had been read already, or was away for too long to be read at all.
	}
}

// readDuringRestart restarts the server while the Redis at the URL is read.
func readDuringRestart(t *testing.T, server *redistest.Server, url string, keys int) (found int, err error) {
	t.Helper()
	database, err := moving.OpenDatabase(moving.DatabaseOptions{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer database.Close()
	admin := server.Client()
	admin.ConfigResetStat(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		finds, readErr := database.Read(t.Context(), moving.Keys{Kind: moving.Vercount, Limit: keys})
		found, err = len(finds), readErr
	}()
	for !strings.Contains(admin.Info(t.Context(), "commandstats").Val(), "cmdstat_mget") {
		select {
		case <-ended: // before it got so far
			return found, err
		default:
			time.Sleep(time.Millisecond)
		}
	}
	server.Restart()
	<-ended
	return found, err
}
