// Package config turns the environment into a [Config], and refuses what is
// wrong with a line that says how to mend it. Nothing else configures the
// program.
package config

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/counter-core/bots"
)

// Config is how the program was told to run.
type Config struct {
	// Host is the address to listen on: it alone, or with the unspecified address every one of
	// its family. The zero Addr is every address of the machine.
	Host netip.Addr
	// Port is where the page is served. 0 lets the system choose.
	Port uint16
	// RedisURL says where Redis is, and may hold a password.
	RedisURL string
	// DataFile is the file that counts are kept in. RedisURL and DataFile are not both
	// set; if neither is, counts are kept in memory.
	DataFile string
	// RedisPoolSize is how many connections to Redis the program may have, in
	// all; in a Cluster, to each node.
	RedisPoolSize int
	// RedisWaitReplicas is how many replicas must have a view before its number is
	// shown. 0: none.
	RedisWaitReplicas int
	// RedisTLSRoots are the authorities whose word is taken for the certificate of
	// a rediss:// server. Nil, those of the system.
	RedisTLSRoots *x509.CertPool
	// RedisTLSSkipVerify takes any certificate, that of somebody in between who
	// pretends to be the server, too.
	RedisTLSSkipVerify bool
	// AdminPassword lets the owner into the admin site. Empty, there is none.
	AdminPassword string
	// AdminToken lets the owner's programs into the API of the admin site. Empty, none
	// gets in.
	AdminToken string
	// ImportLimit is how many counters one import may have.
	ImportLimit int
	// SecretKey signs the sessions of the admin site. Empty, a random one does, and
	// sessions end with the process.
	SecretKey string
	// TrustedProxies are the peers whose word is taken for who a visitor is, and for
	// whether TLS is used.
	TrustedProxies []netip.Prefix
	// Dangers says why counts are likely to be lost where they are kept. Empty where
	// nothing says so.
	Dangers []string
	// SkipBots leaves uncounted the views of programs that nobody sits at.
	SkipBots bool
	// Sites are the hosts whose pages are counted.
	Sites counters.Sites
	// KeepQuery are the parameters of a page's address that choose the page.
	KeepQuery []string
	// MaxCounters is how many page counters there may be before strangers can't create more.
	MaxCounters int
	// RateLimit is how many views a minute of one client and page count. 0: all.
	RateLimit int
	// MaxListeners is how many may listen to numbers as they change at the same time.
	MaxListeners int
	// PageWait is how long a page waits for its number when the store is slow.
	PageWait time.Duration
	// Revision names the commit the program was built from.
	Revision string
	// Debug turns on development logs and shows errors in the page.
	Debug bool
	// ShutdownTimeout is how long it may take, after the signal to stop, until the process
	// has ended: to finish the requests in flight, to count what is pending, and to write
	// the last lines of the log.
	ShutdownTimeout time.Duration
}

// ReportTime is the last part of ShutdownTimeout, in which the log says what could not be
// finished.
func (c Config) ReportTime() time.Duration { return min(c.ShutdownTimeout/10, 2*time.Second) }

// Bot returns what tells the User-Agents whose views don't count.
func (c Config) Bot() func(userAgent string) bool {
	if c.SkipBots {
		return bots.Is
	}
	return func(string) bool { return false }
}

// Error is a variable with a value the program can't run with.
type Error struct {
	Variable, Fault, Example string
}

// Error says what is wrong in one line.
func (e *Error) Error() string {
	return fmt.Sprintf("%s %s; for example %s=%s", e.Variable, e.Fault, e.Variable, e.Example)
}

