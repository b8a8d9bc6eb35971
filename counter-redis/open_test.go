package counterredis_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

func TestOpenRefused(t *testing.T) {
	plain := redistest.Start(t)
	locked := redistest.Start(t, "--requirepass", "other")
	mute := redistest.Start(t)
	do(t, mute.Client(), "acl", "setuser", "default", "-ping")

	fake := func(reply string) string {
		addr, _ := answer(t, reply)
		return "redis://user:s3cret@" + addr
	}
	for name, text := range map[string]string{
		"wrong password":       withLogin(locked, ":s3cret"),
		"unknown user":         withLogin(locked, "user:s3cret"),
		"no password":          locked.URL(),
		"password not set":     fake("-ERR AUTH <password> called without any password configured for the default user."),
		"no such database":     plain.URL() + "/99",
		"no permission":        mute.URL(),
		"AUTH unknown, 6":      fake("-ERR unknown command `auth`, with args beginning with: `user`, `s3cret`, "),
		"AUTH unknown, 7":      fake("-ERR unknown command 'auth', with args beginning with: 'user' 's3cret' "),
		"AUTH without a user":  fake("-ERR wrong number of arguments for 'auth' command"),
		"password not set, 5":  fake("-ERR Client sent AUTH, but no password is set"),
		"wrong password, 5":    fake("-ERR invalid password"),
		"protected mode":       fake("-DENIED Redis is running in protected mode"),
		"no database, Cluster": fake("-ERR SELECT is not allowed in cluster mode"),
		"no database, 3":       fake("-ERR invalid DB index"),
		"no Cluster":           plain.URL() + "?addr=" + plain.Addr(),
		"scripts refused":      "redis://user:s3cret@" + refusing(t, "-SORRY scripts cost extra", "eval", "evalsha"),
		"scripts ignored":      "redis://user:s3cret@" + refusing(t, "+OK", "eval", "evalsha"),
		"INCRBY refused":       "redis://user:s3cret@" + refusing(t, "-ERR only on Sundays", "incrby"),
		"another answer":       "redis://user:s3cret@" + refusing(t, ":1", "incrby"),
	} {
		t.Run(name, func(t *testing.T) {
			store, err := counterredis.Open(t.Context(), text, counterredis.Options{})
			if !errors.Is(err, counterredis.ErrRefused) || store != nil {
				t.Fatalf("Open: %v, %v; want %v", store, err, counterredis.ErrRefused)
			}
			wantNoSecret(t, err)
		})
	}
}

// A server whose first answer does not come in time is asked once more.
func TestOpenRefusedLate(t *testing.T) {
	t.Parallel()
	var asked atomic.Bool
	addr := answerWith(t, func([]string) string {
		if !asked.Swap(true) {
			return silence
		}
		return "-WRONGPASS invalid username-password pair"
	})
	_, err := counterredis.Open(t.Context(), "redis://user:s3cret@"+addr+"?read_timeout=3s", counterredis.Options{})
	if !errors.Is(err, counterredis.ErrRefused) {
		t.Errorf("%v; want %v", err, counterredis.ErrRefused)
	}
}

// A program starts although its server is away, or not ready.
func TestOpenBeforeServer(t *testing.T) {
	t.Run("down", func(t *testing.T) {
		server := redistest.Start(t)
		server.Kill()
		store := open(t, server.URL())
		if err := store.Ping(t.Context()); err == nil {
			t.Error("Ping of a killed server succeeds")
		}
		server.Restart()
		wantAdd(t, store, "a", 1)
	})
	t.Run("frozen", func(t *testing.T) {
		server := redistest.Start(t)
		server.Stop()
		store := open(t, server.URL())
		server.Continue()
		wantAdd(t, store, "a", 1)
	})
	t.Run("loading", func(t *testing.T) {
		addr, _ := answer(t, "-LOADING Redis is loading the dataset in memory")
		store := open(t, "redis://"+addr)
		if err := store.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "LOADING") {
			t.Errorf("Ping: %v; want LOADING", err)
		}
	})
}

