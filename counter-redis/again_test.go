package counterredis_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// reads are the ways to ask without changing anything.
func reads(t *testing.T, store *counterredis.Store) map[string]func() error {
	t.Helper()
	return map[string]func() error{
		"Ping": func() error { return store.Ping(t.Context()) },
		"Get":  func() error { _, err := store.Get(t.Context(), "a"); return err },
		"List": func() error {
			var failed error
			for _, err := range store.List(t.Context(), "") {
				failed = errors.Join(failed, err)
			}
			return failed
		},
		"Warnings": func() error { _, err := store.Warnings(t.Context()); return err },
	}
}

// A Redis that restarts leaves dead connections behind. Reads never notice, however many there
// are, with TLS or without. Through Open, changes don't notice either.
func TestConnectionsDieWhileIdle(t *testing.T) {
	const conns = 8
	for name, start := range map[string]func(testing.TB, ...string) *redistest.Server{"plain": redistest.Start, "TLS": redistest.StartTLS} {
		for _, owner := range []string{"Open", "New"} {
			t.Run(name+" "+owner, func(t *testing.T) {
				server := start(t)
				roots := x509.NewCertPool()
				roots.AppendCertsFromPEM(server.CA())
				trust := &tls.Config{RootCAs: roots}
				var store *counterredis.Store
				if owner == "Open" {
					store = openWith(t, server.URL()+patient, counterredis.Options{TLS: trust})
				} else {
					opts := *server.Client().Options()
					opts.MaxRetries = -1
					opts.DialTimeout, opts.ReadTimeout, opts.WriteTimeout, opts.PoolTimeout = time.Minute, time.Minute, time.Minute, time.Minute
					store = borrow(t, redis.NewClient(&opts))
				}
				apply := func(sum int64) error {
					return store.Apply(t.Context(), []counter.Batch{{Name: "a", Writer: "w", Delta: 1, Sum: sum}})[0].Err
				}
				if err := apply(1); err != nil {
					t.Fatal(err)
				}
				fill := func() { // the pool with connections
					server.Stop()
					var wg sync.WaitGroup
					for range conns {
						wg.Go(func() {
							if _, err := store.Get(t.Context(), "a"); err != nil {
								t.Error(err)
							}
						})
					}
					server.Continue()
					wg.Wait()
				}
				for call, read := range reads(t, store) {
					fill()
					server.Restart()
					if err := read(); err != nil {
						t.Errorf("%s after a restart: %v", call, err)
					}
				}
				if owner == "New" {
					return // its client may have dead connections still
				}
				fill()
				server.Restart()
				for sum := int64(2); sum < 2+conns; sum++ {
					if err := apply(sum); err != nil {
						t.Errorf("Apply after a restart: %v", err)
					}
				}
			})
		}
	}
}

// A read that is cut off is sent once more, but not forever.
func TestReadsAreSentTwice(t *testing.T) {
	server := redistest.Start(t)
	direct := server.Client()
	proxy := redistest.StartProxy(t, server.Addr())
	store := open(t, "redis://"+proxy.Addr()+patient)
	proxy.SetFaults(redistest.Faults{LoseReplies: 1})
	for call, command := range map[string]string{"Ping": "ping", "Get": "get", "List": "info", "Warnings": "info"} { // each begins with it
		do(t, direct, "config", "resetstat")
		if err := reads(t, store)[call](); err == nil || errors.Is(err, counter.ErrUnknown) {
			t.Errorf("%s without a reply: %v; want an error that is not %v", call, err, counter.ErrUnknown)
		}
		if sent := calls(t, direct, command); sent != 2 && command != "info" || sent < 2 {
			t.Errorf("%s was sent %d times; want twice", command, sent)
		}
	}
}
