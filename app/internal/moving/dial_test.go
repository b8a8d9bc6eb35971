package moving_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"example.com/herokuapp/app/internal/moving"
)

// inside are addresses that no question may reach.
func inside() []string {
	return []string{
		"127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200",
		"192.0.0.192", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1",
		"64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a9fe:a9fe::", "2001::1", "2001:db8::1", "100::1", "3fff::1",
	}
}

func TestNoAddressInsideIsReached(t *testing.T) {
	listening := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was reached") }))
	defer listening.Close()
	dial := moving.NewTransport(nil).DialContext
	for _, address := range inside() {
		for _, port := range []string{"443", "80", "6379"} {
			conn, err := dial(t.Context(), "tcp", net.JoinHostPort(address, port))
			if err == nil {
				conn.Close()
			}
			if err == nil || !strings.Contains(err.Error(), "not on the public internet") {
				t.Errorf("%s %s: %v", address, port, err)
			}
		}
	}
	for _, address := range []string{listening.Listener.Addr().String(), "localhost:443", "8.8.8.8:80", "8.8.8.8:6379"} {
		if _, err := dial(t.Context(), "tcp", address); err == nil || !strings.Contains(err.Error(), "not on the public internet") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestPublicAddressesAreTried(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // nobody is really asked
	for _, address := range []string{"8.8.8.8:443", "[2606:4700::1111]:443", "1.1.1.1:443"} {
		if _, err := moving.NewTransport(nil).DialContext(ctx, "tcp", address); err == nil || strings.Contains(err.Error(), "not on the public internet") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestRebinding has a name server that gives each of the addresses in turn, as an attacker's
// does who was first looked up with a public one.
func TestRebinding(t *testing.T) {
	server, err := net.ListenPacket("udp", "127.0.0.1:0") //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	var next atomic.Int64
	go serveNames(server, func() [4]byte {
		return [][4]byte{{127, 0, 0, 1}, {10, 0, 0, 1}, {169, 254, 169, 254}, {192, 168, 0, 1}}[next.Add(1)%4]
	})
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
	client := &http.Client{Transport: moving.NewTransport(resolver)}
	for range 8 {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://hits.sh/api/urns/x.y", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(request)
		if err == nil {
			answer.Body.Close()
			t.Fatal("it was reached")
		}
		if !strings.Contains(err.Error(), "not on the public internet") {
			t.Errorf("%v", err)
		}
	}
	if next.Load() < 4 {
		t.Errorf("the name was resolved %d times", next.Load())
	}
	got := read(t, moving.NewReader(moving.NewTransport(resolver), moving.Naming{}), moving.List{Text: "https://hits.sh/example.com/a.svg"})
	if len(got) != 1 || got[0] != "error: hits.sh: its address is not on the public internet" {
		t.Errorf("%q", got)
	}
}

// serveNames answers each question for an IPv4 address until the connection is closed.
func serveNames(conn net.PacketConn, address func() [4]byte) {
	packet := make([]byte, 512)
	for {
		n, from, err := conn.ReadFrom(packet)
		if err != nil {
			return
		}
		var message dnsmessage.Message
		if message.Unpack(packet[:n]) != nil || len(message.Questions) != 1 {
			continue
		}
		question := message.Questions[0]
		answer := dnsmessage.Message{
			Header:    dnsmessage.Header{ID: message.ID, Response: true, Authoritative: true},
			Questions: message.Questions,
		}
		if question.Type == dnsmessage.TypeA {
			answer.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: question.Name, Type: question.Type, Class: question.Class},
				Body:   &dnsmessage.AResource{A: address()},
			}}
		}
		if packed, err := answer.Pack(); err == nil {
			_, _ = conn.WriteTo(packed, from)
		}
	}
}
