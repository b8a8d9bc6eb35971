//go:build unix

package faultrun

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"syscall"
	"time"

	countermemory "example.com/herokuapp/counter-memory"
)

// inMemory is one process that counts in memory. Its counts end with it, so they are read before,
// while nobody opens a page. The numbers of the next process are taken to continue from there.
type inMemory struct{ ended *countermemory.Store } // what was counted by processes that have ended

func newMemory() Setup {
	s := &inMemory{countermemory.NewWith(countermemory.Options{History: true})}
	return Setup{
		name: "memory, one process", processes: 1,
		faults: s.faults, empty: s.empty,
		open: func(context.Context) (historian, error) { return s.ended, nil },
	}
}

func (s *inMemory) faults(f *Fleet) []fault {
	return []fault{{kind: "app terminated", due: f.due, strike: func(ctx context.Context, random *rand.Rand) error {
		f.gate.Lock()
		defer f.gate.Unlock()
		l := f.serving[0].Load()
		if err := s.empty(ctx, l, f.surfaces); err != nil {
			return err
		}
		before := make([]int64, 0, len(f.surfaces))
		for _, surface := range f.surfaces {
			value, err := s.ended.Get(ctx, surface.counter)
			if err != nil {
				return err
			}
			before = append(before, value)
		}
		l.end(syscall.SIGTERM)
		pause(ctx, between(random, 0, time.Second))
		return f.start(ctx, 0, before)
	}}}
}

// empty reads what the process has counted, and lets nobody open its pages again.
func (s *inMemory) empty(ctx context.Context, l *life, surfaces []Surface) error {
	l.emptied = true
	looks := map[string]string{} // the address of the number by the counter's name
	for _, surface := range surfaces {
		looks[surface.counter] = surface.look
		if surface.site != "" {
			looks[surface.site] = siteLook
		}
	}
	for name, path := range looks {
		value, err := look(ctx, "http://"+l.address+path)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if value == 0 {
			continue
		}
		if _, err := s.ended.Add(ctx, name, value); err != nil {
			return err
		}
	}
	return nil
}

// look reads a number of the public API.
func look(ctx context.Context, url string) (int64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, err
	}
	request.Close = true // the connection would outlive the process
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	var answer struct{ Value *int64 }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return 0, fmt.Errorf("%s: %w", url, err)
	}
	if answer.Value == nil {
		return 0, fmt.Errorf("%s: %w", url, errNoNumber)
	}
	return *answer.Value, nil
}
