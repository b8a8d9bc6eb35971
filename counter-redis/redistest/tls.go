package redistest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// certificates are those of a server with TLS.
type certificates struct {
	roots     *x509.CertPool
	authority []byte // PEM
	cert, key string // files of the server
}

// StartTLS is [Start] for a server that speaks only TLS. Its certificate for 127.0.0.1 is signed
// by an authority made for this test, so clients must be given [Server.CA] to trust it. The server
// does not ask clients for certificates.
func StartTLS(tb testing.TB, args ...string) *Server {
	tb.Helper()
	made, err := makeCertificates(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	return launch(tb, &Server{args: args, tls: made})
}

// CA returns the certificate of the authority that signed a TLS server's certificate, as PEM. It
// is nil for a server without TLS.
func (s *Server) CA() []byte {
	if s.tls == nil {
		return nil
	}
	return s.tls.authority
}

// client returns the settings of a client, nil for a server without TLS.
func (c *certificates) client() *tls.Config {
	if c == nil {
		return nil
	}
	return &tls.Config{RootCAs: c.roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}
}

// arguments returns the arguments that say where to listen.
func (c *certificates) arguments(port int) []string {
	if c == nil {
		return []string{"--port", strconv.Itoa(port)}
	}
	return []string{
		"--port", "0", "--tls-port", strconv.Itoa(port), "--tls-auth-clients", "no",
		"--tls-cert-file", c.cert, "--tls-key-file", c.key, "--tls-ca-cert-file", c.cert,
	}
}

// makeCertificates makes an authority and a certificate signed by it, in dir.
func makeCertificates(dir string) (*certificates, error) {
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "redistest authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	authorityDER, err := x509.CreateCertificate(rand.Reader, authority, authority, authorityKey.Public(), authorityKey)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	server := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "redistest"},
		NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:    x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	serverDER, err := x509.CreateCertificate(rand.Reader, server, authority, key.Public(), authorityKey)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	made := &certificates{
		roots:     x509.NewCertPool(),
		authority: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authorityDER}),
		cert:      filepath.Join(dir, "redis.crt"), key: filepath.Join(dir, "redis.key"),
	}
	made.roots.AppendCertsFromPEM(made.authority)
	if err := os.WriteFile(made.cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: serverDER}), 0o600); err != nil {
		return nil, err
	}
	return made, os.WriteFile(made.key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600)
}
