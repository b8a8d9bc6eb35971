// Package config reads the environment into a [Config]. It refuses a wrong value
// with one line that says how to mend it. Nothing else configures the program.
package config

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"

	"example.com/herokuapp/app/internal/counters"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/bots"
)

// Config is the program's configuration.
type Config struct {
	// Host is the only address to listen on. An unspecified address means every address
	// of its family, the zero Addr every address of the machine.
	Host netip.Addr
	// Port is the port to listen on. With 0 the system chooses one.
	Port uint16
	// MetricsAddr is the address to serve metrics on. Its port is not Port. The zero AddrPort
	// serves none.
	MetricsAddr netip.AddrPort
	// RedisURL is the address of Redis. It may hold a password.
	RedisURL string
	// MoveRedisURL is the address of a Redis in which another program has counted, whose
	// numbers can be brought. It may hold a password. If empty, it is RedisURL.
	MoveRedisURL string
	// DataFile is the file that counts are kept in. RedisURL and DataFile are not both
	// set; if neither is, counts are kept in memory.
	DataFile string
	// RedisPoolSize is the most connections to Redis the program may have: in total,
	// or in a Cluster, to each node.
	RedisPoolSize int
	// RedisWaitReplicas is how many replicas must have a view before its number is
	// shown. 0 waits for none.
	RedisWaitReplicas int
	// RedisTLSRoots are the authorities trusted to sign the certificate of a rediss://
	// server. If nil, the system's are.
	RedisTLSRoots *x509.CertPool
	// RedisTLSSkipVerify accepts any certificate, even one of an attacker in between.
	RedisTLSSkipVerify bool
	// AdminPassword lets the owner into the admin site. If it and AdminToken are empty,
	// there is no admin site.
	AdminPassword string
	// AdminToken lets the owner's programs use the admin site's API. If empty, the API
	// refuses everybody.
	AdminToken string
	// ImportLimit is how many counters one import may have.
	ImportLimit int
	// SecretKey signs the sessions of the admin site. If empty, a random key is used,
	// and sessions end with the process.
	SecretKey string
	// TrustedProxies are the peers that are believed about who a visitor is and whether
	// TLS is used.
	TrustedProxies []netip.Prefix
	// Dangers says why counts are likely to be lost in the store that was chosen. It is
	// empty if nothing suggests that they are.
	Dangers []string
	// SkipBots leaves views by bots uncounted.
	SkipBots bool
	// Sites are the hosts whose pages are counted.
	Sites counters.Sites
	// KeepQuery are the query parameters that are part of a page's address.
	KeepQuery []string
	// Compat are the other services whose addresses are served, by the names of [Services].
	Compat []string
	// MaxCounters is the number of page counters from which strangers can't create more.
	MaxCounters int
	// RateLimit is how many views of a page count for one client each minute. 0 counts all.
	RateLimit int
	// Stats says who may look at when pages were viewed.
	Stats Stats
	// MaxListeners is how many clients may listen to changing numbers at the same time.
	MaxListeners int
	// History keeps when views were counted.
	History bool
	// HistoryHours is how many hours after a day the hours of that day are kept.
	HistoryHours int
	// PageWait is how long a page waits for its number when the store is slow.
	PageWait time.Duration
	// Revision names the commit the program was built from.
	Revision string
	// Debug turns on development logs and shows errors in the page.
	Debug bool
	// ShutdownTimeout is how long the process may take to end after the signal to stop. In
	// that time it finishes the requests in flight, counts what is pending, and writes the
	// last lines of the log.
	ShutdownTimeout time.Duration
}

// ReportTime is the last part of ShutdownTimeout. It is for logging what could not be
// finished.
func (c Config) ReportTime() time.Duration { return min(c.ShutdownTimeout/10, 2*time.Second) }

// Bot returns the function that reports whether views with a User-Agent don't count.
func (c Config) Bot() func(userAgent string) bool {
	if c.SkipBots {
		return bots.Is
	}
	return func(string) bool { return false }
}

