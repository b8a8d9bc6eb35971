package counters

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	counter "example.com/herokuapp/counter-core"
)

// An alias is a counter of its own in the store, whose name has both names in it and whose
// value is when it was made, in seconds since 1970:
//
//	alias:LENGTH:FROM TO   without the space; LENGTH is that of FROM in bytes
//
// The counter aliasVersion changes with each change of an alias, so that every process learns
// of it within aliasPoll. Neither kind of counter is shown, exported or imported, because their
// names begin differently.
const (
	aliasPrefix  = "alias:"
	aliasVersion = "aliases"
	// aliasPoll is how often a process looks for changes, aliasReload how often it reads all
	// aliases even if it has seen none.
	aliasPoll   = 2 * time.Second
	aliasReload = 10 * time.Minute
	// sweepAfter is how long after a change the counts that still arrived under old names are
	// moved. By then every process has learned of the change.
	sweepAfter = 4 * aliasPoll
	// MaxAliases is the most aliases there can be.
	MaxAliases = 10_000
)

// ErrAlias says that an alias can't be made.
var ErrAlias = errors.New("this alias can't be made")

// Alias is an old name that counts for a new one. If both are names of sites, every page of the
// old site counts for the page with the same path on the new one, and the old site's total
// counts for the new one's.
type Alias struct {
	From  string    `json:"from"`
	To    string    `json:"to"`
	Since time.Time `json:"since"`
}

// key returns the name of the alias's counter.
func (a Alias) key() string {
	return aliasPrefix + strconv.Itoa(len(a.From)) + ":" + a.From + a.To
}

// parseAlias reads an alias from its counter. Counters of other programs are not aliases.
func parseAlias(entry counter.Entry) (Alias, bool) {
	size, names, _ := strings.Cut(strings.TrimPrefix(entry.Name, aliasPrefix), ":")
	n, err := strconv.Atoi(size)
	if err != nil || n < 1 || n >= len(names) {
		return Alias{}, false
	}
	a := Alias{From: names[:n], To: names[n:], Since: time.Unix(entry.Value, 0).UTC()}
	return a, a.key() == entry.Name && a.check() == nil
}

// check returns an error if the names can't be an alias.
func (a Alias) check() error {
	for _, name := range []string{a.From, a.To} {
		if err := CheckName(name); err != nil {
			return err
		}
	}
	if !sameKind(a.From, a.To) {
		return fmt.Errorf("%w: both have to be pages, or both sites", ErrAlias)
	}
	if a.From == a.To {
		return fmt.Errorf("%w: both names are the same", ErrAlias)
	}
	if len(a.key()) > counter.MaxNameLen {
		return fmt.Errorf("%w: both names together are longer than %d bytes", ErrAlias, counter.MaxNameLen-len(aliasPrefix)-len("512:"))
	}
	return nil
}

// sameKind reports whether both names are names of pages, or both of sites.
func sameKind(one, other string) bool {
	return strings.HasPrefix(one, PagePrefix) && strings.HasPrefix(other, PagePrefix) ||
		strings.HasPrefix(one, SitePrefix) && strings.HasPrefix(other, SitePrefix)
}

// aliasTable has all aliases.
type aliasTable struct {
	made  map[string]Alias  // by From
	final map[string]string // where each From leads, after all steps
	sites bool              // some are those of sites
}

func newAliasTable(made map[string]Alias) *aliasTable {
	t := &aliasTable{made: made, final: make(map[string]string, len(made))}
	for from := range made {
		t.sites = t.sites || strings.HasPrefix(from, SitePrefix)
	}
	for from := range made {
		if to, ok := t.follow(from); ok {
			t.final[from] = to
		}
	}
	return t
}

// follow goes from alias to alias. It returns false if they lead in a circle.
func (t *aliasTable) follow(name string) (string, bool) {
	for range len(t.made) + 1 {
		next := t.step(name)
		if next == name {
			return name, true
		}
		name = next
	}
	return "", false
}

// step follows one alias, that of the name or of its site, and returns the name it leads to.
func (t *aliasTable) step(name string) string {
	if alias, ok := t.made[name]; ok {
		return alias.To
	}
	if page, ok := strings.CutPrefix(name, PagePrefix); ok && t.sites {
		host, path, _ := strings.Cut(page, "/")
		if alias, ok := t.made[SitePrefix+host]; ok {
			return PagePrefix + strings.TrimPrefix(alias.To, SitePrefix) + "/" + path
		}
	}
	return name
}

// resolve returns the name under which a name is counted.
func (t *aliasTable) resolve(name string) string {
	if len(t.final) == 0 {
		return name
	}
	final, ok := t.final[name]
	if !ok {
		final, ok = t.follow(name)
	}
	if !ok || len(final) > counter.MaxNameLen {
		return name
	}
	return final
}

