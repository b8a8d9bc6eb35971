package counters

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	counter "example.com/herokuapp/counter-core"
)

// storeTimeout limits a call to the store while somebody waits for it.
const storeTimeout = 5 * time.Second

// Counters are the app's counters in a store. They are safe for concurrent use.
type Counters struct {
	store     counter.Store
	limit     int // the most counters of an import
	log       *zap.Logger
	importing sync.Mutex // held by an import: only one may run
	aliases   *aliases
	overview  overview
}

// New returns the counters in store. Changes are logged. An import may have up to
// importLimit counters.
func New(store counter.Store, importLimit int, log *zap.Logger) *Counters {
	c := &Counters{store: store, limit: importLimit, log: log, aliases: newAliases(store, log)}
	c.overview.counters = c
	return c
}

// Action is what is done to a counter.
type Action string

// The actions. Reset sets the counter to 0, which removes it from the list.
const (
	Set   Action = "set"
	Add   Action = "add"
	Reset Action = "reset"
)

// Change is a change to be made to a counter.
type Change struct {
	Action Action
	Name   string
	Value  int64 // to set, or to add; 0 to reset
	// By names the surface on which the change was requested, Request the request's id.
	// Both are for the log.
	By, Request string
}

// Get returns the counter's value.
func (c *Counters) Get(ctx context.Context, name string) (int64, error) {
	if err := CheckName(name); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	value, err := c.store.Get(ctx, name)
	if err != nil {
		return 0, fmt.Errorf("get the counter: %w", err)
	}
	return value, nil
}

// Do makes the change and logs the value before and after. An addition that fails with
// [counter.ErrPending] is kept and will be counted once.
func (c *Counters) Do(ctx context.Context, change Change) error {
	if change.Action == Add {
		return c.add(ctx, change)
	}
	before, err := c.Get(ctx, change.Name)
	if err != nil {
		return err
	}
	return c.replace(ctx, change, before)
}

// add adds to the counter.
func (c *Counters) add(ctx context.Context, change Change) error {
	if err := CheckName(change.Name); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	after, err := c.store.Add(ctx, change.Name, change.Value)
	if err != nil {
		c.logFault(change, err)
		return fmt.Errorf("add to the counter: %w", err)
	}
	c.logChange(change, after-change.Value, after)
	return nil
}

// replace sets a counter whose value was before.
func (c *Counters) replace(ctx context.Context, change Change, before int64) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return c.replaced(change, before, c.store.Set(ctx, change.Name, change.Value))
}

// replaced logs how a counter was set, or was not, and returns why it was not.
func (c *Counters) replaced(change Change, before int64, err error) error {
	if err != nil {
		c.logFault(change, err)
		return fmt.Errorf("%s the counter: %w", change.Action, err)
	}
	c.logChange(change, before, change.Value)
	return nil
}

// getAll returns the values of the counters with valid names.
func (c *Counters) getAll(ctx context.Context, names []string) (values []int64, errs []error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	values, errs = counter.GetAll(ctx, c.store, names)
	for i, err := range errs {
		if err != nil {
			errs[i] = fmt.Errorf("get the counter: %w", err)
		}
	}
	return values, errs
}

// replacement is a change that sets a counter, and the value before.
type replacement struct {
	Change
	before int64
}

// replaceAll is replace for several counters.
func (c *Counters) replaceAll(ctx context.Context, changes []replacement) []error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	entries := make([]counter.Entry, len(changes))
	for i, change := range changes {
		entries[i] = counter.Entry{Name: change.Name, Value: change.Value}
	}
	errs := counter.SetAll(ctx, c.store, entries)
	for i, change := range changes {
		errs[i] = c.replaced(change.Change, change.before, errs[i])
	}
	return errs
}

func (c *Counters) logChange(change Change, before, after int64) {
	c.log.Info("counter changed", append(change.fields(), zap.Int64("before", before), zap.Int64("after", after))...)
}

// logFault logs a change that failed, at a level that fits the error.
func (c *Counters) logFault(change Change, err error) {
	fields := append(change.fields(), zap.Error(err))
	switch {
	case change.Action == Add && errors.Is(err, counter.ErrPending):
		c.log.Info("addition to a counter is pending", fields...)
	case errors.Is(err, counter.ErrUnknown):
		c.log.Warn("counter may have changed", fields...)
	default:
		c.log.Info("counter not changed", fields...)
	}
}

func (c Change) fields() []zap.Field {
	return []zap.Field{
		zap.String("action", string(c.Action)), zap.String("counter", c.Name), zap.Int64("value", c.Value),
		zap.String("by", c.By), zap.String("request_id", c.Request),
	}
}

// Explain returns whole sentences that say what an error of this package means to the person
// who requested a change. They contain nothing of the store's own message.
func Explain(err error) string {
	switch {
	case errors.Is(err, counter.ErrName):
		return "This is not the name of a counter: " + reason(err) + "."
	case errors.Is(err, counter.ErrBusy):
		return "The store does not answer for this counter, and views of it are waiting to be counted. " +
			"Nothing was changed. Try again in a moment."
	case errors.Is(err, counter.ErrUnknown):
		return "The store was asked, but its answer did not arrive. Nobody can tell whether the counter was changed: " +
			"look at its value before you try again."
	case errors.Is(err, counter.ErrType):
		return "The store has something under this name that is not a counter. Nothing was changed."
	case errors.Is(err, counter.ErrOverflow):
		return fmt.Sprintf("The value would exceed %d, the largest there is. Nothing was changed.", int64(math.MaxInt64))
	default:
		return "The store does not answer. Nothing was changed. Try again in a moment."
	}
}

// reason returns what is wrong with a name or a line, without the prefix that all such
// errors share.
func reason(err error) string {
	return strings.TrimPrefix(err.Error(), counter.ErrName.Error()+": ")
}

// ParseValue reads the number for an action: 0 or more to set, 1 or more to add. A reset
// takes no number.
func ParseValue(action Action, text string) (int64, error) {
	least := int64(0)
	switch action {
	case Reset:
		return 0, nil
	case Add:
		least = 1
	case Set:
	}
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil || value < least || text[0] < '0' || text[0] > '9' { // ParseInt also accepts signs
		return 0, fmt.Errorf("%.40q is not a whole number from %d to %d", text, least, int64(math.MaxInt64))
	}
	return value, nil
}

// Home is the name of the home page's counter, as in the Django application.
const Home = "counter_key"

// ErrForeign says that a name does not belong to the app. A Redis may be shared with other
// programs, whose keys are neither shown nor changed.
var ErrForeign = errors.New("its counters begin with " + PagePrefix + " or " + SitePrefix + ", except " + Home)

// CheckName returns nil for a name that the app uses. Otherwise the error wraps
// [counter.ErrName], and also [ErrForeign] for a name of another program.
func CheckName(name string) error {
	if err := counter.CheckName(name); err != nil {
		return err
	}
	if name != Home && !strings.HasPrefix(name, PagePrefix) && !strings.HasPrefix(name, SitePrefix) {
		return fmt.Errorf("%w: %q is not a counter of this app: %w", counter.ErrName, name, ErrForeign)
	}
	return nil
}
