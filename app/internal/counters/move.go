package counters

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"go.uber.org/zap"

	counter "example.com/herokuapp/counter-core"
)

// Start begins the work in the background and returns at once. Until Stop, the counters learn
// of aliases that other processes make, and make overviews when somebody asks for one.
func (c *Counters) Start() {
	ctx, end := context.WithCancel(context.Background())
	c.aliases.end = end
	c.overview.mu.Lock()
	c.overview.running = ctx
	c.overview.mu.Unlock()
	c.aliases.running.Go(func() { c.aliases.run(ctx, c.sweep) })
}

// Stop ends what Start began.
func (c *Counters) Stop() {
	c.aliases.end()
	c.aliases.running.Wait()
}

// Rename says which counter is to be renamed, and to what. If there is a counter with the new
// name, the two are merged.
type Rename struct {
	// From and To are the names, both of pages or both of sites. A site is renamed along with
	// all its pages.
	From, To string
	// Alias lets the old name go on counting for the new one.
	Alias bool
	// By names the surface on which it was requested, Request the request's id. Both are for
	// the log.
	By, Request string
}

// check returns an error if there is nothing to rename.
func (r Rename) check() error {
	if r.Alias {
		return Alias{From: r.From, To: r.To}.check()
	}
	for _, name := range []string{r.From, r.To} {
		if err := CheckName(name); err != nil {
			return err
		}
	}
	switch {
	case r.From == r.To:
		return fmt.Errorf("%w: both names are the same", ErrAlias)
	case r.From == Home || r.To == Home, sameKind(r.From, r.To):
		if strings.HasPrefix(r.From, SitePrefix) != strings.HasPrefix(r.To, SitePrefix) {
			break
		}
		return nil
	}
	return fmt.Errorf("%w: both have to be pages, or both sites", ErrAlias)
}

// Renaming is a [Rename] with the values of its counters.
type Renaming struct {
	Rename
	// Pages is how many pages move with their site. It is 0 if From is a page.
	Pages int
	// Moved is the value of From. Before and After are the values of To before and after.
	Moved, Before, After int64
}

// PreviewRename returns what [Counters.Rename] would do. It changes nothing.
func (c *Counters) PreviewRename(ctx context.Context, r Rename) (Renaming, error) {
	if _, err := c.mover(); err != nil {
		return Renaming{}, err
	}
	if err := r.check(); err != nil {
		return Renaming{}, err
	}
	renaming, err := c.expected(ctx, r)
	if err != nil {
		return Renaming{}, err
	}
	if renaming.Moved > 0 && renaming.Before > math.MaxInt64-renaming.Moved {
		return Renaming{}, counter.ErrOverflow
	}
	pages, err := c.pagesOf(ctx, r.From)
	renaming.Pages = len(pages)
	return renaming, err
}

// expected returns what a rename does to the values, if nothing is counted meanwhile.
func (c *Counters) expected(ctx context.Context, r Rename) (Renaming, error) {
	moved, err := c.Get(ctx, r.From)
	if err != nil {
		return Renaming{}, err
	}
	before, err := c.Get(ctx, r.To)
	if err != nil {
		return Renaming{}, err
	}
	return Renaming{Rename: r, Moved: moved, Before: before, After: before + moved}, nil
}

