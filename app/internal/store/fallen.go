package store

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// fallenFor is for how long a counter that has gone back is shown. Nobody can tell whether
	// it was meant.
	fallenFor = time.Hour
	// maxFallen is how many of them are named.
	maxFallen = 5
)

// fallen holds the counters that were found lower than before. The zero value is ready to use,
// and safe for concurrent use. A nil *fallen holds none.
type fallen struct {
	mu    sync.Mutex
	until map[string]time.Time // by counter; at most maxFallen and one
}

// note adds a counter.
func (f *fallen) note(counter string, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expire(now)
	if _, known := f.until[counter]; !known && len(f.until) > maxFallen {
		return
	}
	if f.until == nil {
		f.until = map[string]time.Time{}
	}
	f.until[counter] = now.Add(fallenFor)
}

func (f *fallen) expire(now time.Time) {
	maps.DeleteFunc(f.until, func(_ string, until time.Time) bool { return now.After(until) })
}

// warnings returns a sentence for each counter, and one for those that are too many.
func (f *fallen) warnings(now time.Time) []string {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expire(now)
	var sentences []string
	for i, counter := range slices.Sorted(maps.Keys(f.until)) {
		if i == maxFallen {
			sentences = append(sentences, "There are more counters that have gone back: the log names them.")
			break
		}
		sentences = append(sentences, fmt.Sprintf("the counter %.200q has gone back within the last hour: something else has set, moved or removed it, "+
			"or the store has lost what it had. Unless this was meant, set it to what it was.", counter))
	}
	return sentences
}
