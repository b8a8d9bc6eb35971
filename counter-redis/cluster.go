package counterredis

import (
	"context"
	"sync"

	"github.com/redis/go-redis/v9"
)

// maxRedirects is how often a write follows a Cluster's nodes to another one: a
// slot moves once, and may be on its way once more.
const maxRedirects = 3

// route sends the writes to the nodes of a Cluster that have their keys, to all
// nodes at once, and follows those that say that another node has a key.
//
// go-redis's own pipeline would do so, too, but send a WAIT to any node.
func (s *Store) route(ctx context.Context, cluster *redis.ClusterClient, writes []*write, replicas int) {
	groups := map[destination][]*write{}
	for i, w := range writes {
		client, err := cluster.MasterForKey(ctx, w.key)
		if err != nil { // no node says who has which keys: not to be asked for each key
			for _, w := range writes[i:] {
				w.err = &unsentError{err}
			}
			break
		}
		to := destination{client: client}
		groups[to] = append(groups[to], w)
	}
	for redirects := 0; ; redirects++ {
		s.exchangeAll(ctx, groups, replicas)
		if redirects == maxRedirects {
			break
		}
		if groups = redirected(ctx, cluster, groups); len(groups) == 0 {
			break
		}
	}
	// What failed may have failed because the Cluster is not what it was.
	for _, w := range writes {
		if w.err != nil && sentinel(w.err) == nil {
			cluster.ReloadState(ctx) // in its own time
			return
		}
	}
}

// destination is the node that a write goes to.
type destination struct {
	client *redis.Client
	asking bool
}

// exchangeAll sends the writes to their destinations, and returns once all have ended.
func (s *Store) exchangeAll(ctx context.Context, groups map[destination][]*write, replicas int) {
	var wg sync.WaitGroup
	left := len(groups)
	for to, writes := range groups {
		how := exchange{replicas: replicas, asking: to.asking}
		if left--; left == 0 {
			s.exchange(ctx, to.client, writes, how)
		} else {
			wg.Go(func() { s.exchange(ctx, to.client, writes, how) })
		}
	}
	wg.Wait()
}

// redirected returns the writes that were sent to a node that does not have their
// key, by the node that does as far as that is known.
func redirected(ctx context.Context, cluster *redis.ClusterClient, groups map[destination][]*write) map[destination][]*write {
	var nodes map[string]*redis.Client
	next := map[destination][]*write{}
	for _, writes := range groups {
		for _, w := range writes {
			addr, moved := redis.IsMovedError(w.err)
			asked := false
			if !moved {
				addr, asked = redis.IsAskError(w.err)
			}
			if !moved && !asked {
				continue
			}
			if nodes == nil {
				nodes = nodesOf(ctx, cluster)
			}
			if client, ok := nodes[addr]; ok {
				to := destination{client: client, asking: asked}
				next[to] = append(next[to], w)
			}
		}
	}
	return next
}

// nodesOf returns the Cluster's nodes as they are now, by their addresses.
func nodesOf(ctx context.Context, cluster *redis.ClusterClient) map[string]*redis.Client {
	var mu sync.Mutex
	nodes := map[string]*redis.Client{}
	// Its only error is that the Cluster could not be asked: then no node is found.
	_ = cluster.ForEachShard(ctx, func(_ context.Context, client *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		nodes[client.Options().Addr] = client
		return nil
	})
	return nodes
}

// unsentError is why a command was sent to no server.
type unsentError struct{ err error }

func (e *unsentError) Error() string { return e.err.Error() }
func (e *unsentError) Unwrap() error { return e.err }
