package moving

import (
	"context"
	"crypto/md5" //nolint:gosec // as soxft's busuanzi names its keys; it protects nothing
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/herokuapp/app/internal/counters"
	counter "example.com/herokuapp/counter-core"
)

// Kind is the program whose keys a Redis has.
type Kind string

// The kinds.
const (
	Vercount   Kind = "vercount"
	Soxft      Kind = "soxft"
	SeeYouFarm Kind = "seeyoufarm"
	Django     Kind = "django" // the tutorial's: one key for its only page
)

// Database is a Redis in which another program has counted. It is only read. It is safe for
// concurrent use.
type Database struct {
	client redis.UniversalClient
	naming Naming
	own    bool // our counters are in it, too
	name   string
}

// DatabaseOptions are the options of a [Database].
type DatabaseOptions struct {
	// URL is that of a single server: redis://, rediss:// or unix://. It may be of any
	// network, so only the owner of the process may choose it.
	URL string
	// Own is the URL of the Redis that our counters are in. It may be empty.
	Own string
	// Roots are the authorities trusted to sign the server's certificate. If nil, the
	// system's are. SkipVerify accepts any certificate.
	Roots      *x509.CertPool
	SkipVerify bool
	Naming     Naming
}

// OpenDatabase returns a Redis to read. It does not connect yet. Errors hold no password.
func OpenDatabase(options DatabaseOptions) (*Database, error) {
	opts, err := redis.ParseURL(options.URL)
	if err != nil {
		return nil, errors.New("it is not the URL of one Redis server, such as redis://:password@host:6379/0")
	}
	opts.PoolSize, opts.MaxRetries, opts.DialTimeout, opts.ReadTimeout = 2, 1, 3*time.Second, 5*time.Second
	if opts.TLSConfig != nil {
		opts.TLSConfig.RootCAs, opts.TLSConfig.InsecureSkipVerify = options.Roots, options.SkipVerify
	}
	own, err := redis.ParseURL(options.Own)
	return &Database{
		client: redis.NewClient(opts), naming: options.Naming, name: fmt.Sprintf("%s/%d", opts.Addr, opts.DB),
		own: err == nil && own.Addr == opts.Addr && own.DB == opts.DB,
	}, nil
}

// String returns where the Redis is, without its password.
func (d *Database) String() string { return d.name }

// Close closes its connections.
func (d *Database) Close() error { return d.client.Close() }

// Keys says which keys to read.
type Keys struct {
	Kind Kind
	// Host, unless empty, leaves out the pages of other hosts.
	Host string
	// Pages is a list of addresses of pages, or a sitemap. [Soxft] needs it, because its keys
	// are hashes.
	Pages string
	// Limit is the largest number of counters.
	Limit int
}

// Read returns the counts that the keys have.
func (d *Database) Read(ctx context.Context, keys Keys) ([]counters.Find, error) {
	var finds []counters.Find
	var err error
	switch keys.Kind {
	case Vercount:
		finds, err = d.vercount(ctx, keys)
	case Soxft:
		finds, err = d.soxft(ctx, keys)
	case SeeYouFarm:
		finds, err = d.seeYouFarm(ctx, keys)
	case Django:
		finds, err = d.django(ctx)
	default:
		return nil, fmt.Errorf("%.40q is not a program whose keys are known: use %s, %s, %s or %s", keys.Kind, Vercount, Soxft, SeeYouFarm, Django)
	}
	switch {
	case errors.Is(err, errLimit):
		return nil, fmt.Errorf("there are more than %d counters, which is the limit: name a host, or raise IMPORT_LIMIT", keys.Limit)
	case err != nil && !errors.Is(err, errKeys):
		return nil, fmt.Errorf("the Redis at %s can't be read: %w", d.name, publicFault(err))
	case err != nil:
		return nil, err
	case len(finds) == 0:
		return nil, fmt.Errorf("the Redis at %s has no such keys", d.name)
	}
	return finds, nil
}

var (
	errLimit = errors.New("too many")
	// errKeys says that the [Keys] are wrong.
	errKeys = errors.New("it can't be read like this")
)

// publicFault returns the error without any part of a login that the server may have repeated.
func publicFault(err error) error {
	text, _, _ := strings.Cut(err.Error(), ", with args")
	return errors.New(text)
}