// pagesOf returns the names of all pages of a site that have views. For a page it returns none.
func (c *Counters) pagesOf(ctx context.Context, name string) ([]string, error) {
	host, ok := strings.CutPrefix(name, SitePrefix)
	if !ok {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	var pages []string
	for entry, err := range c.store.List(ctx, PagePrefix+host+"/") {
		if err != nil {
			return nil, fmt.Errorf("list the pages: %w", err)
		}
		pages = append(pages, entry.Name)
	}
	slices.Sort(pages)
	return pages, nil
}

// Rename adds the value and the history of the old counter to the new one, removes the old one,
// and logs it. If it fails or the process ends in the middle, a repeat completes it, and
// nothing is counted twice. progress, if not nil, is called after each page of a site.
//
// If a page moves from one site to another, both sites' totals stay as they are: a total says
// how often pages were opened on that site.
func (c *Counters) Rename(ctx context.Context, r Rename, progress func(done, all int)) (Renaming, error) {
	mover, err := c.mover()
	if err == nil {
		err = r.check()
	}
	if err != nil {
		return Renaming{}, err
	}
	if r.Alias {
		if err := c.aliases.make(ctx, Alias{From: r.From, To: r.To}); err != nil {
			return Renaming{}, err
		}
		c.log.Info("alias made", zap.String("counter", r.From), zap.String("to", r.To), zap.String("by", r.By), zap.String("request_id", r.Request))
	}
	pages, err := c.pagesOf(ctx, r.From)
	if err != nil {
		return Renaming{}, err
	}
	oldHost, newHost := PagePrefix+strings.TrimPrefix(r.From, SitePrefix), PagePrefix+strings.TrimPrefix(r.To, SitePrefix)
	for i, page := range pages { // before the site: a repeat finds what is left
		one := r
		one.From, one.To = page, newHost+strings.TrimPrefix(page, oldHost)
		if err := counter.CheckName(one.To); err != nil {
			return Renaming{}, err
		}
		if _, err := c.moveOne(ctx, mover, one); err != nil {
			return Renaming{}, err
		}
		if progress != nil {
			progress(i+1, len(pages))
		}
	}
	done, err := c.moveOne(ctx, mover, r)
	done.Pages = len(pages)
	return done, err
}

// moveOne moves one counter.
func (c *Counters) moveOne(ctx context.Context, mover counter.Mover, r Rename) (Renaming, error) {
	done, err := c.expected(ctx, r)
	if err != nil {
		return Renaming{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	fields := []zap.Field{
		zap.String("action", "move"), zap.String("from", r.From), zap.String("counter", r.To), zap.String("by", r.By), zap.String("request_id", r.Request),
	}
	if err := mover.Move(ctx, r.From, r.To); err != nil {
		c.log.Warn("a counter was not moved", append(fields, zap.Error(err))...)
		return Renaming{}, fmt.Errorf("move the counter: %w", err)
	}
	if after, err := c.store.Get(ctx, r.To); err == nil {
		done.After = after
	}
	c.log.Info("counter changed", append(fields, zap.Int64("value", done.Moved), zap.Int64("before", done.Before), zap.Int64("after", done.After))...)
	return done, nil
}

// sweep moves what was counted under old names since their aliases were made, by processes that
// had not learned of them. It also moves what was left because a process ended between making
// the alias and moving the counter.
func (c *Counters) sweep(ctx context.Context) {
	mover, err := c.mover()
	if err != nil {
		return
	}
	listing, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	var left []Rename
	for entry, err := range c.all(listing, "", SitePrefix, PagePrefix) {
		if err != nil {
			c.log.Warn("old names can't be swept", zap.Error(err))
			return
		}
		if to := c.aliases.resolve(entry.Name); to != entry.Name {
			left = append(left, Rename{From: entry.Name, To: to, By: "alias"})
		}
	}
	for _, r := range left {
		if _, err := c.moveOne(ctx, mover, r); err != nil && endsAll(err) {
			return
		}
	}
}

// Aliases returns all aliases, in the order of their old names, as this process knows them.
func (c *Counters) Aliases() []Alias { return c.aliases.all() }

// ErrNoAlias says that a name is not an alias.
var ErrNoAlias = errors.New("it is not an alias")

// RemoveAlias makes a name count for itself again, and logs it. What it has counted for the new
// name stays there.
func (c *Counters) RemoveAlias(ctx context.Context, from, by, request string) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	alias, ok, err := c.aliases.remove(ctx, from)
	if err == nil && !ok {
		err = ErrNoAlias
	}
	if err != nil {
		return err
	}
	c.log.Info("alias removed", zap.String("counter", alias.From), zap.String("to", alias.To), zap.String("by", by), zap.String("request_id", request))
	return nil
}