func TestOpenEndedContext(t *testing.T) {
	addr, answered := answer(t, "+PONG")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := counterredis.Open(ctx, "redis://"+addr, counterredis.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Open with an ended context: %v; want %v", err, context.Canceled)
	}
	if got := answered.Load(); got != 0 {
		t.Errorf("Open with an ended context sent %d commands", got)
	}
}

func TestOpenBadURL(t *testing.T) {
	_, err := counterredis.Open(t.Context(), "http://user:s3cret@host", counterredis.Options{})
	if !errors.Is(err, counterredis.ErrURL) {
		t.Errorf("Open of an http URL: %v; want %v", err, counterredis.ErrURL)
	}
	wantNoSecret(t, err)
}

func TestOpenUnixSocket(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "") //nolint:usetesting // TMPDIR may be too long for a socket, and hold what a URL can't
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	redistest.Start(t, "--unixsocket", socket)
	wantAdd(t, open(t, "unix://"+socket+"?db=1"), "a", 1)
}

func TestOpenLogsIn(t *testing.T) {
	const password = "p@ss/w:rd#%?"
	server := redistest.Start(t, "--requirepass", password)
	store := open(t, withLogin(server, ":"+url.QueryEscape(password))+"/3?pool_size=2&read_timeout=5s")
	wantAdd(t, store, "a", 1)
}

func TestMaxConns(t *testing.T) {
	server := redistest.Start(t)
	store := openWith(t, server.URL()+"?min_idle_conns=9&pool_timeout=1m", counterredis.Options{MaxConns: 2})
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if _, err := counter.Inc(t.Context(), store, "a"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	stats, err := server.Client().InfoMap(t.Context(), "stats").Result()
	if err != nil {
		t.Fatal(err)
	}
	opened, err := strconv.Atoi(stats["Stats"]["total_connections_received"])
	if err != nil || opened > 2+2 { // one to see that the server is up, one to ask it this
		t.Errorf("%d connections were opened, %v; want at most 2 for the store", opened, err)
	}
}

func TestPoolStats(t *testing.T) {
	for name, url := range map[string]string{
		"single":  redistest.Start(t).URL(),
		"cluster": redistest.StartCluster(t, redistest.Topology{}).URL(),
	} {
		store, err := counterredis.Open(t.Context(), url, counterredis.Options{MaxConns: 2})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		defer store.Close()
		if _, err := store.Add(t.Context(), "a", 1); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		stats := store.PoolStats()
		if stats.TotalConns < 1 || stats.IdleConns != stats.TotalConns || stats.Misses < 1 {
			t.Errorf("%s: %+v; want open connections, all of them idle", name, stats)
		}
	}
}

// refusing serves a Redis that gives these commands another reply, and has all it needs
// for the others.
func refusing(t *testing.T, reply string, commands ...string) (addr string) {
	t.Helper()
	return answerWith(t, func(words []string) string {
		switch {
		case words[0] == "hello":
			return "-ERR unknown command"
		case slices.Contains(commands, words[0]):
			return reply
		case words[0] == "ping":
			return "+PONG"
		case words[0] == "info" || words[0] == "config":
			return "-ERR unknown command"
		case slices.Contains([]string{"eval", "evalsha", "incrby", "wait"}, words[0]):
			return "-ERR value is not an integer or out of range"
		default:
			return "+OK"
		}
	})
}

// A server that does not permit what an option of the URL needs is refused, and the option is named.
func TestOpenNamesClientName(t *testing.T) {
	without := redistest.Start(t, "--rename-command", "CLIENT", "")
	denying := redistest.Start(t)
	setUser(t, denying.Client(), "~*", "+@all", "-client")
	for _, server := range []string{without.URL(), withLogin(denying, "limited:s3cret")} {
		_, err := counterredis.Open(t.Context(), server+"?client_name=app", counterredis.Options{})
		if !errors.Is(err, counterredis.ErrRefused) || !strings.Contains(err.Error(), "its option client_name") {
			t.Errorf("Open: %v; want %v that names client_name", err, counterredis.ErrRefused)
			continue
		}
		wantNoSecret(t, err)
		wantWarnings(t, open(t, server)) // without the option it needs no CLIENT
	}
}
