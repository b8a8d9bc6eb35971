// Package client tells who sent a request, and limits how often they may.
package client

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// Proxies are the peers that are believed about who a client is and whether it used TLS.
// Only what the last proxy added is read, because a client can forge the rest. Nil trusts
// nobody.
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

// Origin returns the scheme and the host that the client asked, such as
// https://views.example.org. It is empty if the header Host can't be a host: anybody can
// write there what they like. What it returns has no character that means something to
// HTML, Markdown or a shell.
func (p Proxies) Origin(r *http.Request) string {
	if len(r.Host) > maxHost || !isHost(r.Host) {
		return ""
	}
	if p.TLS(r) {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// maxHost is how long a name can be, with its port.
const maxHost = 253 + len(":65535")

// isHost reports whether text is a host, of which only an IPv6 address in brackets has
// more than one colon, with or without a port.
func isHost(text string) bool {
	host, port, hasPort := text, "", false
	if i := strings.LastIndexByte(text, ':'); i >= 0 && !strings.HasSuffix(text, "]") {
		host, port, hasPort = text[:i], text[i+1:], true
	}
	if _, err := strconv.ParseUint(port, 10, 16); hasPort && err != nil {
		return false
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		addr, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		return err == nil && addr.Is6() && addr.Zone() == "" && strings.HasSuffix(host, "]")
	}
	return host != "" && !strings.ContainsFunc(host, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '.' && r != '_'
	})
}

func (p Proxies) trust(peer netip.Addr) bool {
	for _, network := range p {
		if network.Contains(peer) {
			return true
		}
	}
	return false
}

// Network returns the addresses that one client is assumed to have: an IPv4 address, or an
// IPv6 network of 64 bits.
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
