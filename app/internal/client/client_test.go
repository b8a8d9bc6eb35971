package client_test

import (
	"crypto/tls"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"example.com/herokuapp/app/internal/client"
)

// An origin is made of the header Host alone, which has to be a host.
func TestOrigin(t *testing.T) {
	proxies := client.Proxies{netip.MustParsePrefix("10.0.0.0/8")}
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
	for host, want := range map[string]string{
		"views.example.org": "http://views.example.org", "VIEWS.example.org:8000": "http://VIEWS.example.org:8000", "my_host": "http://my_host",
		"127.0.0.1:80": "http://127.0.0.1:80", "[2001:db8::1]": "http://[2001:db8::1]", "[::1]:8000": "http://[::1]:8000",
		"": "", ":8000": "", "a:": "", "a:x": "", "a:99999": "", "a:1:2": "", "::1": "", "[::1": "", "[a]": "", "[127.0.0.1]": "", "[fe80::1%25eth0]": "", "[fe80::1%eth0]:1": "",
		"a b": "", "a/b": "", "a\\b": "", "a?b": "", "a#b": "", "a@b": "", "a'b": "", `a"b`: "", "a<b": "", "a)b": "", "$(b)": "", "`b`": "", "ü.example": "", "a\nb": "",
		strings.Repeat("a", 260): "",
	} {
		r.Host = host
		if got := proxies.Origin(r); got != want {
			t.Errorf("%.40q is %q; want %q", host, got, want)
		}
	}
	r.Host = "a.example"
	r.Header.Set("X-Forwarded-Proto", "https")
	r.Header.Set("X-Forwarded-Host", "evil.example")
	for peer, want := range map[string]string{"10.0.0.1:5": "https://a.example", "192.0.2.1:5": "http://a.example"} {
		r.RemoteAddr = peer
		if got := proxies.Origin(r); got != want {
			t.Errorf("behind %s: %q; want %q", peer, got, want)
		}
	}
	r.TLS = new(tls.ConnectionState)
	if got := proxies.Origin(r); got != "https://a.example" {
		t.Errorf("with TLS: %q", got)
	}
}
