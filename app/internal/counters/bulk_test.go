package counters_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/counters"
	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
)

// bulk is a store that is asked for many counters at once. From a name on it can't be read, or
// set.
type bulk struct {
	counter.Store

	calls           int
	unread, unset   string
	entriesOfOneSet int
}

var errAway = errors.New("away")

func (b *bulk) GetAll(ctx context.Context, names []string) ([]int64, []error) {
	b.calls++
	values, errs := counter.GetAll(ctx, b.Store, names)
	for i, name := range names {
		if name == b.unread {
			errs[i] = errAway
		}
	}
	return values, errs
}

func (b *bulk) SetAll(ctx context.Context, entries []counter.Entry) []error {
	b.calls++
	b.entriesOfOneSet = max(b.entriesOfOneSet, len(entries))
	errs := counter.SetAll(ctx, b.Store, entries)
	for i, entry := range entries {
		if entry.Name == b.unset {
			errs[i] = fmt.Errorf("%w: %w", counter.ErrUnknown, errAway)
		}
	}
	return errs
}

// A store that can be asked for many counters is, and each line has its own outcome.
func TestImportIntoBulk(t *testing.T) {
	const lines = 2000
	var file strings.Builder
	file.WriteString("name,value\n")
	for n := range lines {
		fmt.Fprintf(&file, "views:/%d,%d\n", n, n+1)
	}
	for name, tt := range map[string]struct {
		store   bulk
		changed int // at least
		refused int
		stopped bool
		last    string
	}{
		"all":               {bulk{}, lines, 0, false, ""},
		"one can't be read": {bulk{unread: "views:/700"}, 700, 1, true, "after line 702."},
		"one can't be set":  {bulk{unset: "views:/700"}, 700, 1, true, "after line "},
	} {
		t.Run(name, func(t *testing.T) {
			store := tt.store
			store.Store = countermemory.New()
			report, err := counters.New(&store, lines, zap.NewNop()).
				Import(t.Context(), strings.NewReader(file.String()), counters.ImportOptions{Action: counters.Set})
			if err != nil || report.Changed < tt.changed || report.Refused != tt.refused || (report.Stopped != "") != tt.stopped || !strings.Contains(report.Stopped, tt.last) {
				t.Errorf("%+v, %v; want %d or more changed, %d refused", report, err, tt.changed, tt.refused)
			}
			if tt.refused > 0 && report.Faults[0].Line != 702 {
				t.Errorf("%+v; want line 702", report.Faults)
			}
			if store.calls > lines/100 || store.entriesOfOneSet < 100 {
				t.Errorf("%d calls, %d counters in the largest; want few, and many in each", store.calls, store.entriesOfOneSet)
			}
			wantValue(t, &store, "views:/699", 700)

			// Whatever was done, importing the rest does no harm.
			store.unread, store.unset = "", ""
			report, err = counters.New(&store, lines, zap.NewNop()).
				Import(t.Context(), strings.NewReader(file.String()), counters.ImportOptions{Action: counters.Set})
			if err != nil || report.Changed+report.Unchanged != lines {
				t.Errorf("again: %+v, %v", report, err)
			}
			wantValue(t, &store, "views:/1999", lines)
		})
	}
}
