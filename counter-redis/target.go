package counterredis

import (
	"cmp"
	"net"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/redis/go-redis/v9"
)

// target is the server or servers that a URL names.
type target struct {
	kind   kind
	server *redis.Options // for each server with counters
	addrs  []string       // the nodes of the Cluster, or the Sentinels

	maxRedirects int // of reads, in a Cluster; 0: go-redis's default

	// The name of the primary at the Sentinels, and the login for them.
	masterName, sentinelUser, sentinelPassword string

	// The login for the servers that the Sentinels know.
	username, password string
}

type kind int

const (
	single kind = iota
	cluster
	sentinels
)

// takeNodes removes the options for a Cluster or Sentinels from the URL and applies them. It
// returns what is wrong with them, if anything. They are the options of
// [redis.ParseClusterURL] and [redis.ParseFailoverURL].
func takeNodes(u *url.URL) (t *target, fault string) {
	t = &target{}
	query := u.Query()
	for _, option := range []string{"read_only", "replica_only", "route_by_latency", "route_randomly", "use_disconnected_replicas"} {
		if query.Has(option) {
			return nil, "its option " + option + " reads from replicas, which may be behind"
		}
	}
	addrs, names := query["addr"], query["master_name"]
	switch {
	case len(names) > 0:
		t.kind = sentinels
	case len(addrs) > 0:
		t.kind = cluster
	case query.Has("username") || query.Has("password"):
		return nil, "its options username and password are for Sentinel, beside master_name"
	default:
		return t, ""
	}
	switch {
	case u.Scheme == "unix":
		return nil, "a socket is neither a Cluster nor a Sentinel"
	case t.kind == sentinels && (len(names) > 1 || names[0] == ""):
		return nil, "its master_name is not one name"
	case t.kind == sentinels && u.Port() == "":
		return nil, "it names no port of its Sentinel, like 26379"
	}
	for _, option := range []string{"username", "password", "max_redirects"} {
		if len(query[option]) > 1 { // one of them would be ignored
			return nil, "its option " + option + " is given twice"
		}
	}
	first := net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "6379"))
	for _, addr := range append([]string{first}, addrs...) {
		host, port, err := net.SplitHostPort(addr)
		if err != nil || !plainHost(host) || !numberWithin(port, 1, 1<<16-1) {
			return nil, "an addr after the ? is not one host:port"
		}
		t.addrs = append(t.addrs, addr)
	}
	if t.kind == sentinels {
		t.masterName, t.username, t.password = names[0], query.Get("username"), query.Get("password")
		query.Del("username")
		query.Del("password")
	} else if redirects := query.Get("max_redirects"); redirects != "" {
		var err error
		if t.maxRedirects, err = strconv.Atoi(redirects); err != nil || !numberWithin(redirects, 1, 100) {
			return nil, "its max_redirects is not within 1 and 100"
		}
	}
	if t.kind == cluster {
		query.Del("max_redirects")
	}
	query.Del("addr")
	query.Del("master_name")
	u.RawQuery = query.Encode()
	return t, ""
}

// plainHost reports whether the text is only a host, not a variable that was not replaced. Above all,
// it must not have a login, which would be shown along with the host.
func plainHost(host string) bool {
	return host != "" && !strings.ContainsFunc(host, func(r rune) bool {
		return strings.ContainsRune(",@/?#!$&'()*+;=<>\"", r) || unicode.IsSpace(r) || unicode.IsControl(r)
	})
}

// moveLogin makes the login before the @ the one for the Sentinels.
func (t *target) moveLogin() {
	t.sentinelUser, t.sentinelPassword = t.server.Username, t.server.Password
	t.server.Username, t.server.Password = t.username, t.password
}

// loginFault returns what is wrong with a login, or "".
func (t *target) loginFault() string {
	switch {
	case t.server.Username != "" && t.server.Password == "" || t.sentinelUser != "" && t.sentinelPassword == "":
		// go-redis would log in as nobody. A password alone has a colon before it.
		return "it has a user without a password; a password without a user is like redis://:password@host"
	default:
		return ""
	}
}

// String names the servers, without a login.
func (t *target) String() string {
	database := "/" + strconv.Itoa(t.server.DB)
	switch t.kind {
	case cluster:
		return "redis cluster " + strings.Join(t.addrs, ",")
	case sentinels:
		return "redis " + t.masterName + database + " by sentinels " + strings.Join(t.addrs, ",")
	default:
		return "redis " + t.server.Addr + database
	}
}
