package coalesce_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
)

// failing has the store fail for the counter from now on, with err.
func (l *ledger) failing(name string, err error) {
	l.interpose(func(_ context.Context, batches []counter.Batch, commit commit) []counter.Result {
		results := make([]counter.Result, len(batches))
		for i, b := range batches {
			if b.Name == name {
				results[i].Err = err
				continue
			}
			results[i] = commit([]counter.Batch{b})[0]
		}
		return results
	})
}

// outage makes the counter "busy" fail for some seconds, and everything that it says happens
// in them. It returns long after the store is back.
func outage(t *testing.T, s *coalesce.Store, l *ledger, during func()) {
	t.Helper()
	time.Sleep(time.Minute)
	l.failing("busy", errAway)
	busy := inc(t.Context(), s, "busy")
	time.Sleep(5 * time.Second)
	during()
	l.interpose(nil)
	wantCounted(t, busy)
	time.Sleep(time.Minute)
}

// That the store refuses what had failed shows as well that it is back.
func TestRefusalEndsAnOutage(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		add(t, s, "idle", 9)
		add(t, s, "idle", 1)
		time.Sleep(time.Minute)
		l.failing("list", errAway)
		list := inc(t.Context(), s, "list")
		time.Sleep(5 * time.Second)
		l.lose("idle", 1)
		l.failing("list", counter.ErrType)
		wantErr(t, list, counter.ErrType)
		time.Sleep(2 * time.Second)
		wantTotal(t, l, "idle", 10)
	})
}

// An addition the old server counted, whose answer arrives when the new one is
// there already, is reconciled, too.
func TestReconcilesWhatWasAnsweredLate(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		add(t, s, "late", 10)
		add(t, s, "busy", 10)
		time.Sleep(time.Minute)
		var mu sync.Mutex
		away := true
		l.interpose(func(_ context.Context, batches []counter.Batch, commit commit) []counter.Result {
			if batches[0].Name == "late" && batches[0].Delta > 0 {
				results := commit(batches)
				time.Sleep(400 * time.Millisecond)
				return results
			}
			mu.Lock()
			defer mu.Unlock()
			if away {
				return failAll(batches, errAway)
			}
			return commit(batches)
		})
		busy := inc(t.Context(), s, "busy")
		time.Sleep(100 * time.Millisecond)
		late := inc(t.Context(), s, "late")
		synctest.Wait()
		l.lose("late", 1)
		mu.Lock()
		away = false
		mu.Unlock()
		wantCounted(t, busy)
		wantNumber(t, late, 11)
		time.Sleep(5 * time.Second)
		wantTotal(t, l, "late", 11)
	})
}

// Close does not leave before idle counters are reconciled: nobody else will.
func TestCloseReconciles(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		add(t, s, "idle", 9)
		add(t, s, "idle", 1)
		time.Sleep(time.Minute)
		l.failing("busy", errAway)
		busy := inc(t.Context(), s, "busy")
		time.Sleep(time.Second)
		l.lose("idle", 3)
		closed := make(chan error, 1)
		go func() { closed <- s.Close() }()
		synctest.Wait()
		l.interpose(nil)
		wantCounted(t, busy)
		if err := <-closed; err != nil {
			t.Errorf("Close: %v", err)
		}
		wantTotal(t, l, "idle", 10)
	})
}

// A reply that is lost now and then is not an outage: idle counters are left alone,
// and their records, which nobody renews, expire.
func TestLostReplyIsNotAnOutage(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		add(t, s, "idle", 1)
		time.Sleep(time.Minute)
		calls := 0
		l.interpose(func(_ context.Context, batches []counter.Batch, commit commit) []counter.Result {
			results := commit(batches)
			if calls++; calls%2 == 1 {
				return failAll(batches, errDoubt)
			}
			return results
		})
		for range 100 {
			add(t, s, "busy", 1)
			time.Sleep(time.Second)
		}
		for _, call := range l.sent()[1:] {
			for _, b := range call {
				if b.Name == "idle" {
					t.Fatalf("%+v is sent for nothing", b)
				}
			}
		}
	})
}

// An outage that only the batches of a reconciliation notice is one, too.
func TestSecondOutageWhileReconciling(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		for _, name := range []string{"idle", "busy"} {
			add(t, s, name, 9)
			add(t, s, name, 1)
		}
		time.Sleep(time.Minute)
		l.fails(errAway)
		busy := inc(t.Context(), s, "busy")
		time.Sleep(5 * time.Second)
		l.interpose(func(_ context.Context, batches []counter.Batch, commit commit) []counter.Result {
			if batches[0].Delta > 0 {
				return commit(batches) // busy's, before the second outage
			}
			return failAll(batches, errAway)
		})
		wantCounted(t, busy)
		time.Sleep(3 * time.Second)
		l.lose("busy", 1)
		l.interpose(nil)
		time.Sleep(time.Minute)
		wantTotal(t, l, "busy", 11)
		wantTotal(t, l, "idle", 10)
	})
}
