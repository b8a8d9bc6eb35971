// Package client says who sent a request, and how often they may.
package client

import (
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are the peers whose word is taken for who a client is, and for whether it
// used TLS. Only the last proxy is asked, and only if it is one of them: anybody can
// write what came in before it. Nil trusts nobody.
type Proxies []netip.Prefix

// Address returns the client's address, or the proxy's if it does not name the client.
// It is the zero Addr for a peer without an IP address.
func (p Proxies) Address(r *http.Request) netip.Addr {
	peer := peerAddress(r)
	if p.trust(peer) {
		if client, ok := parseAddress(lastOf(r.Header, "X-Forwarded-For")); ok {
			return client
		}
	}
	return peer
}

// TLS reports whether the client used TLS.
func (p Proxies) TLS(r *http.Request) bool {
	return r.TLS != nil || p.trust(peerAddress(r)) && strings.EqualFold(lastOf(r.Header, "X-Forwarded-Proto"), "https")
}

func (p Proxies) trust(peer netip.Addr) bool {
	for _, network := range p {
		if network.Contains(peer) {
			return true
		}
	}
	return false
}

// Network returns what one client can be taken to own: an IPv4 address, or the 64 bits
// of an IPv6 address that a network is given.
func Network(addr netip.Addr) netip.Prefix {
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(addr, bits).Masked()
}

func peerAddress(r *http.Request) netip.Addr {
	peer, _ := parseAddress(r.RemoteAddr)
	return peer
}

// lastOf returns the last element of a header that is a list.
func lastOf(header http.Header, name string) string {
	lines := header[name]
	if len(lines) == 0 {
		return ""
	}
	last := lines[len(lines)-1]
	return strings.TrimSpace(last[strings.LastIndex(last, ",")+1:])
}

// parseAddress reads an address with or without a port.
func parseAddress(text string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		withPort, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}, false
		}
		addr = withPort.Addr()
	}
	return addr.Unmap().WithZone(""), true
}
