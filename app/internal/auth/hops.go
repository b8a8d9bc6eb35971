package auth

import (
	"net/http"
	"net/netip"
	"strings"
)

// hops tells who sent a request, and how, from what the last proxy says. Only the
// last one is asked, and only if it is trusted: what came in before it anybody
// can write.
type hops struct{ trusted []netip.Prefix }

// address is that of the client, or of the proxy where it does not say. It is the
// zero Addr for a peer without an IP address.
func (h hops) address(r *http.Request) netip.Addr {
	peer := peerAddress(r)
	if h.trusts(peer) {
		if client, ok := parseAddress(lastOf(r.Header, "X-Forwarded-For")); ok {
			return client
		}
	}
	return peer
}

// secure says whether the client used TLS.
func (h hops) secure(r *http.Request) bool {
	return r.TLS != nil || h.trusts(peerAddress(r)) && strings.EqualFold(lastOf(r.Header, "X-Forwarded-Proto"), "https")
}

func (h hops) trusts(peer netip.Addr) bool {
	for _, network := range h.trusted {
		if network.Contains(peer) {
			return true
		}
	}
	return false
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

// networkOf returns what one client may be taken to own: its address, and of IPv6
// the 64 bits that networks are given out by.
func networkOf(addr netip.Addr) netip.Prefix {
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(addr, bits).Masked()
}
