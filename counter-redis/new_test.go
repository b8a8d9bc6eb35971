package counterredis_test

import (
	"maps"
	"testing"

	"github.com/redis/go-redis/v9"

	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// decorated is a client that somebody has wrapped: what lies behind it is unknown.
type decorated struct{ redis.UniversalClient }

// Clients that could be served only in part are refused.
func TestNewRefuses(t *testing.T) {
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": "127.0.0.1:1"}})
	plain := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	caching := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", Protocol: 3, ClientSideCacheConfig: &redis.ClientSideCacheConfig{}})
	cluster := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"127.0.0.1:1"}})
	for name, client := range map[string]redis.UniversalClient{
		"nil":               nil,
		"nil client":        (*redis.Client)(nil),
		"nil cluster":       (*redis.ClusterClient)(nil),
		"ring":              ring,
		"cache":             caching,
		"decorated":         decorated{plain},
		"decorated cluster": &decorated{cluster},
		"embedded":          struct{ *redis.Client }{plain},
	} {
		if store, err := counterredis.New(client, counterredis.Options{}); err == nil {
			t.Errorf("New(%s) = %v; want an error", name, store)
		}
	}
	for _, client := range []redis.UniversalClient{plain, cluster} {
		if store, err := counterredis.New(client, counterredis.Options{WaitReplicas: -1}); err == nil {
			t.Errorf("New with -1 WaitReplicas = %v; want an error", store)
		}
	}
	for _, client := range []redis.UniversalClient{ring, plain, caching, cluster} {
		_ = client.Close()
	}
}

// A Cluster's client that reads from replicas, which may be behind, reads from primaries.
func testReadsFromPrimaries(t *testing.T, cluster *redistest.Cluster) {
	t.Helper()
	for name, opts := range map[string]redis.ClusterOptions{
		"ReadOnly": {ReadOnly: true}, "RouteRandomly": {RouteRandomly: true}, // RouteByLatency has a data race of its own
	} {
		t.Run(name, func(t *testing.T) {
			for _, primary := range cluster.Primaries(t) {
				do(t, primary.Client(), "flushall")
			}
			opts.Addrs = []string{cluster.Nodes()[0].Addr()}
			store := borrow(t, redis.NewClusterClient(&opts))
			for _, replica := range cluster.Replicas(t) {
				do(t, replica.Client(), "config", "resetstat")
			}
			wantServed(t, store)
			for _, replica := range cluster.Replicas(t) {
				for _, command := range []string{"get", "scan"} {
					if n := calls(t, replica.Client(), command); n > 0 {
						t.Errorf("a replica was sent %s %d times", command, n)
					}
				}
			}
		})
	}
}

// Sentinels' servers through the client of a Cluster are served wholly, too.
func TestNewFailoverClusterClient(t *testing.T) {
	sentinel := redistest.StartSentinel(t, redistest.Topology{})
	opts, err := redis.ParseFailoverURL(sentinel.URL())
	if err != nil {
		t.Fatal(err)
	}
	opts.RouteRandomly = true
	wantServed(t, borrow(t, redis.NewFailoverClusterClient(opts)))
}

// wantServed counts with an empty store in every way.
func wantServed(t *testing.T, store *counterredis.Store) {
	t.Helper()
	batches := manyBatches(20)
	wantApplied(t, store, batches, 1)
	want := map[string]int64{"added": 1, "set": 7}
	for _, batch := range batches {
		wantGet(t, store, batch.Name, 1)
		want[batch.Name] = 1
	}
	wantAdd(t, store, "added", 1)
	set(t, store, "set", 7)
	if got := list(t, store); !maps.Equal(got, want) {
		t.Errorf("List yields %v; want %v", got, want)
	}
	if err := store.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	wantWarnings(t, store)
}
