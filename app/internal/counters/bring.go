package counters

import (
	"context"
	"errors"
	"fmt"
	"math"

	"go.uber.org/zap"

	counter "example.com/herokuapp/counter-core"
)

// ErrCannotMove says that the store has no way to move counts exactly once.
var ErrCannotMove = errors.New("this store can't move counts")

// Find is what another service has counted for a page, or for a site.
type Find struct {
	// From is its address there, for people. Source is that address in a normal form: the
	// same counter there always has the same one.
	From   string `json:"from"`
	Source string `json:"source"`
	// Name is its counter here. Site is the counter of its site, to which the same number is
	// added. It is empty if the site has a find of its own.
	Name string `json:"name"`
	Site string `json:"site,omitempty"`
	// Total is what was counted there in all, and Past what is known about when.
	Total int64 `json:"there"`
	Past  Past  `json:"history,omitempty"`
}

// Check returns an error if nothing can be brought from the find.
func (f Find) Check() error {
	if err := CheckName(f.Name); err != nil {
		return err
	}
	if f.Site != "" {
		if err := CheckName(f.Site); err != nil {
			return err
		}
	}
	return counter.CheckBring(f.Name, f.Source, f.Total, f.Past)
}

// Bringing is a [Find] beside the counter that it is brought to.
type Bringing struct {
	Find
	// Here is the counter's value before, and After the value once the find is brought.
	Here  int64 `json:"here"`
	After int64 `json:"after"`
	// Added is how much is added. It is less than Total if some was brought before.
	Added int64 `json:"added"`
	// SiteAdded is how much is added to the site. Only a preview sets it.
	SiteAdded int64 `json:"-"`
}

// CanMove reports whether the store can bring, rename and merge counters.
func (c *Counters) CanMove() bool {
	_, ok := counter.As[counter.Mover](c.store)
	return ok
}

// Preview returns what [Counters.Bring] would do. It changes nothing.
func (c *Counters) Preview(ctx context.Context, find Find) (Bringing, error) {
	mover, err := c.mover()
	if err == nil {
		err = find.Check()
	}
	if err != nil {
		return Bringing{}, err
	}
	here, err := c.Get(ctx, find.Name)
	if err != nil {
		return Bringing{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	brought, err := mover.Brought(ctx, find.Name, find.Source)
	if err != nil {
		return Bringing{}, fmt.Errorf("look what was brought: %w", err)
	}
	added := max(0, find.Total-brought)
	if here > math.MaxInt64-added {
		return Bringing{}, fmt.Errorf("%w: %d and %d", counter.ErrOverflow, here, added)
	}
	preview := Bringing{Find: find, Here: here, After: here + added, Added: added}
	if find.Site != "" {
		if brought, err = mover.Brought(ctx, find.Site, find.Source); err != nil {
			return Bringing{}, fmt.Errorf("look what was brought: %w", err)
		}
		preview.SiteAdded = max(0, find.Total-brought)
	}
	return preview, nil
}

// Bring adds what was not brought before to the find's counter and to that of its site, and
// logs it. A repeat adds nothing. After an error, part of it may be done, and a repeat
// completes it.
func (c *Counters) Bring(ctx context.Context, find Find, request string) (Bringing, error) {
	mover, err := c.mover()
	if err == nil {
		err = find.Check()
	}
	if err != nil {
		return Bringing{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	var added int64
	for _, name := range []string{find.Site, find.Name} { // the page last: once it is done, all is
		if name == "" {
			continue
		}
		if added, err = mover.Bring(ctx, name, find.Source, find.Total, find.Past); err != nil {
			c.log.Warn("a number was not brought", zap.String("counter", name), zap.String("from", find.Source), zap.Error(err), zap.String("request_id", request))
			return Bringing{}, fmt.Errorf("bring the number: %w", err)
		}
	}
	after, err := c.store.Get(ctx, find.Name)
	if err != nil {
		after = added // what is certain
	}
	c.log.Info("counter changed", zap.String("action", "bring"), zap.String("counter", find.Name), zap.String("from", find.Source),
		zap.Int64("value", added), zap.Int64("before", after-added), zap.Int64("after", after), zap.String("request_id", request))
	return Bringing{Find: find, Here: after - added, After: after, Added: added}, nil
}

func (c *Counters) mover() (counter.Mover, error) {
	mover, ok := counter.As[counter.Mover](c.store)
	if !ok {
		return nil, ErrCannotMove
	}
	return mover, nil
}
