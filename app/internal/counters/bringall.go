package counters

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync"
	"sync/atomic"

	counter "example.com/herokuapp/counter-core"
)

// bringers is how many finds are looked at or brought at the same time.
const bringers = 8

// BringOptions are the options of [Counters.PreviewAll] and [Counters.BringAll].
type BringOptions struct {
	// Request is the id of the request, for the log.
	Request string
	// Stop ends it early when it is closed. If nil, nothing does.
	Stop <-chan struct{}
	// Progress, if not nil, is called after each find with how many are done, by several
	// goroutines at the same time.
	Progress func(done int)
}

// Outcome is what became of a find, or in a preview, what would become of it.
type Outcome struct {
	Bringing
	// Err is why nothing is added. If it is not nil, only the Find has a meaning.
	Err error
}

// errSkipped says that an earlier find has shown that the store fails.
var errSkipped = errors.New("not tried")

// PreviewAll returns what [Counters.BringAll] would do with the finds, in their order. It
// changes nothing. At the end, a find without a source for each site has what is added to the
// site along with its pages.
func (c *Counters) PreviewAll(ctx context.Context, finds []Find, options BringOptions) []Outcome {
	outcomes := each(finds, options, func(find Find) (Bringing, error) { return c.Preview(ctx, find) })
	type place struct{ name, source string }
	values, brought := map[string]int64{}, map[place]int64{}
	sites := map[string]*Outcome{}
	var order []string
	for i := range outcomes {
		o := &outcomes[i]
		if o.Err != nil {
			continue
		}
		// What comes earlier in the list is there by then.
		o.Added = max(0, o.Added-brought[place{o.Name, o.Source}])
		brought[place{o.Name, o.Source}] += o.Added
		if value, again := values[o.Name]; again {
			o.Here = value
		}
		if o.Here > math.MaxInt64-o.Added {
			o.Err = counter.ErrOverflow
			continue
		}
		o.After = o.Here + o.Added
		values[o.Name] = o.After
		if o.Site == "" {
			continue
		}
		added := max(0, o.SiteAdded-brought[place{o.Site, o.Source}])
		brought[place{o.Site, o.Source}] += added
		if sites[o.Site] == nil {
			here, err := c.Get(ctx, o.Site)
			sites[o.Site] = &Outcome{Bringing: Bringing{Find: Find{Name: o.Site}, Here: here, After: here}, Err: err}
			order = append(order, o.Site)
		}
		site := sites[o.Site]
		if site.Err == nil && site.After > math.MaxInt64-max(added, o.Total) {
			site.Err = counter.ErrOverflow
		}
		if site.Err == nil {
			site.Total, site.Added, site.After = site.Total+o.Total, site.Added+added, site.After+added
		}
	}
	for _, name := range order {
		outcomes = append(outcomes, *sites[name])
	}
	return outcomes
}

// BringAll brings all finds and returns what became of each, in their order. It starts no
// further find after one has shown that the store fails, or once it has to stop. A repeat
// continues from there.
func (c *Counters) BringAll(ctx context.Context, finds []Find, options BringOptions) []Outcome {
	return each(finds, options, func(find Find) (Bringing, error) { return c.Bring(ctx, find, options.Request) })
}

// each calls do for each find, several at a time.
func each(finds []Find, options BringOptions, do func(Find) (Bringing, error)) []Outcome {
	outcomes := make([]Outcome, len(finds))
	for i := range finds {
		outcomes[i] = Outcome{Bringing{Find: finds[i]}, errSkipped}
	}
	var begun, done atomic.Int64
	var failed atomic.Bool
	var working sync.WaitGroup
	for range min(bringers, len(finds)) {
		working.Go(func() {
			for !failed.Load() {
				select {
				case <-options.Stop:
					return
				default:
				}
				i := int(begun.Add(1) - 1)
				if i >= len(finds) {
					return
				}
				found, err := do(finds[i])
				if err == nil {
					outcomes[i].Bringing = found
				} else if endsAll(err) {
					failed.Store(true)
				}
				outcomes[i].Err = err
				if n := done.Add(1); options.Progress != nil {
					options.Progress(int(n))
				}
			}
		})
	}
	working.Wait()
	return outcomes
}

// endsAll reports whether an error shows that others would fail, too.
func endsAll(err error) bool {
	for _, own := range []error{
		counter.ErrType, counter.ErrOverflow, ErrAlias, counter.ErrName, counter.ErrDelta, counter.ErrBucket, counter.ErrBusy,
	} {
		if errors.Is(err, own) {
			return false
		}
	}
	return true
}

// sentence returns an error of this package as a sentence.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// ExplainBring is [Explain] for errors of bringing and moving.
func ExplainBring(err error) string {
	switch {
	case errors.Is(err, errSkipped):
		return "It was not tried, because the store does not answer, or because the program is stopping. Try again: what is done is not done twice."
	case errors.Is(err, ErrAlias), errors.Is(err, ErrNoAlias):
		return sentence(err)
	case errors.Is(err, ErrCannotMove), errors.Is(err, errors.ErrUnsupported):
		return "This store can't move counts."
	case errors.Is(err, counter.ErrDelta), errors.Is(err, counter.ErrBucket):
		return "The numbers of its history contradict each other. Nothing was changed."
	case errors.Is(err, counter.ErrUnknown):
		return "The store was asked, but its answer did not arrive. Try again: what is done is not done twice."
	case errors.Is(err, counter.ErrBusy):
		return "Views of this counter are waiting to be counted. Try again in a moment."
	default:
		return Explain(err)
	}
}