// Error is a variable whose value the program can't run with.
type Error struct {
	Variable, Fault, Example string
}

// Error says in one line what is wrong.
func (e *Error) Error() string {
	return fmt.Sprintf("%s %s; for example %s=%s", e.Variable, e.Fault, e.Variable, e.Example)
}

// maxBound is the most counters, views or listeners that a bound may allow.
const maxBound = 100_000_000

// maxHistoryHours is ten years.
const maxHistoryHours = 10 * 365 * counter.DayHours

// Load reads the configuration through getenv, which is os.Getenv outside tests. An
// empty variable counts as not set. The error joins an [*Error] for every variable that
// is wrong.
func Load(getenv func(string) string) (Config, error) {
	cfg := Config{
		RedisURL:        getenv("REDIS_URL"),
		MoveRedisURL:    getenv("MOVE_REDIS_URL"),
		RedisPoolSize:   4,
		TrustedProxies:  nearby(),
		Revision:        Revision(getenv),
		Port:            8000,
		SkipBots:        true,
		ImportLimit:     100_000,
		MaxCounters:     100_000,
		RateLimit:       60,
		MaxListeners:    10_000,
		History:         true,
		HistoryHours:    counter.DefaultHistoryHours,
		PageWait:        500 * time.Millisecond,
		ShutdownTimeout: 25 * time.Second,
	}
	err := errors.Join(
		set(&cfg.DataFile, getenv, "DATA_FILE", parseFile, "counts.db"),
		set(&cfg.Host, getenv, "HOST", parseHost, "127.0.0.1"),
		set(&cfg.Port, getenv, "PORT", parsePort, "8000"),
		set(&cfg.MetricsAddr, getenv, "METRICS_ADDR", parseAddrPort, "127.0.0.1:9100"),
		set(&cfg.RedisPoolSize, getenv, "REDIS_POOL_SIZE", wholeNumber("number of connections", 1, math.MaxUint16), "4"),
		set(&cfg.RedisWaitReplicas, getenv, "REDIS_WAIT_REPLICAS", wholeNumber("number of replicas", 0, 100), "1"),
		set(&cfg.RedisTLSRoots, getenv, "REDIS_TLS_CA", parseRoots, "/etc/ssl/redis-ca.pem"),
		set(&cfg.RedisTLSSkipVerify, getenv, "REDIS_TLS_SKIP_VERIFY", parseBool, "true"),
		set(&cfg.Debug, getenv, "DEBUG", parseBool, "true"),
		setSecret(&cfg.AdminPassword, getenv, "ADMIN_PASSWORD", checkPassword, "$(openssl rand -hex 16)"),
		setSecret(&cfg.AdminToken, getenv, "ADMIN_TOKEN", checkToken, newKey),
		setSecret(&cfg.SecretKey, getenv, "SECRET_KEY", checkKey, newKey),
		set(&cfg.ImportLimit, getenv, "IMPORT_LIMIT", wholeNumber("number of counters", 1, 1_000_000_000), "100000"),
		set(&cfg.TrustedProxies, getenv, "TRUSTED_PROXIES", parseProxies, "10.0.0.0/8,192.0.2.7"),
		set(&cfg.SkipBots, getenv, "SKIP_BOTS", parseBool, "false"),
		set(&cfg.Sites, getenv, "SITES", counters.ParseSites, "example.com,*.example.org,www.example.com=example.com"),
		set(&cfg.KeepQuery, getenv, "KEEP_QUERY", parseKeepQuery, "p,page_id"),
		set(&cfg.Compat, getenv, "COMPAT", parseServices, "ghpvc,busuanzi"),
		set(&cfg.MaxCounters, getenv, "MAX_COUNTERS", wholeNumber("whole number", 0, maxBound), "100000"),
		set(&cfg.RateLimit, getenv, "RATE_LIMIT", wholeNumber("whole number", 0, maxBound), "60"),
		set(&cfg.MaxListeners, getenv, "MAX_LISTENERS", wholeNumber("whole number", 0, maxBound), "10000"),
		set(&cfg.History, getenv, "HISTORY", parseSwitch, "off"),
		set(&cfg.HistoryHours, getenv, "HISTORY_HOURS", wholeNumber("number of hours", 1, maxHistoryHours), "1440"),
		set(&cfg.Stats, getenv, "STATS", parseStats, "owner"),
		set(&cfg.PageWait, getenv, "PAGE_WAIT", parsePageWait, "500ms"),
		set(&cfg.ShutdownTimeout, getenv, "SHUTDOWN_TIMEOUT", parseTimeout, "25s"),
	)
	switch {
	case cfg.RedisURL != "":
	case cfg.DataFile != "":
		cfg.Dangers = fileDangers(getenv)
	default:
		cfg.Dangers = memoryDangers(getenv)
	}
	if err == nil {
		err = cfg.contradiction()
	}
	return cfg, err
}

