package counterredis_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"
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
		store := openWith(t, server.URL(), counterredis.Options{TLS: trust})
		if _, err := counter.Inc(t.Context(), store, "a"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantGet(t, open(t, server.URL()+"?skip_verify=true"), "a", 2)
}

func TestOpenTrustsNotAnyCertificate(t *testing.T) {
	server, other := redistest.StartTLS(t), redistest.StartTLS(t)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(other.CA())
	login := strings.Replace(server.URL(), "rediss://", "rediss://:hunter2@", 1)
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

// TLS to a server that speaks none, and the other way round: no addition is in doubt.
func TestTLSMismatch(t *testing.T) {
	plain := redistest.Start(t)
	store := open(t, strings.Replace(plain.URL(), "redis://", "rediss://", 1))
	if _, err := counter.Inc(t.Context(), store, "a"); err == nil || errors.Is(err, counter.ErrUnknown) {
		t.Errorf("Inc: %v; want an error that is not ErrUnknown", err)
	}
}
