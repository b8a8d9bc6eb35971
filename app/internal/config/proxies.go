package config

import (
	"errors"
	"net/netip"
	"strings"
)

// nearby returns the networks that a proxy or a host's router connects from: this machine
// and private networks.
func nearby() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"),
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
		netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("fc00::/7"),
	}
}

// parseProxies reads addresses and networks, joined by commas, or "none".
func parseProxies(text string) ([]netip.Prefix, error) {
	if text == "none" {
		return nil, nil
	}
	var proxies []netip.Prefix
	for part := range strings.SplitSeq(text, ",") {
		proxy, err := parseNetwork(strings.TrimSpace(part))
		if err != nil {
			return nil, errors.New("neither a list of networks joined by commas nor none")
		}
		proxies = append(proxies, proxy)
	}
	return proxies, nil
}

// parseNetwork reads a network, or an address as a network of one.
func parseNetwork(text string) (netip.Prefix, error) {
	addr, err := netip.ParseAddr(text)
	if err != nil {
		network, err := netip.ParsePrefix(text)
		if network.Addr().Is4In6() {
			err = errors.New("matches no address, because addresses are unmapped first")
		}
		return network.Masked(), err
	}
	addr = addr.Unmap().WithZone("")
	return netip.PrefixFrom(addr, addr.BitLen()), nil
}