// contradiction returns an error if variables that are right by themselves contradict
// each other.
func (c Config) contradiction() error {
	switch {
	case c.SecretKey != "" && (c.SecretKey == c.AdminPassword || c.SecretKey == c.AdminToken):
		return &Error{Variable: "SECRET_KEY", Fault: "is the same as ADMIN_PASSWORD or ADMIN_TOKEN", Example: newKey}
	case c.AdminToken != "" && c.AdminToken == c.AdminPassword:
		return &Error{Variable: "ADMIN_TOKEN", Fault: "is the same as ADMIN_PASSWORD", Example: newKey}
	case c.RedisURL != "" && c.DataFile != "":
		return &Error{Variable: "DATA_FILE", Fault: "is set, and so is REDIS_URL: unset the one you don't want", Example: ""}
	case c.MetricsAddr.IsValid() && c.MetricsAddr.Port() == c.Port && c.Port != 0: // with 0, the system chooses two ports
		return &Error{Variable: "METRICS_ADDR", Fault: "has the port of the page, which is public: choose another", Example: "127.0.0.1:9100"}
	case c.Stats == StatsOwner && c.AdminPassword == "" && c.AdminToken == "":
		return &Error{Variable: "STATS", Fault: "is owner, but nobody can log in without ADMIN_PASSWORD or ADMIN_TOKEN: set one", Example: string(StatsOff)}
	case c.RedisTLSRoots == nil:
		return nil
	case c.RedisTLSSkipVerify:
		return &Error{Variable: "REDIS_TLS_SKIP_VERIFY", Fault: "is true, so REDIS_TLS_CA would never be used", Example: "false"}
	case c.RedisURL != "" && !usesTLS(c.RedisURL):
		return &Error{
			Variable: "REDIS_TLS_CA",
			Fault:    "is set, but REDIS_URL does not use TLS: begin it with rediss://, or unset REDIS_TLS_CA",
			Example:  "",
		}
	}
	return nil
}

// usesTLS reports whether the URL's scheme is rediss, in any case.
func usesTLS(url string) bool {
	scheme, _, _ := strings.Cut(url, ":")
	return strings.EqualFold(scheme, "rediss")
}

// set sets field to the variable's parsed value, or leaves the default in place if the
// variable is not set.
func set[T any](field *T, getenv func(string) string, variable string, parse func(string) (T, error), example string) error {
	text := getenv(variable)
	if text == "" {
		return nil
	}
	value, err := parse(text)
	if err != nil {
		return &Error{Variable: variable, Fault: fmt.Sprintf("is %.40q, %v", text, err), Example: example}
	}
	*field = value
	return nil
}

// parseFile refuses what is probably not the name that was meant, because the count would begin
// anew in another file.
func parseFile(text string) (string, error) {
	switch {
	case strings.ContainsFunc(text, unicode.IsControl):
		return "", errors.New("with a control character such as a line feed")
	case strings.TrimSpace(text) != text:
		return "", errors.New("with white space around it")
	case strings.Trim(text, `"'`) != text:
		return "", errors.New("with quotation marks, which would be part of the name")
	}
	return text, nil
}

