package counterredis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// maxRedirects is how often a command follows a redirection from one node of a Cluster to
// another: its slot may have moved, and may be moving again.
const maxRedirects = 3

// route sends the commands to the primaries of a Cluster that have their keys, to all
// primaries at once. It follows redirections.
//
// go-redis's own pipeline does the same, but would send a WAIT to an arbitrary node.
func (s *Store) route(ctx context.Context, commands []*command, how delivery) {
	groups := map[destination][]*command{}
	for i, c := range commands {
		client, err := s.cluster.MasterForKey(ctx, c.key)
		if err != nil { // no node says where the keys are: don't ask again for each key
			for _, c := range commands[i:] {
				c.err = &unsentError{slotsError(err)}
			}
			break
		}
		to := destination{client: client}
		groups[to] = append(groups[to], c)
	}
	for redirects := 0; ; redirects++ {
		s.deliverAll(ctx, groups, how)
		if redirects == maxRedirects {
			break
		}
		if groups = s.redirected(ctx, groups); len(groups) == 0 {
			break
		}
	}
	// Commands may have failed because the Cluster has changed.
	for _, c := range commands {
		if c.err != nil && sentinel(c.err) == nil && !missing(c.err) {
			s.cluster.ReloadState(ctx) // in its own time
			return
		}
	}
}

// destination is the node that a command goes to.
type destination struct {
	client *redis.Client
	asking bool
}

// deliverAll sends the commands to their destinations, and returns once all have ended.
func (s *Store) deliverAll(ctx context.Context, groups map[destination][]*command, how delivery) {
	var wg sync.WaitGroup
	left := len(groups)
	for to, commands := range groups {
		how := how
		how.asking = to.asking
		if left--; left == 0 {
			deliver(ctx, to.client, commands, how, s.patience)
		} else {
			wg.Go(func() { deliver(ctx, to.client, commands, how, s.patience) })
		}
	}
	wg.Wait()
}

// redirected returns the commands that were sent to a node that does not have their
// key, by the node that does.
func (s *Store) redirected(ctx context.Context, groups map[destination][]*command) map[destination][]*command {
	next := map[destination][]*command{}
	var known map[string]*redis.Client
	for from, commands := range groups {
		for _, c := range commands {
			named, moved := redis.IsMovedError(c.err)
			asked := false
			if !moved {
				named, asked = redis.IsAskError(c.err)
			}
			if !moved && !asked {
				continue
			}
			addr, err := dialable(named, from.client.Options().Addr)
			if err != nil {
				c.err = fmt.Errorf("%w: %w", c.err, err)
				continue
			}
			if known == nil {
				known = nodesOf(ctx, s.cluster)
			}
			client := known[addr]
			if client == nil {
				client = s.strangers.client(addr, from.client)
			}
			to := destination{client: client, asking: asked}
			next[to] = append(next[to], c)
		}
	}
	return next
}

// nodesOf returns the known nodes of the Cluster by address.
func nodesOf(ctx context.Context, cluster *redis.ClusterClient) map[string]*redis.Client {
	var mu sync.Mutex
	nodes := map[string]*redis.Client{}
	// Its only error is that the Cluster could not be asked: then no node is found.
	_ = cluster.ForEachShard(ctx, func(_ context.Context, client *redis.Client) error {
		addr := client.Options().Addr
		addr, err := dialable(addr, addr)
		if err != nil {
			return nil // nobody can be redirected there
		}
		mu.Lock()
		defer mu.Unlock()
		nodes[addr] = client
		return nil
	})
	return nodes
}

// dialable returns the address to dial for the address named, which came from the node at the
// address asked.
//
// https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#moved-redirection
func dialable(named, asked string) (string, error) {
	askedHost, askedPort, err := net.SplitHostPort(asked)
	if err != nil {
		return "", fmt.Errorf("the address of its node is %q", asked)
	}
	colon := strings.LastIndexByte(named, ':') // an IPv6 address may have no brackets
	if colon < 0 {
		return "", fmt.Errorf("the address %q is not host:port", named)
	}
	host := strings.TrimSuffix(strings.TrimPrefix(named[:colon], "["), "]")
	port := named[colon+1:]
	if port == "0" { // of nodes that listen with TLS alone
		port = askedPort
	}
	switch {
	case !numberWithin(port, 1, 1<<16-1):
		return "", fmt.Errorf("the address %q has no port", named)
	case host == "?": // it is to be named by its hostname, and has none
		return "", errors.New("the Cluster does not say where that node is: it has no cluster-announce-hostname")
	case host == "": // cluster-preferred-endpoint-type unknown-endpoint: where this node is
		host = askedHost
	case loopback(host) && !loopback(askedHost): // as the node sees itself
		host = askedHost
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.Unmap().String()
	}
	return net.JoinHostPort(strings.ToLower(host), port), nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || host == "localhost"
}

// slotsError explains why it is unknown which node has which keys.
func slotsError(err error) error {
	if missing(err) { // a null where go-redis expects a host
		return errors.New("CLUSTER SLOTS names nodes without their hosts, as with cluster-preferred-endpoint-type unknown-endpoint")
	}
	return err
}

// strangers are clients of nodes that the Cluster's client does not know yet. A primary that is
// about to get its first slot is not in any list.
type strangers struct {
	hooks []redis.Hook // of each client

	mu      sync.Mutex
	closed  bool
	clients map[string]*stranger // by address
}

type stranger struct {
	client *redis.Client
	used   time.Time
}

// strangerLife is how long a client is kept after its last use: longer than a
// call takes. By then the Cluster's client knows the node.
const strangerLife = 10 * time.Minute

// client returns a client of the node at the address, with the options of the other client.
func (s *strangers) client(addr string, like *redis.Client) *redis.Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for addr, old := range s.clients {
		if now.Sub(old.used) > strangerLife {
			_ = old.client.Close() // nobody waits for it
			delete(s.clients, addr)
		}
	}
	if known := s.clients[addr]; known != nil {
		known.used = now
		return known.client
	}
	opts := optionsLike(like)
	opts.Addr, opts.NodeAddress = addr, ""
	client := redis.NewClient(&opts)
	for _, hook := range s.hooks {
		client.AddHook(hook)
	}
	if s.closed {
		_ = client.Close() // its commands fail, as those of the other one do
		return client
	}
	if s.clients == nil {
		s.clients = map[string]*stranger{}
	}
	s.clients[addr] = &stranger{client, now}
	return client
}

// optionsLike returns the options for one more client like the other.
func optionsLike(other *redis.Client) redis.Options {
	opts := *other.Options()
	opts.MaxRetries = -1
	opts.MinIdleConns = 0
	// Without a timeout it is 0 in the options of a client, and -1 in those for one.
	opts.ReadTimeout = cmp.Or(opts.ReadTimeout, -1)
	opts.WriteTimeout = cmp.Or(opts.WriteTimeout, -1)
	return opts
}

// close closes the clients.
func (s *strangers) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var errs []error
	for _, stranger := range s.clients {
		errs = append(errs, stranger.client.Close())
	}
	clear(s.clients)
	return errors.Join(errs...)
}
