package counterredis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Warnings looks at each server that holds counters and at the keys of up to a thousand
// counters that this store has added to or read, and returns what endangers them: a
// sentence each, which names the setting or the key and how to mend it. In a
// Cluster it begins with the addresses of the nodes it is about, unless it is about
// all. The sentence stays the same as long as the cause does, so that a caller can
// tell what is new.
//
// It asks by INFO and CONFIG GET and gives each command that counting takes an argument
// that can't be right, so that nothing changes. It says nothing about what it can't learn
// because the host forbids INFO and CONFIG. The error is of servers that could not be
// asked; the warnings of the others come with it. The context bounds it all.
func (s *Store) Warnings(ctx context.Context) ([]string, error) {
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	found := findings{waits: s.replicas > 0}
	err := s.eachServer(ctx, func(ctx context.Context, client *redis.Client) error {
		return found.look(ctx, client)
	})
	if err != nil {
		err = readError(ctx, "look at the server", "", err)
	}
	dangers, errDangers := s.dangers(ctx)
	return slices.Concat(s.refusal(ctx), dangers, found.sentences()), cmp.Or(err, errDangers)
}

// refusal returns a warning if the server does not do what counting takes. It may have
// been away when the store was opened, and its permissions change.
func (s *Store) refusal(ctx context.Context) []string {
	err := s.try(ctx)
	if !errors.Is(err, errTrial) {
		return nil
	}
	text := strings.ToValidUTF8(strings.Join(strings.Fields(err.Error()), " "), "")
	return []string{fmt.Sprintf("%.300s. No view is counted. "+
		"Permit this user GET, SET, DEL, INCRBY, EVAL and EVALSHA, or choose a Redis that runs scripts.", text)}
}

// findings are what several servers say, which may be asked together.
type findings struct {
	waits bool // for replicas

	mu      sync.Mutex
	servers []finding
}

// finding is what endangers counters on one server.
type finding struct {
	addr     string
	warnings []string
}

// look adds that of one server, nothing if it can't be asked.
func (f *findings) look(ctx context.Context, client *redis.Client) error {
	learned, err := ask(ctx, client)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.servers = append(f.servers, finding{client.Options().Addr, learned.warnings(f.waits)})
	return err
}

// sentences returns the warnings, each once, with the addresses where they are not
// those of all servers.
func (f *findings) sentences() []string {
	slices.SortFunc(f.servers, func(a, b finding) int { return strings.Compare(a.addr, b.addr) })
	addrs := map[string][]string{} // by warning
	var sentences []string
	for _, server := range f.servers {
		for _, warning := range server.warnings {
			if addrs[warning] == nil {
				sentences = append(sentences, warning)
			}
			addrs[warning] = append(addrs[warning], server.addr)
		}
	}
	for i, warning := range sentences {
		if on := addrs[warning]; len(on) < len(f.servers) {
			sentences[i] = fmt.Sprintf("On %s: %s", strings.Join(on, ", "), warning)
		}
	}
	return sentences
}
