package moving

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// errInside reports that a host's address is not on the public internet.
var errInside = errors.New("its address is not on the public internet")

const (
	dialTimeout   = 5 * time.Second
	headerTimeout = 8 * time.Second
	maxHeader     = 64 << 10 // bytes
)

// NewTransport returns a transport that connects only to port 443 of public addresses. It
// checks the address of each connection after its host was resolved, so a name that resolves
// to an internal address, now or later, reaches nothing. It uses no proxy, because a proxy
// would connect on its behalf. If resolver is nil, it resolves hosts as the system does.
func NewTransport(resolver *net.Resolver) *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout, Resolver: resolver, ControlContext: checkConnection}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // a small answer can't become a large one
		TLSHandshakeTimeout:    dialTimeout,
		ResponseHeaderTimeout:  headerTimeout,
		MaxResponseHeaderBytes: maxHeader,
		MaxConnsPerHost:        atOnce,
		IdleConnTimeout:        time.Minute,
	}
}

// checkConnection is called before each connection is made.
func checkConnection(_ context.Context, network, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%q: %w", address, errInside)
	}
	if network != "tcp4" && network != "tcp6" || at.Port() != 443 || !isPublic(at.Addr()) {
		return errInside // without the address, which is not for the public
	}
	return nil
}

// isPublic reports whether the address belongs to a machine somewhere on the internet.
func isPublic(addr netip.Addr) bool {
	if addr.Zone() != "" {
		return false
	}
	addr = addr.Unmap()
	if !addr.IsGlobalUnicast() || addr.IsPrivate() {
		return false // unspecified, loopback, link-local, multicast, broadcast; 10/8, fc00::/7 and so on
	}
	for _, inside := range reserved() {
		if inside.Contains(addr) {
			return false
		}
	}
	return addr.Is4() || netip.MustParsePrefix("2000::/3").Contains(addr)
}

// reserved returns the networks without public machines, beyond those that package netip knows.
// Addresses in some of them contain an IPv4 address, which may be private.
func reserved() []netip.Prefix {
	var prefixes []netip.Prefix
	for _, text := range []string{
		"0.0.0.0/8",                                         // this network
		"100.64.0.0/10",                                     // carrier-grade NAT, clouds' metadata
		"192.0.0.0/24",                                      // protocol assignments
		"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", // documentation
		"192.31.196.0/24", "192.52.193.0/24", "192.175.48.0/24", // AS112 and AMT
		"192.88.99.0/24",                 // 6to4 relays
		"198.18.0.0/15",                  // benchmarks
		"240.0.0.0/4",                    // reserved, broadcast
		"64:ff9b::/96", "64:ff9b:1::/48", // NAT64
		"2001::/23",                  // Teredo, ORCHID, benchmarks
		"2001:db8::/32", "3fff::/20", // documentation
		"2002::/16",         // 6to4
		"2620:4f:8000::/48", // AS112
		"5f00::/16",         // segment routing
	} {
		prefixes = append(prefixes, netip.MustParsePrefix(text))
	}
	return prefixes
}
