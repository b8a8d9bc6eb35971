package counterredis_test

import (
	"context"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// If the user lacks a permission that batches need, nothing is counted, however often the batch
// is repeated, and whether it is a writer's first or a later one.
func TestApplyWithoutPermission(t *testing.T) {
	server := redistest.Start(t)
	admin := server.Client()
	for _, rules := range [][]any{
		{"~*", "+@all", "-set"},
		{"~*", "+@all", "-incrby"},
		{"~*", "+@all", "-get"},
		{"~*", "+@all", "-evalsha"},
		{"~*", "+@all", "-eval"},
		{"~*", "+@all", "-incrby", "-del"},
		{"~*", "+@all", "-@scripting"},
		{"~a", "+@all"},
		{"~{a}:*", "+@all"},
		{"~b", "+@all"},
	} {
		do(t, admin, "flushall")
		do(t, admin, "script", "flush")
		setUser(t, admin, rules...)
		store := connect(t, &redis.Options{Addr: server.Addr(), Username: "limited", Password: "s3cret"})
		later := counter.Batch{Name: "a", Writer: "later", Delta: 5, Sum: 7}
		if result := newStore(t, admin, counterredis.Options{}).Apply(t.Context(), []counter.Batch{
			{Name: "a", Writer: "later", Delta: 2, Sum: 2},
		})[0]; result.Err != nil {
			t.Fatal(result.Err)
		}
		do(t, admin, "script", "flush")

		for range 3 {
			wantRefusal(t, "Apply", applyOne(t.Context(), store, "a"), nil, "")
			wantRefusal(t, "Apply", store.Apply(t.Context(), []counter.Batch{later})[0].Err, nil, "")
		}
		if got := admin.Get(t.Context(), "a").Val(); got != "2" {
			t.Errorf("with %q the counter is %q; want 2", rules, got)
		}

		if err := applyOne(t.Context(), store, "new"); err == nil || admin.Exists(t.Context(), "new").Val() > 0 {
			t.Errorf("with %q a new counter: %v, and it exists: %d; want an error, and that nothing is left",
				rules, err, admin.Exists(t.Context(), "new").Val())
		}

		// Once the user has the permission, what was refused counts, and only once.
		setUser(t, admin, "~*", "+@all")
		for range 2 {
			for _, result := range store.Apply(t.Context(), []counter.Batch{later, {Name: "a", Writer: "w", Delta: 1, Sum: 1}}) {
				if result.Err != nil {
					t.Errorf("with %q and then all permissions: %v", rules, result.Err)
				}
			}
		}
		if got := admin.Get(t.Context(), "a").Val(); got != "8" {
			t.Errorf("with %q and then all permissions the counter is %q; want 8", rules, got)
		}
	}
}

// Open finds out, and leaves nothing behind.
func TestOpenWithoutPermission(t *testing.T) {
	server := redistest.Start(t)
	admin := server.Client()
	for _, test := range []struct {
		rules   []any
		refused bool
	}{
		{[]any{"~*", "+@all"}, false},
		{[]any{"~*", "-@all", "+ping", "+get", "+set", "+incrby", "+eval", "+evalsha", "+hincrby", "+hdel", "+hget", "+hgetall", "+pexpireat"}, false},
		{[]any{"~counter_key", "~{counter_key}:*", "+@all"}, false}, // which keys it may use is not asked
		{[]any{"~*", "+@all", "-ping"}, true},
		{[]any{"~*", "+@all", "-set"}, true},
		{[]any{"~*", "+@all", "-incrby"}, true},
		{[]any{"~*", "+@all", "-get"}, true},
		{[]any{"~*", "+@all", "-evalsha"}, true},
		{[]any{"~*", "+@all", "-eval"}, true},
		{[]any{"~*", "+@all", "-hincrby"}, true},
		{[]any{"~*", "+@all", "-hdel"}, true},
		{[]any{"~*", "+@all", "-hget"}, true},
		{[]any{"~*", "+@all", "-hgetall"}, true},
		{[]any{"~*", "+@all", "-pexpireat"}, true},
		{[]any{"~counterredis", "~{counterredis}:*", "+@all"}, true}, // not the keys of histories
		{[]any{"~*", "-@all", "+@read", "+ping"}, true},
	} {
		do(t, admin, "script", "flush")
		setUser(t, admin, test.rules...)
		store, err := counterredis.Open(t.Context(), withLogin(server, "limited:s3cret"), counterredis.Options{})
		if test.refused != errors.Is(err, counterredis.ErrRefused) || test.refused != (err != nil) {
			t.Errorf("Open with %q: %v; want that it is refused: %t", test.rules, err, test.refused)
		}
		if err != nil {
			wantNoSecret(t, err)
		} else if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
	if keys := admin.Keys(t.Context(), "*").Val(); len(keys) > 0 {
		t.Errorf("Open leaves the keys %q", keys)
	}
}

// If the user may use a counter, but not all keys that counting it needs, the error names the
// key and says how to permit it. Nothing is changed.
func TestOpenWithoutKeys(t *testing.T) {
	server := redistest.Start(t)
	admin := server.Client()
	do(t, admin, "set", "views:/", "41")
	for _, test := range []struct {
		rules     []any
		noHistory bool
		denied    string // as the layout of a time; empty: it may
	}{
		{[]any{"~counter_key"}, false, "{counter_key}:trial"},
		{[]any{"~counter_key"}, true, "{counter_key}:trial"},
		{[]any{"~counter_key", "~{counter_key}:*"}, false, "{counter_key}months"},
		{[]any{"~counter_key", "~{counter_key}:*"}, true, ""},
		{[]any{"~counter_key", "~{counter_key}:*", "~{counter_key}months"}, false, "{counter_key}2006-01"},
		{[]any{"~counter_key", "~{counter_key}:*", "~{counter_key}months", "~{counter_key}????-??"}, false, "{counter_key}2006-01-02"},
		{[]any{"~counter_key", "~{counter_key}*"}, false, ""},
		{[]any{"~views:*", "~{views:*}:*"}, false, "{views:/}months"},
		{[]any{"~views:*", "~{views:*"}, false, ""},
		{[]any{"~*"}, false, ""},
		{[]any{"~other", "~{other}:*"}, false, ""}, // no counter that it is asked for
	} {
		setUser(t, admin, append(test.rules, "+@all")...)
		opts := counterredis.Options{TryNames: []string{"counter_key", "views:/"}, NoHistory: test.noHistory}
		denied := time.Now().UTC().Format(test.denied)
		store, err := counterredis.Open(t.Context(), withLogin(server, "limited:s3cret"), opts)
		if err == nil {
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		}
		if denied == "" {
			if err != nil {
				t.Errorf("Open with %q: %v", test.rules, err)
			}
			continue
		}
		keys, ok := errors.AsType[*counterredis.KeysError](err)
		if !ok || !errors.Is(err, counterredis.ErrRefused) || keys.Denied != denied || keys.History == strings.HasSuffix(denied, "trial") {
			t.Errorf("Open with %q: %v; want that it may not use %s", test.rules, err, denied)
			continue
		}
		wantNoSecret(t, err)
		rule := "~{" + keys.Key + "}*"
		if !strings.Contains(err.Error(), denied) || !strings.Contains(err.Error(), rule) {
			t.Errorf("Open with %q: %v; want that it names %s and %s", test.rules, err, denied, rule)
		}
		setUser(t, admin, append(test.rules, "+@all", rule)...) // which mends it
		store, err = counterredis.Open(t.Context(), withLogin(server, "limited:s3cret"), opts)
		if err != nil {
			t.Errorf("Open with %q and %s: %v", test.rules, rule, err)
			continue
		}
		applyAt(t, store, keys.Key, today(), 1, 1)
		do(t, admin, "flushall")
		do(t, admin, "set", "views:/", "41")
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
	if keys := admin.Keys(t.Context(), "*").Val(); len(keys) != 1 || admin.Get(t.Context(), "views:/").Val() != "41" {
		t.Errorf("there are the keys %q", keys)
	}
}

// A warning names a counter in use whose other keys the user may not use, even if nobody knew
// its name before.
func TestWarningOfKeys(t *testing.T) {
	server := redistest.Start(t)
	admin := server.Client()
	setUser(t, admin, "~views:*", "~{views:*}:*", "+@all")
	store := openWith(t, withLogin(server, "limited:s3cret"), counterredis.Options{})
	if err := store.Apply(t.Context(), []counter.Batch{{Name: "views:a b", Writer: "w", Delta: 1, Sum: 1, Hour: today()}})[0].Err; err == nil {
		t.Error("it counts")
	}
	warnings, err := store.Warnings(t.Context())
	if err != nil || !slices.ContainsFunc(warnings, func(warning string) bool {
		return strings.Contains(warning, "{views:a b}months") && strings.Contains(warning, "~{views:a b}*")
	}) {
		t.Errorf("the warnings are %q, %v", warnings, err)
	}
	setUser(t, admin, "~views:*", "~{views:*", "+@all")
	if warnings, err = store.Warnings(t.Context()); err != nil || strings.Contains(strings.Join(warnings, " "), "months") {
		t.Errorf("then the warnings are %q, %v", warnings, err)
	}
}

// A server without one of the commands is found out as well.
func TestOpenWithoutCommand(t *testing.T) {
	for _, command := range []string{"EVAL", "EVALSHA", "INCRBY", "SET", "GET"} {
		server := redistest.Start(t, "--rename-command", command, "")
		_, err := counterredis.Open(t.Context(), server.URL(), counterredis.Options{})
		if !errors.Is(err, counterredis.ErrRefused) {
			t.Errorf("Open without %s: %v; want %v", command, err, counterredis.ErrRefused)
		}
	}
}

// A counter that happens to have the name with which Open asks stays as it is.
func TestOpenTouchesNoCounter(t *testing.T) {
	server := redistest.Start(t)
	admin := server.Client()
	names := []string{"counterredis", "{counterredis}:trial", "{counterredis}:record"}
	for _, value := range []any{"41", "1:41"} {
		for _, key := range names {
			do(t, admin, "set", key, value)
		}
		if err := open(t, server.URL()).Ping(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
		for _, key := range names {
			if got := admin.Get(t.Context(), key).Val(); got != value {
				t.Errorf("%s holds %q; want %q", key, got, value)
			}
			if ttl := admin.TTL(t.Context(), key).Val(); ttl >= 0 {
				t.Errorf("%s expires in %v", key, ttl)
			}
		}
	}
}

// setUser gives the user limited, whose password is s3cret, the rules alone.
func setUser(t *testing.T, admin *redis.Client, rules ...any) {
	t.Helper()
	do(t, admin, append([]any{"acl", "setuser", "limited", "reset", "on", ">s3cret"}, rules...)...)
}

// The user that docs/reliability.md shows can do everything.
func TestDocumentedUser(t *testing.T) {
	doc, err := os.ReadFile("../docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^ACL SETUSER counter .*$`).FindString(string(doc))
	server := redistest.Start(t)
	admin := server.Client()
	var words []any
	for word := range strings.FieldsSeq(line) {
		words = append(words, word)
	}
	do(t, admin, words...)
	store := open(t, withLogin(server, "counter:a-long-password")+patient)
	now := today()
	for _, name := range []string{"counter_key", "views:example.com/{a}", "site:example.com", "alias:1:ab", "aliases"} {
		wantAdd(t, store, name, 1)
		applyAt(t, store, name, now, 2, 2)
		wantGet(t, store, name, 3)
		wantHistory(t, store, name, 0, counter.MaxHour, hours(now, 2))
		setHistory(t, store, name, days(24, 3))
		if _, err := store.Bring(t.Context(), name, "old", 4, []counter.Bucket{hours(now, 1)}); err != nil {
			t.Error(err)
		}
		set(t, store, name, 5)
		move(t, store, name, "views:moved")
	}
	wantList(t, store, map[string]int64{"views:moved": 25})
	set(t, store, "views:moved", 0)
	wantWarnings(t, store)
}
