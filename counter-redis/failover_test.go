package counterredis_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

func TestSentinel(t *testing.T) {
	t.Parallel()
	sentinel := redistest.StartSentinel(t, redistest.Topology{})
	store := openWith(t, sentinel.URL()+"&"+strings.TrimPrefix(patient, "?"), counterredis.Options{WaitReplicas: 2})
	if got := store.String(); !strings.HasPrefix(got, "redis primary/0 by sentinels 127.0.0.1:") {
		t.Errorf("String is %q", got)
	}
	wantAdd(t, store, "a", 1)
	wantApplied(t, store, []counter.Batch{{Name: "a", Writer: "w", Delta: 1, Sum: 1}}, 2)
	for _, node := range sentinel.Nodes() {
		if got := node.Client().Get(t.Context(), "a").Val(); got != "2" {
			t.Errorf("a node has %q; want 2 on each, which was waited for", got)
		}
	}

	_, err := counterredis.Open(t.Context(), strings.Replace(sentinel.URL(), "master_name=primary", "master_name=none", 1), counterredis.Options{})
	if !errors.Is(err, counterredis.ErrRefused) || !strings.Contains(err.Error(), "master_name") {
		t.Errorf("Open with another master_name: %v; want %v that names it", err, counterredis.ErrRefused)
	}

	t.Run("Failover", func(t *testing.T) {
		testFailover(t, sentinel.URL(), counterredis.Options{WaitReplicas: 2}, func() *redistest.Node { return sentinel.Primary(t) })
	})
}

func TestClusterFailover(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, redistest.Topology{})
	testFailover(t, cluster.URL(), counterredis.Options{WaitReplicas: 1}, func() *redistest.Node { return cluster.PrimaryOf(t, "failover") })
}

// testFailover adds to the counter "failover" through a primary that is killed,
// and its successor, which waits for the killed one to be its replica.
func testFailover(t *testing.T, url string, opts counterredis.Options, primary func() *redistest.Node) {
	t.Helper()
	gathered := coalesce.New(openWith(t, url, opts), coalesce.Options{})
	t.Cleanup(func() { _ = gathered.Close() })
	numbers := map[int64]bool{}
	kept := 0
	add := func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		number, err := counter.Inc(ctx, gathered, "failover")
		switch {
		case err == nil && numbers[number]:
			t.Errorf("%d was given out twice", number)
		case err == nil:
			numbers[number] = true
		case errors.Is(err, counter.ErrPending):
			kept++
			time.Sleep(5 * time.Millisecond) // while nobody serves, they are kept as fast as they come
		case errors.Is(err, context.DeadlineExceeded): // it ended before Inc began, on a slow machine
		default:
			t.Fatalf("Inc: %v", err)
		}
	}
	addUntil := func(done func() bool) {
		t.Helper()
		for !done() {
			add()
		}
	}
	addUntil(func() bool { return len(numbers) >= 20 })
	killed := primary()
	killed.Kill()
	addUntil(func() bool { return kept > 0 })
	addUntil(func() bool { return primary() != killed })
	killed.Restart()
	counted := len(numbers)
	addUntil(func() bool { return len(numbers) >= counted+20 })
	if err := gathered.Shutdown(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	wantGet(t, openWith(t, url, opts), "failover", int64(len(numbers)+kept))
}
