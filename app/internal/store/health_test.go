package store_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"example.com/herokuapp/app/internal/store"
	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
)

// telling is a store that warns as the test says.
type telling struct {
	counter.Store

	mu    sync.Mutex
	found []string
	err   error
	hangs bool
	looks int
}

func (s *telling) Warnings(ctx context.Context) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks++
	if s.hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return s.found, s.err
}

func (s *telling) tells(found []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.found, s.err = found, err
}

// watch starts a watch of the store, which ends with the test.
func watch(t *testing.T, watched counter.Store) (*store.Health, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zapcore.WarnLevel)
	watch := store.NewHealth(watched, zap.New(core))
	watch.Start()
	t.Cleanup(watch.Stop)
	synctest.Wait()
	return watch, logs
}

// nextLook lets a look pass.
func nextLook(t *testing.T) {
	t.Helper()
	time.Sleep(30 * time.Second)
	synctest.Wait()
}

func TestWatchLogsWhatIsNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		telling := &telling{Store: countermemory.New(), err: errors.New("away")}
		watch, logs := watch(t, telling)
		wantWatch(t, watch, logs, nil, nil)
		for _, step := range []struct {
			found     []string
			err       error
			has, logs []string
		}{
			{[]string{"a", "b"}, nil, []string{"a", "b"}, []string{"a", "b"}},
			{[]string{"a", "b"}, nil, []string{"a", "b"}, nil},
			{[]string{"b", "c"}, nil, []string{"b", "c"}, []string{"c"}},
			{nil, errors.New("away"), []string{"b", "c"}, nil},
			{[]string{"c", "d"}, errors.New("one is away"), []string{"c", "d"}, []string{"d"}},
			{nil, nil, nil, nil},
			{[]string{"a"}, nil, []string{"a"}, []string{"a"}},
		} {
			telling.tells(step.found, step.err)
			nextLook(t)
			wantWatch(t, watch, logs, step.has, step.logs)
		}
	})
}

func TestWatchOfAStoreThatCantTell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		watch, logs := watch(t, countermemory.New())
		nextLook(t)
		if got := watch.Warnings(); got != nil || logs.Len() > 0 {
			t.Errorf("warnings %q, %d lines; want none", got, logs.Len())
		}
	})
}

// A store that hangs holds up nobody for long, and is asked again.
func TestWatchOfAStoreThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		telling := &telling{Store: countermemory.New(), hangs: true}
		watch, _ := watch(t, telling)
		if got := watch.Warnings(); got != nil {
			t.Errorf("warnings %q; want none", got)
		}
		nextLook(t)
		start := time.Now()
		watch.Stop()
		if took := time.Since(start); took > 0 || telling.looks != 2 {
			t.Errorf("Stop took %v after %d looks; want none, after 2", took, telling.looks)
		}
		nextLook(t)
		if telling.looks != 2 {
			t.Errorf("%d looks; want none after Stop", telling.looks)
		}
	})
}

// wantWatch fails unless the watch has the warnings, and has logged those that are new.
func wantWatch(t *testing.T, watch *store.Health, logs *observer.ObservedLogs, has, logged []string) {
	t.Helper()
	var lines []string
	for _, line := range logs.TakeAll() {
		lines = append(lines, line.ContextMap()["warning"].(string))
	}
	if got := watch.Warnings(); !slices.Equal(got, has) || !slices.Equal(lines, logged) {
		t.Errorf("warnings %q, logged %q; want %q and %q", got, lines, has, logged)
	}
}
