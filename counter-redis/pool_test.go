package counterredis_test

import (
	"testing"

	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

func TestPoolStats(t *testing.T) {
	for name, url := range map[string]string{
		"single":  redistest.Start(t).URL(),
		"cluster": redistest.StartCluster(t, redistest.Topology{}).URL(),
	} {
		store, err := counterredis.Open(t.Context(), url, counterredis.Options{MaxConns: 2})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		defer store.Close()
		if _, err := store.Add(t.Context(), "a", 1); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		stats := store.PoolStats()
		if stats.TotalConns < 1 || stats.IdleConns != stats.TotalConns || stats.Misses < 1 {
			t.Errorf("%s: %+v; want open connections, all of them idle", name, stats)
		}
	}
}