// Load reads the configuration through getenv, which is os.Getenv outside of
// tests. A variable that is empty is as good as not set. The error joins an
// [*Error] for every variable that is wrong.
func Load(getenv func(string) string) (Config, error) {
	cfg := Config{
		RedisURL:        getenv("REDIS_URL"),
		DataFile:        getenv("DATA_FILE"),
		RedisPoolSize:   4,
		TrustedProxies:  nearby(),
		Revision:        revision(getenv),
		Port:            8000,
		SkipBots:        true,
		ImportLimit:     100_000,
		MaxCounters:     100_000,
		RateLimit:       60,
		MaxListeners:    10_000,
		PageWait:        500 * time.Millisecond,
		ShutdownTimeout: 25 * time.Second,
	}
	err := errors.Join(
		set(&cfg.Host, getenv, "HOST", parseHost, "127.0.0.1"),
		set(&cfg.Port, getenv, "PORT", parsePort, "8000"),
		set(&cfg.RedisPoolSize, getenv, "REDIS_POOL_SIZE", parsePoolSize, "4"),
		set(&cfg.RedisWaitReplicas, getenv, "REDIS_WAIT_REPLICAS", parseReplicas, "1"),
		set(&cfg.RedisTLSRoots, getenv, "REDIS_TLS_CA", parseRoots, "/etc/ssl/redis-ca.pem"),
		set(&cfg.RedisTLSSkipVerify, getenv, "REDIS_TLS_SKIP_VERIFY", parseBool, "true"),
		set(&cfg.Debug, getenv, "DEBUG", parseBool, "true"),
		setSecret(&cfg.AdminPassword, getenv, "ADMIN_PASSWORD", checkPassword, "$(openssl rand -hex 16)"),
		setSecret(&cfg.AdminToken, getenv, "ADMIN_TOKEN", checkToken, newKey),
		setSecret(&cfg.SecretKey, getenv, "SECRET_KEY", checkKey, newKey),
		set(&cfg.ImportLimit, getenv, "IMPORT_LIMIT", parseImportLimit, "100000"),
		set(&cfg.TrustedProxies, getenv, "TRUSTED_PROXIES", parseProxies, "10.0.0.0/8,192.0.2.7"),
		set(&cfg.SkipBots, getenv, "SKIP_BOTS", parseBool, "false"),
		set(&cfg.Sites, getenv, "SITES", counters.ParseSites, "example.com,*.example.org,www.example.com=example.com"),
		set(&cfg.KeepQuery, getenv, "KEEP_QUERY", parseKeepQuery, "p,page_id"),
		set(&cfg.MaxCounters, getenv, "MAX_COUNTERS", parseBound, "100000"),
		set(&cfg.RateLimit, getenv, "RATE_LIMIT", parseBound, "60"),
		set(&cfg.MaxListeners, getenv, "MAX_LISTENERS", parseBound, "10000"),
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

// contradiction returns what can't be meant, though each variable can be right.
func (c Config) contradiction() error {
	switch {
	case c.SecretKey != "" && (c.SecretKey == c.AdminPassword || c.SecretKey == c.AdminToken):
		return &Error{Variable: "SECRET_KEY", Fault: "is the same as ADMIN_PASSWORD or ADMIN_TOKEN", Example: newKey}
	case c.AdminToken != "" && c.AdminToken == c.AdminPassword:
		return &Error{Variable: "ADMIN_TOKEN", Fault: "is the same as ADMIN_PASSWORD", Example: newKey}
	case c.RedisURL != "" && c.DataFile != "":
		return &Error{Variable: "DATA_FILE", Fault: "is set, and so is REDIS_URL: which one is meant? Unset the other", Example: ""}
	case c.RedisTLSRoots == nil:
		return nil
	case c.RedisTLSSkipVerify:
		return &Error{Variable: "REDIS_TLS_SKIP_VERIFY", Fault: "is true, and REDIS_TLS_CA would be of no use", Example: "false"}
	case c.RedisURL != "" && !strings.HasPrefix(c.RedisURL, "rediss://"):
		return &Error{Variable: "REDIS_TLS_CA", Fault: "is set, but the scheme of REDIS_URL is not rediss: nothing would be encrypted", Example: ""}
	}
	return nil
}

// set gives field the variable's parsed value, and leaves the default in place
// where the variable is not set.
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

// parseHost reads an address. One of IPv4 that is written as one of IPv6 is one of IPv4.
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
		return 0, errors.New("which is no port number from 0 to 65535")
	}
	return uint16(port), nil
}

// parseBound reads a number of things that there may be.
func parseBound(text string) (int, error) {
	const most = 100_000_000
	bound, err := strconv.ParseUint(text, 10, 32)
	if err != nil || bound > most {
		return 0, fmt.Errorf("not a whole number from 0 to %d", most)
	}
	return int(bound), nil
}

// parseKeepQuery reads names of parameters, joined by commas.
func parseKeepQuery(text string) ([]string, error) {
	names := strings.Split(text, ",")
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
		if names[i] == "" || strings.ContainsAny(names[i], "=&#;") || strings.ContainsFunc(names[i], unicode.IsControl) {
			return nil, fmt.Errorf("which has %q in place of a parameter's name", name)
		}
	}
	return names, nil
}

func parsePoolSize(text string) (int, error) {
	size, err := strconv.ParseUint(text, 10, 16)
	if err != nil || size == 0 {
		return 0, errors.New("which is no number of connections from 1 to 65535")
	}
	return int(size), nil
}

// maxReplicas is more than a primary ever had.
const maxReplicas = 100

func parseReplicas(text string) (int, error) {
	replicas, err := strconv.ParseUint(text, 10, 16)
	if err != nil || replicas > maxReplicas {
		return 0, fmt.Errorf("which is no number of replicas from 0 to %d", maxReplicas)
	}
	return int(replicas), nil
}

// parseRoots reads certificates in PEM: those in the text, or in the file it names.
func parseRoots(text string) (*x509.CertPool, error) {
	pem := []byte(text)
	if !strings.Contains(text, "-----BEGIN") {
		var err error
		if pem, err = os.ReadFile(text); err != nil {
			return nil, errors.New("which is neither a certificate in PEM nor a file that can be read")
		}
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("which holds no certificate in PEM")
	}
	return roots, nil
}

// maxImportLimit is more counters than a file of any use has.
const maxImportLimit = 1_000_000_000

func parseImportLimit(text string) (int, error) {
	limit, err := strconv.ParseUint(text, 10, 31)
	if err != nil || limit == 0 || limit > maxImportLimit {
		return 0, fmt.Errorf("which is not a number of counters from 1 to %d", maxImportLimit)
	}
	return int(limit), nil
}

func parseBool(text string) (bool, error) {
	value, err := strconv.ParseBool(text)
	if err != nil {
		return false, errors.New("which is neither true nor false")
	}
	return value, nil
}

// maxPageWait is what is left to answer with, of the time the server gives a request.
const maxPageWait = 20 * time.Second

func parsePageWait(text string) (time.Duration, error) {
	wait, err := parseTimeout(text)
	if err == nil && wait > maxPageWait {
		err = fmt.Errorf("which is longer than %s", maxPageWait)
	}
	return wait, err
}

func parseTimeout(text string) (time.Duration, error) {
	timeout, err := time.ParseDuration(text)
	if err != nil || timeout <= 0 {
		return 0, errors.New("which is no time above zero with its unit")
	}
	return timeout, nil
}