// values returns the whole numbers of the texts under the names that begin with a prefix. It fails
// if another process answers at the end, to which the cursors of the first mean nothing.
func (d *Database) values(ctx context.Context, prefix string, limit int) (map[string]int64, error) {
	found := map[string]int64{}
	var cursor uint64
	process := d.process(ctx)
	for {
		names, next, err := d.client.ScanType(ctx, cursor, escapeGlob(prefix)+"*", 1000, "string").Result()
		if err != nil {
			return nil, err
		}
		if err := d.get(ctx, names, found); err != nil {
			return nil, err
		}
		if len(found) > limit+1 {
			return nil, errLimit
		}
		if cursor = next; cursor == 0 {
			if d.process(ctx) != process {
				return nil, errors.New("it restarted meanwhile, or another one took its place: try again")
			}
			return found, nil
		}
	}
}

// process returns what tells the server's process from others, or nothing if it does not say.
func (d *Database) process(ctx context.Context) string {
	_, after, _ := strings.Cut(d.client.Info(ctx, "server").Val(), "run_id:")
	id, _, _ := strings.Cut(after, "\r\n")
	return id
}

// get adds the numbers under the names to found.
func (d *Database) get(ctx context.Context, names []string, found map[string]int64) error {
	for part := range slices.Chunk(names, 500) {
		values, err := d.client.MGet(ctx, part...).Result()
		if err != nil {
			return err
		}
		for i, value := range values {
			text, _ := value.(string)
			if count, err := strconv.ParseInt(text, 10, 64); err == nil && count > 0 {
				found[part[i]] = count
			}
		}
	}
	return nil
}

