package counterredis

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Warnings looks at each server that holds counters, and returns what endangers
// them there: a sentence each, which names the setting and how to mend it. In a
// Cluster it begins with the addresses of the nodes it is about, unless it is about
// all. The sentence stays the same as long as the cause does, so that a caller can
// tell what is new.
//
// It asks by INFO and CONFIG GET, changes nothing, and says nothing of what it can't
// learn because the host forbids them. The error is of servers that could not be
// asked; the warnings of the others come with it. The context bounds it all.
func (s *Store) Warnings(ctx context.Context) ([]string, error) {
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	var found findings
	look := func(ctx context.Context, client *redis.Client) error {
		return found.look(ctx, client, client.Options().Addr)
	}
	var err error
	switch client := s.client.(type) {
	case *redis.ClusterClient:
		err = client.ForEachMaster(ctx, look)
	case *redis.Ring:
		err = client.ForEachShard(ctx, look)
	default:
		err = found.look(ctx, client, "")
	}
	if err != nil {
		err = readError(ctx, "look at the server", "", err)
	}
	return found.sentences(), err
}

// findings are the warnings of several servers, which may be looked at together.
type findings struct {
	mu      sync.Mutex
	servers int                 // looked at, or tried to
	on      map[string][]string // addresses by warning
	order   []string            // of the warnings
}

// look adds those of one server.
func (f *findings) look(ctx context.Context, client pipeliner, addr string) error {
	learned, err := ask(ctx, client)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.servers++
	for _, warning := range learned.warnings() {
		if f.on == nil {
			f.on = map[string][]string{}
		}
		if f.on[warning] == nil {
			f.order = append(f.order, warning)
		}
		f.on[warning] = append(f.on[warning], addr)
	}
	return err
}

// sentences returns them, with addresses where they are not those of all.
func (f *findings) sentences() []string {
	var sentences []string
	for _, warning := range f.order {
		if addrs := f.on[warning]; len(addrs) < f.servers {
			slices.Sort(addrs)
			warning = fmt.Sprintf("On %s: %s", strings.Join(addrs, ", "), warning)
		}
		sentences = append(sentences, warning)
	}
	return sentences
}
