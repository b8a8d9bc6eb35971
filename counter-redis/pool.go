package counterredis

import "github.com/redis/go-redis/v9"

// PoolStats returns how the client's connections are used, in a Cluster those to all nodes
// together. It does not ask the server.
func (s *Store) PoolStats() *redis.PoolStats {
	if s.cluster != nil {
		return s.cluster.PoolStats()
	}
	return s.single.PoolStats()
}
