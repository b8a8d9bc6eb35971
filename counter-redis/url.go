package counterredis

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// ErrURL says that [Open] does not accept a URL. Its text says what is wrong but never quotes
// the URL, which may contain a password.
var ErrURL = errors.New("counterredis: bad URL")

// maxConns limits the numbers of connections that a URL may ask for. A client has no more
// ports, and go-redis allocates too much or panics beyond it.
const maxConns = 1<<16 - 1

// parseURL returns what a URL names.
func parseURL(raw string) (*target, error) {
	if fault := urlFault(raw); fault != "" {
		return nil, badURL(fault)
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, badURL("it can't be parsed")
	}
	t, fault := takeNodes(u)
	if fault != "" {
		return nil, badURL(fault)
	}
	if fault := optionsFault(u); fault != "" {
		return nil, badURL(fault)
	}
	// Its error may hold the password, or a part of one that was not escaped.
	if t.server, err = redis.ParseURL(u.String()); err != nil {
		return nil, badURL("an option after the ? is malformed")
	}
	if t.kind == sentinels {
		t.moveLogin()
	}
	if fault := t.loginFault(); fault != "" {
		return nil, badURL(fault)
	}
	if t.kind == cluster && t.server.DB != 0 {
		return nil, badURL("a Cluster has no database but 0")
	}
	setDefaults(t.server)
	return t, nil
}

// badURL returns the error for a URL with the fault.
func badURL(fault string) error {
	return fmt.Errorf("%w: %s; it should be like redis://user:password@host:6379/0, rediss://… for TLS, "+
		"unix:///path/to/redis.sock, redis://user:password@node1:6379?addr=node2:6379 for a Cluster, "+
		"or redis://sentinel1:26379/0?addr=sentinel2:26379&master_name=name&username=user&password=password for Sentinel, "+
		"with special characters of passwords percent-escaped", ErrURL, fault)
}

// urlFault returns what is wrong with a URL, or "". Above all, it finds what redis.ParseURL
// would silently misunderstand.
func urlFault(raw string) string {
	switch {
	case raw == "":
		return "it is empty"
	case strings.ContainsAny(raw[:1], `"'`): // which some files of variables keep
		return "it begins with a quotation mark"
	case strings.ContainsFunc(raw, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return "it holds white space or a control character"
	case strings.Contains(raw, "#"):
		return "it holds a #"
	}
	u, err := url.Parse(raw)
	if err != nil {
		return "it can't be parsed"
	}
	if _, err := url.ParseQuery(u.RawQuery); err != nil {
		return "its options after the ? can't be parsed"
	}
	switch u.Scheme {
	case "redis", "rediss":
		return serverFault(u)
	case "unix":
		return socketFault(u)
	default:
		return "its scheme is not redis, rediss or unix"
	}
}

// serverFault is urlFault for a server reached by TCP.
func serverFault(u *url.URL) string {
	host, port, database := u.Hostname(), u.Port(), strings.Trim(u.Path, "/")
	switch {
	case strings.Contains(u.Host, ","):
		return "it names several hosts, joined by commas"
	case host == "":
		return "it names no host"
	case strings.Contains(host, ":") && !strings.HasPrefix(u.Host, "["):
		return "its IPv6 address is not in brackets"
	case !plainHost(host):
		return "its host has a character that no host has"
	case port != "" && !numberWithin(port, 1, 1<<16-1):
		return "its port is not within 1 and 65535"
	case database != "" && !numberWithin(database, 0, 1<<31-1):
		return "its path is not the number of a database"
	}
	return ""
}

// maxSocketPath is the most bytes that a system takes as the path of a socket: Linux does.
const maxSocketPath = 107

// socketFault is urlFault for a server reached by a Unix socket.
func socketFault(u *url.URL) string {
	switch {
	case u.Host != "":
		return "the path of its socket does not begin with a slash"
	case u.Path == "":
		return "it names no socket"
	case len(u.Path) > maxSocketPath:
		return "the path of its socket is longer than " + strconv.Itoa(maxSocketPath) + " bytes"
	case strings.ContainsFunc(u.Path, unicode.IsControl):
		return "the path of its socket holds a control character"
	}
	return ""
}

// numberWithin reports whether the text is a decimal number from least to most.
func numberWithin(text string, least, most uint64) bool {
	n, err := strconv.ParseUint(text, 10, 64)
	return err == nil && least <= n && n <= most
}

// setDefaults sets what the URL leaves open, and what must not be changed.
func setDefaults(opts *redis.Options) {
	// A repeated command could count twice. A caller's deadline is kept.
	opts.MaxRetries = -1
	opts.ContextTimeoutEnabled = true

	opts.DialTimeout = cmp.Or(opts.DialTimeout, time.Second)
	opts.DialerRetries = 1
	opts.ReadTimeout = cmp.Or(opts.ReadTimeout, 500*time.Millisecond)
	opts.WriteTimeout = cmp.Or(opts.WriteTimeout, 500*time.Millisecond)
	opts.PoolTimeout = cmp.Or(opts.PoolTimeout, time.Second)
	// Hosts close connections that are idle for five minutes.
	opts.ConnMaxIdleTime = cmp.Or(opts.ConnMaxIdleTime, 4*time.Minute)
	opts.PipelinePoolSize = cmp.Or(opts.PipelinePoolSize, -1) // hosted plans count connections

	// Older servers and many hosts refuse the commands of newer features.
	opts.Protocol = cmp.Or(opts.Protocol, 2)
	opts.DisableIdentity = true
	opts.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}
