package counterredis

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// maxInHand is how many counters are looked after: a sample, where more are in use.
	maxInHand = 1024
	// maxKeyWarnings is how many keys are named for one kind of danger.
	maxKeyWarnings = 5
	// fullSoon is how near a counter may come to the largest int64.
	fullSoon = 1 << 53
)

// inHand are the keys of counters in use: each with the time at which it was said to
// expire, zero if nothing was said. The zero value is ready to use.
type inHand struct {
	mu   sync.Mutex
	keys map[string]time.Time
}

// use notes that a counter is in use.
func (h *inHand) use(key string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.useLocked(key)
}

// useAll notes that the counters of the commands are in use.
func (h *inHand) useAll(commands []*command) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range commands {
		h.useLocked(c.key)
	}
}

func (h *inHand) useLocked(key string) {
	if len(h.keys) >= maxInHand {
		return
	}
	if _, known := h.keys[key]; known {
		return
	}
	if h.keys == nil {
		h.keys = map[string]time.Time{}
	}
	h.keys[key] = time.Time{}
}

// expires notes that the server has said when the key, which was noted before, expires.
func (h *inHand) expires(key string, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, known := h.keys[key]; known {
		h.keys[key] = at
	}
}

// take returns the keys. Once there are as many as there may be, it forgets them, so that
// others get their turn.
func (h *inHand) take() map[string]time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	taken := maps.Clone(h.keys)
	clear(h.keys)
	if len(taken) < maxInHand {
		for key := range taken {
			h.keys[key] = time.Time{}
		}
	}
	return taken
}

// dangers looks at the counters in use, and returns what endangers them: the counters
// that expire, and those whose keys hold something that can't be added to.
func (s *Store) dangers(ctx context.Context) ([]string, error) {
	taken := s.hand.take()
	keys := slices.Sorted(maps.Keys(taken))
	lives, values := make([]*redis.IntCmd, len(keys)), make([]*redis.StringCmd, len(keys))
	commands := make([]*command, 0, 2*len(keys))
	for i, key := range keys {
		lives[i] = redis.NewIntCmd(ctx, "pttl", key)
		values[i] = redis.NewStringCmd(ctx, "getrange", key, 0, 20) // no integer is longer, and others may be huge
		commands = append(commands, &command{key: key, Cmder: lives[i]}, &command{key: key, Cmder: values[i]})
	}
	var found keyWarnings
	var failed error
	for part := range slices.Chunk(commands, 512) { // so that the server serves others in between
		s.send(ctx, part, delivery{reads: true})
	}
	for i, key := range keys {
		life, value := commands[2*i].err, commands[2*i+1].err
		if life != nil && !replied(life, "") {
			failed = readError(ctx, "look at the keys", "", life)
			s.hand.expires(key, taken[key])
			continue
		}
		said, text := taken[key], values[i].Val()
		number, isNumber := parse(text)
		var named bool
		switch {
		case life == nil && lives[i].Val() >= 0:
			named = found.add("expires", key, "Redis will remove the counter, which then begins at zero. Send PERSIST "+word(key)+".") || named
		case life == nil && !said.IsZero() && time.Now().After(said):
			found.add("has expired", key, "Redis has removed the counter, which began at zero again. Set it to what it was, without an expiry.")
		}
		switch {
		case wrongType(value):
			named = found.add("holds another type", key, "Nothing can be added to it. Send DEL "+word(key)+", or set the counter, if nobody needs what it holds.") || named
		case value == nil && text != "" && !isNumber: // it is empty where there is no key
			named = found.add("holds no integer", key, "Nothing can be added to it. Set the counter.") || named
		case value == nil && number > math.MaxInt64-fullSoon:
			named = found.add("is nearly full", key, "No more than "+strconv.FormatInt(math.MaxInt64, 10)+" can be counted. Set the counter to less.") || named
		}
		if named {
			s.hand.use(key) // so that it does not leave the sample before it is mended
		}
	}
	return found.sentences(), failed
}

// keyWarnings are the warnings about keys, by kind, in the order in which the kinds were
// found.
type keyWarnings struct {
	kinds []string
	by    map[string][]string
}

// add adds one, and returns whether it is named.
func (w *keyWarnings) add(kind, key, text string) bool {
	if w.by == nil {
		w.by = map[string][]string{}
	}
	if w.by[kind] == nil {
		w.kinds = append(w.kinds, kind)
	}
	switch n := len(w.by[kind]); {
	case n < maxKeyWarnings:
		w.by[kind] = append(w.by[kind], fmt.Sprintf("the key %s %s: %s", word(key), kind, text))
	case n == maxKeyWarnings:
		w.by[kind] = append(w.by[kind], "further keys are in use of which each "+kind+". Mend those that are named first.")
	}
	return len(w.by[kind]) <= maxKeyWarnings
}

func (w *keyWarnings) sentences() []string {
	slices.Sort(w.kinds)
	var sentences []string
	for _, kind := range w.kinds {
		sentences = append(sentences, w.by[kind]...)
	}
	return sentences
}

// word returns the key as redis-cli takes it.
func word(key string) string {
	if strings.ContainsFunc(key, func(r rune) bool {
		return r > '~' || !strings.ContainsRune(":._-/{}%", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		return strconv.Quote(key)
	}
	return key
}