// parseHost reads an address. An IPv4 address in IPv6 notation becomes an IPv4 address.
func parseHost(text string) (netip.Addr, error) {
	if inner, ok := strings.CutPrefix(text, "["); ok {
		if inner, ok = strings.CutSuffix(inner, "]"); ok && strings.Contains(inner, ":") {
			text = inner
		}
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}, errors.New("not an IP address")
	}
	return addr.Unmap(), nil
}

func parsePort(text string) (uint16, error) {
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0, errors.New("not a port number from 0 to 65535")
	}
	return uint16(port), nil
}

// parseAddrPort reads an IP address with a port. An IPv4 address in IPv6 notation becomes an
// IPv4 address.
func parseAddrPort(text string) (netip.AddrPort, error) {
	addr, err := netip.ParseAddrPort(text)
	if err != nil {
		return netip.AddrPort{}, errors.New("not an IP address with a port")
	}
	return netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()), nil
}

// wholeNumber returns a parser of whole numbers from least to most, called what in its error.
func wholeNumber(what string, least, most int) func(text string) (int, error) {
	return func(text string) (int, error) {
		number, err := strconv.ParseUint(text, 10, 31)
		if err != nil || int(number) < least || int(number) > most {
			return 0, fmt.Errorf("not a %s from %d to %d", what, least, most)
		}
		return int(number), nil
	}
}

// parseKeepQuery reads names of parameters, joined by commas.
func parseKeepQuery(text string) ([]string, error) {
	names := strings.Split(text, ",")
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
		if names[i] == "" || strings.ContainsAny(names[i], "=&#;") || strings.ContainsFunc(names[i], unicode.IsControl) {
			return nil, fmt.Errorf("and %q is not the name of a parameter", name)
		}
	}
	return names, nil
}

// maxRoots is the size of the largest file of certificates that is read, in bytes: several times
// that of a system's own.
const maxRoots = 4 << 20

// parseRoots reads certificates in PEM, from the text itself or from the file it names.
func parseRoots(text string) (*x509.CertPool, error) {
	pem := []byte(text)
	if !strings.Contains(text, "-----BEGIN") {
		var err error
		if pem, err = readFile(text, maxRoots); err != nil {
			return nil, errors.New("neither a certificate in PEM nor a file that can be read")
		}
		if len(pem) > maxRoots {
			return nil, fmt.Errorf("a file of more than %d MiB", maxRoots>>20)
		}
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("a file or text without a certificate in PEM")
	}
	return roots, nil
}

func parseBool(text string) (bool, error) {
	value, err := strconv.ParseBool(text)
	if err != nil {
		return false, errors.New("neither true nor false")
	}
	return value, nil
}

// parseSwitch reads on or off, or what parseBool does.
func parseSwitch(text string) (bool, error) {
	switch text {
	case "on":
		return true, nil
	case "off":
		return false, nil
	}
	value, err := parseBool(text)
	if err != nil {
		err = errors.New("neither on nor off")
	}
	return value, err
}

// maxPageWait leaves enough of the server's time limit for a request to send the answer.
const maxPageWait = 20 * time.Second

func parsePageWait(text string) (time.Duration, error) {
	wait, err := parseTimeout(text)
	if err == nil && wait > maxPageWait {
		err = fmt.Errorf("longer than %s", maxPageWait)
	}
	return wait, err
}

func parseTimeout(text string) (time.Duration, error) {
	timeout, err := time.ParseDuration(text)
	if err != nil || timeout <= 0 {
		return 0, errors.New("not a time above zero with a unit")
	}
	return timeout, nil
}

// readFile reads a file up to the byte after most, which may be a device without an end.
func readFile(name string, most int64) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, most+1))
}
