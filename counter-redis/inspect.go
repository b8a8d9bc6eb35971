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

// Warnings looks at each server with counters, and at the keys of up to a thousand counters
// that this store has added to or read. It returns a sentence for each danger, which names
// the setting or the key and says how to mend it. In a Cluster the sentence begins with the
// addresses of the nodes concerned, unless it concerns all. A sentence stays the same as
// long as its cause lasts, so that a caller can tell what is new.
//
// It sends INFO and CONFIG GET, and each command that counting needs with an argument that
// can't be right, so nothing changes. If the host forbids INFO and CONFIG, it says nothing
// about settings. The error concerns servers that could not be asked; the warnings of the
// others are returned with it.
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
	refusal := s.refusal(ctx)
	dangers = slices.DeleteFunc(dangers, func(danger string) bool { return slices.Contains(refusal, danger) })
	return slices.Concat(refusal, dangers, found.sentences()), cmp.Or(err, errDangers)
}

// refusal returns a warning if the server does not do what counting needs. It is checked
// again here because the server may have been down when the store was opened, and because
// permissions change.
func (s *Store) refusal(ctx context.Context) []string {
	err := s.try(ctx)
	if mistaken := s.mistaken(ctx, err); mistaken != nil {
		return []string{fmt.Sprintf("%.500s. Not every view is counted. Correct the URL.", strings.TrimSuffix(sentence(mistaken), "."))}
	}
	if refused(err) {
		reason := strings.TrimSuffix(strings.TrimPrefix(sentence(cause(ctx, err)), "not sent: "), ".")
		return []string{fmt.Sprintf("it refuses this client: %.300s. No view is counted. Correct the URL, or the settings of the server.", reason)}
	}
	if keys, ok := errors.AsType[*KeysError](err); ok {
		return []string{keys.warning()}
	}
	failed, ok := errors.AsType[*trialError](err)
	if !ok {
		return nil
	}
	text := strings.TrimSuffix(sentence(cause(ctx, err)), ".")
	return []string{fmt.Sprintf("%.300s. %s "+
		"Permit this user GET, SET, DEL, INCRBY, EVAL and EVALSHA, for histories HINCRBY, HDEL, HGET, HGETALL and PEXPIREAT, "+
		"and all keys that begin with the prefix or with { and the prefix; or choose a Redis that runs scripts.", text, failed.effect)}
}

// warning says what endangers the counter.
func (e *KeysError) warning() string { return sentence(e) + ". Views of it are not counted." }

// sentence returns an error as a part of one line.
func sentence(err error) string {
	return strings.ToValidUTF8(strings.Join(strings.Fields(err.Error()), " "), "")
}

// findings collects what several servers say, which may be asked at the same time.
type findings struct {
	waits bool // for replicas

	mu      sync.Mutex
	servers []finding
}

// finding is a danger to counters on one server.
type finding struct {
	addr     string
	warnings []string
}

// look adds the findings of one server, or nothing if it can't be asked.
func (f *findings) look(ctx context.Context, client *redis.Client) error {
	learned, err := ask(ctx, client)
	if err != nil { // or what concerns all others would seem not to concern all
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.servers = append(f.servers, finding{client.Options().Addr, learned.warnings(f.waits)})
	return nil
}

// sentences returns each warning once, with addresses if it does not concern all servers.
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