// escapeGlob escapes what Redis reads as a pattern.
func escapeGlob(text string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`, `^`, `\^`).Replace(text)
}

// find returns the find of a key that counts a page, or a whole site.
func (d *Database) find(key, address string, total int64, site bool) (counters.Find, bool) {
	page, err := d.naming.page(address)
	find := counters.Find{From: key, Source: "redis/" + key, Total: total}
	if err != nil || counter.CheckName(find.Source) != nil {
		return find, false // a page that can't exist here
	}
	find.Name = page.Counter()
	if site {
		find.Name = page.Site()
	}
	return find, true
}

func (d *Database) vercount(ctx context.Context, keys Keys) ([]counters.Find, error) {
	var finds []counters.Find
	for _, kind := range []string{"pv:site:", "pv:page:"} {
		values, err := d.values(ctx, kind+keys.Host, keys.Limit)
		if err != nil {
			return nil, err
		}
		for key, total := range values {
			name := strings.TrimPrefix(key, kind)
			host, path, _ := strings.Cut(name, ":/") // the host may have a port
			if keys.Host != "" && host != keys.Host {
				continue
			}
			if find, ok := d.find(key, host+"/"+path, total, kind == "pv:site:"); ok {
				finds = append(finds, find)
			}
		}
	}
	return finds, nil
}

func (d *Database) seeYouFarm(ctx context.Context, keys Keys) ([]counters.Find, error) {
	const prefix = "hit:total:"
	values, err := d.values(ctx, prefix+keys.Host, keys.Limit)
	if err != nil {
		return nil, err
	}
	var finds []counters.Find
	for key, total := range values {
		address := strings.TrimPrefix(key, prefix)
		if host, _, _ := strings.Cut(address, "/"); keys.Host != "" && host != keys.Host {
			continue
		}
		find, ok := d.find(key, address, total, false)
		if !ok {
			continue
		}
		if find.Past, err = d.days(ctx, "hit:daily:", address, total); err != nil {
			return nil, err
		}
		find.Site = siteOf(find.Name)
		finds = append(finds, find)
	}
	return finds, nil
}

// siteOf returns the counter of the site of a page's counter.
func siteOf(name string) string {
	host, _, _ := strings.Cut(strings.TrimPrefix(name, counters.PagePrefix), "/")
	return counters.SitePrefix + host
}

// days returns the last days of an address, which expire after two months.
func (d *Database) days(ctx context.Context, prefix, address string, total int64) ([]counter.Bucket, error) {
	var names []string
	today := time.Now().UTC()
	for i := range 62 {
		names = append(names, prefix+today.AddDate(0, 0, -i).Format("20060102")+":"+address)
	}
	values := map[string]int64{}
	if err := d.get(ctx, names, values); err != nil {
		return nil, err
	}
	var days []day
	for key, count := range values {
		date := strings.TrimPrefix(key, prefix)[:8]
		days = append(days, day{date[:4] + "-" + date[4:6] + "-" + date[6:], count})
	}
	return past(days, total), nil
}

// maxPages is the most pages of a list or a sitemap.
const maxPages = 50_000

func (d *Database) soxft(ctx context.Context, keys Keys) ([]counters.Find, error) {
	pages := pagesOf(keys.Pages)
	if len(pages) == 0 {
		return nil, fmt.Errorf("%w: its keys are hashes, so paste the addresses of your pages, or the sitemap", errKeys)
	}
	if len(pages) > min(maxPages, keys.Limit) {
		return nil, errLimit
	}
	var finds []counters.Find
	sites := map[string]bool{}
	for _, address := range pages {
		host, path := hostAndPath(address)
		if keys.Host != "" && host != keys.Host {
			continue
		}
		for _, hash := range []func(string) string{whole, middle} {
			if site := "bsz:site_pv:" + hash(host); !sites[site] {
				sites[site] = true
				values := map[string]int64{}
				if err := d.get(ctx, []string{site}, values); err != nil {
					return nil, err
				}
				if find, ok := d.find(site, host, values[site], true); ok && find.Total > 0 {
					find.From = site + " (" + host + ")"
					finds = append(finds, find)
				}
			}
			for _, spelled := range spellings(host, path) {
				set, member := "bsz:page_pv:"+hash(host), hash(spelled)
				score, err := d.client.ZScore(ctx, set, member).Result()
				if errors.Is(err, redis.Nil) || err == nil && score < 1 {
					continue
				}
				if err != nil {
					return nil, err
				}
				find, ok := d.find(set+"/"+member, host+path, int64(score), false)
				if ok && !slices.ContainsFunc(finds, func(other counters.Find) bool { return other.Source == find.Source }) {
					find.From += " (" + host + path + ")"
					finds = append(finds, find)
				}
			}
		}
	}
	return finds, nil
}

func whole(text string) string {
	sum := md5.Sum([]byte(text)) //nolint:gosec // as above
	return hex.EncodeToString(sum[:])
}

func middle(text string) string { return whole(text)[8:24] }

// spellings returns what may have been hashed for a page.
func spellings(host, path string) []string {
	bare := strings.TrimRight(path, "/")
	paths := []string{bare + "/"}
	if bare != "" {
		paths = append(paths, bare)
	}
	var all []string
	for _, path := range paths {
		all = append(all, path, host+"&"+path)
	}
	return all
}

// pagesOf returns the addresses of a list, one a line, or of a sitemap.
func pagesOf(text string) []string {
	if strings.Contains(text, "<loc>") {
		var pages []string
		for _, found := range regexp.MustCompile(`<loc>\s*([^<\s]+)\s*</loc>`).FindAllStringSubmatch(text, maxPages+1) {
			pages = append(pages, strings.ReplaceAll(found[1], "&amp;", "&"))
		}
		return pages
	}
	return strings.Fields(text)
}

// hostAndPath returns the host and the path as a browser would send them.
func hostAndPath(address string) (host, path string) {
	if _, after, ok := strings.Cut(address, "://"); ok {
		address = after
	}
	address, _, _ = strings.Cut(address, "#")
	address, _, _ = strings.Cut(address, "?")
	host, path, _ = strings.Cut(address, "/")
	return strings.ToLower(host), "/" + path
}

func (d *Database) django(ctx context.Context) ([]counters.Find, error) {
	if d.own {
		return nil, fmt.Errorf("%w: this Redis is the one that the app counts in, and so goes on with %s by itself", errKeys, counters.Home)
	}
	values := map[string]int64{}
	if err := d.get(ctx, []string{counters.Home}, values); err != nil || values[counters.Home] == 0 {
		return nil, err
	}
	return []counters.Find{{From: counters.Home, Source: "redis/" + counters.Home, Name: counters.Home, Total: values[counters.Home]}}, nil
}
