package admin

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"go.uber.org/zap"

	counter "example.com/herokuapp/counter-core"
)

// storeTimeout bounds a call to the store that somebody waits for.
const storeTimeout = 5 * time.Second

// What is done to a counter.
const (
	actionSet   = "set"
	actionAdd   = "add"
	actionReset = "reset"
)

// change is something done to a counter, for whom it was done and where.
type change struct {
	action, name string
	value        int64  // what to set, or to add
	by           string // "page", "api" or "import"
	request      string // its id
}

// set replaces the counter's value, and logs what it did.
func (s *site) set(ctx context.Context, c change) error {
	getting, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	before, err := s.store.Get(getting, c.name)
	if err != nil {
		return fmt.Errorf("%s the counter: %w", c.action, err)
	}
	return s.replace(ctx, c, before)
}

// replace sets a counter whose value was before.
func (s *site) replace(ctx context.Context, c change, before int64) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if err := s.store.Set(ctx, c.name, c.value); err != nil {
		s.logFault(c, err)
		return fmt.Errorf("%s the counter: %w", c.action, err)
	}
	s.logChange(c, before, c.value)
	return nil
}

// add adds to the counter, and logs what it did.
func (s *site) add(ctx context.Context, c change) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	after, err := s.store.Add(ctx, c.name, c.value)
	if err != nil {
		s.logFault(c, err)
		return fmt.Errorf("add to the counter: %w", err)
	}
	s.logChange(c, after-c.value, after)
	return nil
}

func (s *site) logChange(c change, before, after int64) {
	s.log.Info("admin changed a counter", append(c.fields(), zap.Int64("before", before), zap.Int64("after", after))...)
}

// logFault logs a change that is not known to have been left undone.
func (s *site) logFault(c change, err error) {
	switch {
	case c.action == actionAdd && errors.Is(err, counter.ErrPending):
		s.log.Info("admin's addition is pending", append(c.fields(), zap.Error(err))...)
	case errors.Is(err, counter.ErrUnknown):
		s.log.Warn("admin may have changed a counter", append(c.fields(), zap.Error(err))...)
	default:
		s.log.Info("admin could not change a counter", append(c.fields(), zap.Error(err))...)
	}
}

func (c change) fields() []zap.Field {
	return []zap.Field{
		zap.String("action", c.action), zap.String("counter", c.name), zap.Int64("value", c.value),
		zap.String("by", c.by), zap.String("request_id", c.request),
	}
}

// explain says in words what a store's error means, and with which status. Where
// nothing was to be changed, words about a change are of no harm.
func explain(err error) (status int, text string) {
	switch {
	case errors.Is(err, counter.ErrName):
		return http.StatusBadRequest, "This is no name of a counter here: " + sentence(err) + "."
	case errors.Is(err, counter.ErrPending):
		return http.StatusServiceUnavailable, "The store does not answer for this counter, and views of it are waiting to be counted. " +
			"Nothing was changed; try again in a moment."
	case errors.Is(err, counter.ErrUnknown):
		return http.StatusGatewayTimeout, "The store was asked and its answer did not arrive: " +
			"nobody can tell whether the counter was changed. Look at its value before you try again."
	case errors.Is(err, counter.ErrType):
		return http.StatusConflict, "Under this name the store holds something that is no counter. Nothing was changed."
	case errors.Is(err, counter.ErrOverflow):
		return http.StatusConflict, fmt.Sprintf("The value would pass %d, the largest there is. Nothing was changed.", int64(math.MaxInt64))
	default:
		return http.StatusServiceUnavailable, "The store does not answer. Nothing was changed; try again in a moment."
	}
}

// parseValue reads a value a counter can be set to. Negative ones, which only
// somebody else can have written, can't be asked for.
func parseValue(text string) (int64, error) { return parseWhole(text, 0) }

// parseDelta reads what can be added to a counter.
func parseDelta(text string) (int64, error) { return parseWhole(text, 1) }

func parseWhole(text string, least int64) (int64, error) {
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil || value < least || !isDigit(text[0]) {
		return 0, fmt.Errorf("%.40q is no whole number from %d to %d", text, least, int64(math.MaxInt64))
	}
	return value, nil
}

// isDigit leaves out the signs that strconv takes, too.
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
