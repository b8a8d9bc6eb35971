package counterredis

import "github.com/redis/go-redis/v9"

// once is a command that go-redis sends at most once, on a single server and on a
// Cluster, whatever the client's options: when a reply is lost the command may
// have run, and a second one would count twice.
type once struct{ redis.Cmder }

// NoRetry is asked by go-redis before it sends a command again.
func (once) NoRetry() bool { return true }
