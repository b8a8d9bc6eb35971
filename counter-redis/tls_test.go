package counterredis_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

func TestOpenThroughTLS(t *testing.T) {
	server := redistest.StartTLS(t)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(server.CA())
	for name, trust := range map[string]*tls.Config{
		"authority":   {RootCAs: roots},
		"skip verify": {InsecureSkipVerify: true},
	} {
		store := openWith(t, server.URL()+patient, counterredis.Options{TLS: trust})
		if _, err := counter.Inc(t.Context(), store, "a"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantGet(t, open(t, server.URL()+patient+"&skip_verify=true"), "a", 2)
}

func TestOpenTrustsNotAnyCertificate(t *testing.T) {
	server, other := redistest.StartTLS(t), redistest.StartTLS(t)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(other.CA())
	login := strings.Replace(server.URL(), "rediss://", "rediss://:hunter2@", 1) + patient
	for name, test := range map[string]struct {
		url   string
		trust *tls.Config
	}{
		"unknown authority": {login, nil},
		"another authority": {login, &tls.Config{RootCAs: roots}},
		"another host":      {strings.Replace(login, "127.0.0.1", "localhost", 1), &tls.Config{RootCAs: roots}},
	} {
		_, err := counterredis.Open(t.Context(), test.url, counterredis.Options{TLS: test.trust})
		if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v; want a CertificateVerificationError without the password", name, err)
		}
	}
}

// A handshake that does not end in time is tried once more.
func TestOpenTrustsNotALateCertificate(t *testing.T) {
	t.Parallel()
	other := httptest.NewTLSServer(nil)
	defer other.Close()
	var asked atomic.Bool
	addr := listen(t, func(conn net.Conn) {
		if !asked.Swap(true) {
			_, _ = io.Copy(io.Discard, conn)
			return
		}
		_ = tls.Server(conn, other.TLS).HandshakeContext(t.Context())
	})
	_, err := counterredis.Open(t.Context(), "rediss://"+addr+"?dial_timeout=3s", counterredis.Options{})
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
		t.Errorf("%v; want a CertificateVerificationError", err)
	}
}

// TLS to a server that speaks none, and the other way round: no addition is in doubt, and
// the error says what to try.
func TestWrongScheme(t *testing.T) {
	t.Parallel()
	plain, secure := redistest.Start(t), redistest.StartTLS(t)
	swap := map[string]string{"rediss://": "redis://", "redis://": "rediss://"}
	for _, server := range []*redistest.Server{plain, secure} {
		right, _, _ := strings.Cut(server.URL(), "//")
		wrong := swap[right+"//"]
		options := "?dial_timeout=500ms" // all of which passes
		if server == secure {
			options = patient
		}
		for name, url := range map[string]string{
			"single":    wrong + ":s3cret@" + server.Addr() + options,
			"Cluster":   wrong + ":s3cret@" + server.Addr() + options + "&addr=" + server.Addr(),
			"Sentinels": wrong + ":s3cret@" + server.Addr() + options + "&master_name=primary",
		} {
			t.Run(wrong+" "+name, func(t *testing.T) {
				t.Parallel()
				store := openWith(t, url, counterredis.Options{TLS: &tls.Config{InsecureSkipVerify: true}})
				_, addErr := store.Add(t.Context(), "a", 1)
				_, getErr := store.Get(t.Context(), "a")
				for call, err := range map[string]error{
					"Add": addErr, "Apply": applyOne(t.Context(), store, "a"), "Get": getErr, "Ping": store.Ping(t.Context()),
				} {
					if err == nil || errors.Is(err, counter.ErrUnknown) || errors.Is(err, context.DeadlineExceeded) ||
						!strings.Contains(err.Error(), "begin the URL with "+right+"//") {
						t.Errorf("%s: %v; want an error that says to try %s//, and is not %v or %v",
							call, err, right, counter.ErrUnknown, context.DeadlineExceeded)
						continue
					}
					wantNoSecret(t, err)
				}
			})
		}
	}
}