// aliases are the aliases in a store. They are safe for concurrent use.
type aliases struct {
	store counter.Store
	log   *zap.Logger
	table atomic.Pointer[aliasTable]

	changing sync.Mutex // held while one is made or removed
	version  atomic.Int64
	changed  chan struct{} // something is to be swept

	end     context.CancelFunc
	running sync.WaitGroup
}

func newAliases(store counter.Store, log *zap.Logger) *aliases {
	a := &aliases{store: store, log: log, end: func() {}, changed: make(chan struct{}, 1)}
	a.table.Store(newAliasTable(nil))
	return a
}

// resolve returns the name under which a name is counted.
func (a *aliases) resolve(name string) string { return a.table.Load().resolve(name) }

// run learns of changes until ctx ends. It calls sweep some time after each change that this
// process made, and once at the start.
func (a *aliases) run(ctx context.Context, sweep func(context.Context)) {
	poll := time.NewTicker(aliasPoll)
	defer poll.Stop()
	due := time.NewTimer(sweepAfter)
	defer due.Stop()
	var read time.Time
	for {
		if err := a.refresh(ctx, time.Since(read) > aliasReload); err == nil && time.Since(read) > aliasReload {
			read = time.Now()
		}
		select {
		case <-ctx.Done():
			return
		case <-a.changed:
			due.Reset(sweepAfter)
		case <-due.C:
			if len(a.table.Load().final) > 0 {
				sweep(ctx)
			}
		case <-poll.C:
		}
	}
}

// refresh reads the aliases again if they have changed, or in any case if must is set.
func (a *aliases) refresh(ctx context.Context, must bool) error {
	asking, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	version, err := a.store.Get(asking, aliasVersion)
	if err != nil || version == a.version.Load() && !must {
		return err
	}
	return a.load(ctx, version)
}

// load reads all aliases, at a version that was read before.
func (a *aliases) load(ctx context.Context, version int64) error {
	made := map[string]Alias{}
	if version != 0 { // a store that never had an alias is not searched
		ctx, cancel := context.WithTimeout(ctx, listTimeout)
		defer cancel()
		for entry, err := range a.store.List(ctx, aliasPrefix) {
			if err != nil {
				return fmt.Errorf("read the aliases: %w", err)
			}
			alias, ok := parseAlias(entry)
			if old, twice := made[alias.From]; ok && (!twice || alias.Since.After(old.Since) || alias.Since.Equal(old.Since) && alias.To > old.To) {
				made[alias.From] = alias
			}
		}
	}
	a.table.Store(newAliasTable(made))
	a.version.Store(version)
	return nil
}

// change makes a change to the aliases in the store and lets all processes know.
func (a *aliases) change(ctx context.Context, change func(context.Context) error) error {
	a.changing.Lock()
	defer a.changing.Unlock()
	version, err := a.store.Get(ctx, aliasVersion)
	if err != nil {
		return fmt.Errorf("read the aliases: %w", err)
	}
	if err := a.load(ctx, version); err != nil { // what others have changed
		return err
	}
	if err := change(ctx); err != nil {
		return err
	}
	version = max(version+1, time.Now().UnixNano())
	if err := a.store.Set(ctx, aliasVersion, version); err != nil {
		return fmt.Errorf("change the aliases: %w", err)
	}
	select {
	case a.changed <- struct{}{}:
	default:
	}
	return a.load(ctx, version)
}

// make makes an alias. It replaces one that the old name already has.
func (a *aliases) make(ctx context.Context, alias Alias) error {
	if err := alias.check(); err != nil {
		return err
	}
	return a.change(ctx, func(ctx context.Context) error {
		table := a.table.Load()
		old, replaces := table.made[alias.From]
		if replaces && old.To == alias.To {
			return nil
		}
		if len(table.made) >= MaxAliases && !replaces {
			return fmt.Errorf("%w: there are %d, as many as there can be", ErrAlias, MaxAliases)
		}
		made := maps.Clone(table.made)
		if made == nil {
			made = map[string]Alias{}
		}
		made[alias.From] = alias
		if _, ok := newAliasTable(made).follow(alias.From); !ok {
			return fmt.Errorf("%w: the new name already counts for the old one", ErrAlias)
		}
		if err := a.store.Set(ctx, alias.key(), time.Now().Unix()); err != nil {
			return fmt.Errorf("make the alias: %w", err)
		}
		if replaces {
			return a.store.Set(ctx, old.key(), 0)
		}
		return nil
	})
}

// remove removes the alias of a name, and reports whether there was one.
func (a *aliases) remove(ctx context.Context, from string) (removed Alias, ok bool, err error) {
	err = a.change(ctx, func(ctx context.Context) error {
		if removed, ok = a.table.Load().made[from]; !ok {
			return nil
		}
		return a.store.Set(ctx, removed.key(), 0)
	})
	return removed, ok, err
}

// all returns the aliases in the order of their old names.
func (a *aliases) all() []Alias {
	return slices.SortedFunc(maps.Values(a.table.Load().made), func(one, other Alias) int { return strings.Compare(one.From, other.From) })
}
