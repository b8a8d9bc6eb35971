package counterredis

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
)

const (
	// maxInHand is how many counters are watched. If more are in use, it is a sample.
	maxInHand = 1024
	// maxKeyWarnings is how many keys are named for one kind of danger.
	maxKeyWarnings = 5
	// maxTried is for how many counters the user's permissions are tried.
	maxTried = 64
	// fullSoon is how close to the largest int64 a counter may come without a warning.
	fullSoon = 1 << 53
)

// inHand holds the keys of counters in use, each with the time at which it will expire, or the
// zero time. The zero value is ready to use.
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

// useAll notes that the counters of the items are in use.
func (h *inHand) useAll(items []item) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range items {
		h.useLocked(items[i].key)
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

// expires notes when a known key expires.
func (h *inHand) expires(key string, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, known := h.keys[key]; known {
		h.keys[key] = at
	}
}

// take returns the keys. If the sample is full, it also forgets them, so that others get
// their turn.
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

// dangers looks at the counters in use. It returns a warning for each that expires or whose
// key has a value that can't be added to.
func (s *Store) dangers(ctx context.Context) ([]string, error) {
	taken := s.hand.take()
	var looks []*keyLook
	var commands []*command
	parts := s.historyParts()
	for _, key := range slices.Sorted(maps.Keys(taken)) {
		look := newKeyLook(ctx, key, taken[key], parts)
		looks = append(looks, look)
		commands = append(commands, look.commands()...)
	}
	for part := range slices.Chunk(commands, 512) { // so that the server serves others in between
		s.send(ctx, part, delivery{reads: true})
	}
	var found keyWarnings
	var failed error
	for _, look := range looks {
		if err := look.askLife.err; err != nil && !replied(err, "") {
			failed = readError(ctx, "look at the keys", "", err)
			s.hand.expires(look.key, look.said)
			continue
		}
		if found.addAll(look) {
			s.hand.use(look.key) // keeps it in the sample until it is mended
		}
	}
	sentences := found.sentences()
	few := slices.Sorted(maps.Keys(taken))
	if denied, ok := errors.AsType[*KeysError](s.tryKeys(ctx, few[:min(len(few), maxTried)])); ok {
		sentences = append(sentences, denied.warning())
	}
	return sentences, failed
}

// historyParts are the ends of the keys of a history that batches add to now. Those before the last
// are kept as long as the counter.
func (s *Store) historyParts() []string {
	if s.noHistory {
		return nil
	}
	now := s.momentOf(counter.HistoryHour(time.Now()))
	return []string{monthsPart, now.month, now.date}
}

// keyLook is a look at the key of a counter, and at those of its history.
type keyLook struct {
	key  string
	said time.Time // when it was to expire

	life             *redis.IntCmd
	text             *redis.StringCmd
	askLife, askText command

	history []historyLook
}

// historyLook is a look at one key of a history.
type historyLook struct {
	key               string
	life              *redis.IntCmd // nil if the key may expire
	askLife, askField command
}

func newKeyLook(ctx context.Context, key string, said time.Time, parts []string) *keyLook {
	l := &keyLook{key: key, said: said, life: redis.NewIntCmd(ctx, "pttl", key)}
	l.text = redis.NewStringCmd(ctx, "getrange", key, 0, 20) // an integer is not longer, and other values may be huge
	l.askLife, l.askText = command{Cmder: l.life, key: key}, command{Cmder: l.text, key: key}
	for i, part := range parts {
		h := historyLook{key: historyKey(key, part)}
		h.askField = command{Cmder: redis.NewStringCmd(ctx, "hget", h.key, "field"), key: key}
		if i < len(parts)-1 {
			h.life = redis.NewIntCmd(ctx, "pttl", h.key)
			h.askLife = command{Cmder: h.life, key: key}
		}
		l.history = append(l.history, h)
	}
	return l
}

// commands are what the look asks.
func (l *keyLook) commands() []*command {
	asked := []*command{&l.askLife, &l.askText}
	for i := range l.history {
		h := &l.history[i]
		asked = append(asked, &h.askField)
		if h.life != nil {
			asked = append(asked, &h.askLife)
		}
	}
	return asked
}

// keyWarnings has the warnings about keys by kind.
type keyWarnings struct {
	kinds []string
	by    map[string][]string
}

// addAll adds the warnings about the key. It reports whether one of them names the key and will
// be repeated for as long as its cause lasts.
func (w *keyWarnings) addAll(look *keyLook) (named bool) {
	for i := range look.history {
		h := &look.history[i]
		if wrongType(h.askField.err) {
			named = w.add("holds another type", h.key, "No history is kept meanwhile. Send DEL "+word(h.key)+", if nobody needs what it holds.") || named
		}
		if h.life != nil && h.askLife.err == nil && h.life.Val() >= 0 {
			named = w.add("expires", h.key, "Redis will remove a part of a counter's history. Send PERSIST "+word(h.key)+".") || named
		}
	}
	key := look.key
	if look.askLife.err == nil {
		switch {
		case look.life.Val() >= 0:
			named = w.add("expires", key, "Redis will remove the counter, which then begins at zero. Send PERSIST "+word(key)+".") || named
		case !look.said.IsZero() && time.Now().After(look.said):
			w.add("has expired", key, "Redis has removed the counter, which began at zero again. Set it to what it was, without an expiry.")
		}
	}
	text := look.text.Val()
	number, isNumber := parse(text)
	var kind, mend string
	switch err := look.askText.err; {
	case wrongType(err):
		kind, mend = "holds another type", "Nothing can be added to it. Set the counter, or send DEL "+word(key)+", if nobody needs what it holds."
	case err == nil && text != "" && !isNumber: // a missing key gives an empty text
		kind, mend = "does not hold an integer", "Nothing can be added to it. Set the counter, if nobody needs what it holds."
	case err == nil && number > math.MaxInt64-fullSoon:
		kind, mend = "is nearly full", "No more than "+strconv.FormatInt(math.MaxInt64, 10)+" can be counted. Set the counter to less."
	default:
		return named
	}
	return w.add(kind, key, mend) || named
}

// add adds a warning and reports whether it names the key.
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
		w.by[kind] = append(w.by[kind], "there are more keys of which each "+kind+". Mend the named ones first.")
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

// word returns the key as a word for redis-cli.
func word(key string) string {
	if strings.ContainsFunc(key, func(r rune) bool {
		return r > '~' || !strings.ContainsRune(":._-/{}%", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		return strconv.Quote(key)
	}
	return key
}
