package counterredis_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// listed is how many counters setMany sets: a scan takes many steps.
const listed = 20_000

func setMany(t *testing.T, client *redis.Client) {
	t.Helper()
	pipe := client.Pipeline()
	for i := range listed {
		pipe.Set(t.Context(), fmt.Sprint("views:", i), 1, 0)
	}
	if _, err := pipe.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// A server that restarts has its keys in another order: a cursor from before means nothing to it.
func TestListAcrossARestart(t *testing.T) {
	server := redistest.Start(t)
	setMany(t, server.Client())
	var restart sync.Once
	store := borrow(t, server.Client(), afterScan(func(context.Context, *redis.ScanCmd) { restart.Do(server.Restart) }))
	if got := len(list(t, store)); got != listed {
		t.Errorf("List yields %d of %d counters", got, listed)
	}
}

func TestListOfServersThatKeepChanging(t *testing.T) {
	server := redistest.Start(t)
	setMany(t, server.Client())
	processes := 0
	store := borrow(t, server.Client(), hook(func(ctx context.Context, cmd redis.Cmder, send redis.ProcessHook) error {
		err := send(ctx, cmd)
		if info, ok := cmd.(*redis.StringCmd); ok && cmd.Name() == "info" {
			processes++
			info.SetVal(fmt.Sprintf("run_id:%d\r\n", processes))
		}
		return err
	}))
	yielded := 0
	var last error
	for _, err := range store.List(t.Context(), "") {
		if last = err; err == nil {
			yielded++
		}
	}
	if last == nil || !strings.Contains(last.Error(), "restarted") || yielded > listed {
		t.Errorf("List yields %d counters, and ends with %v; want an error, and each counter once at most", yielded, last)
	}
}

// A user without INFO lists all the same.
func TestListWithoutInfo(t *testing.T) {
	server := redistest.Start(t)
	setMany(t, server.Client())
	setUser(t, server.Client(), "~*", "+@all", "-info")
	store := openWith(t, withLogin(server, "limited:s3cret"), counterredis.Options{})
	if got := len(list(t, store)); got != listed {
		t.Errorf("List yields %d of %d counters", got, listed)
	}
}
