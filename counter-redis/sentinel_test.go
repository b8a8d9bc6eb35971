package counterredis_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// Sentinels that know no primary answer as a Redis does that has no such key: that
// must not be taken for a counter of zero.
func TestNoPrimaryIsNotZero(t *testing.T) {
	addr, _ := answer(t, "*-1")
	store := borrow(t, redis.NewFailoverClient(&redis.FailoverOptions{MasterName: "primary", SentinelAddrs: []string{addr}}))
	if value, err := store.Get(t.Context(), "a"); err == nil {
		t.Errorf("Get = %d, and no error", value)
	}
	if _, err := store.Add(t.Context(), "a", 1); err == nil {
		t.Error("Add succeeds")
	}
	entries, failed := 0, false
	for _, err := range store.List(t.Context(), "") {
		entries++
		failed = failed || err != nil
	}
	if entries != 1 || !failed {
		t.Errorf("List yields %d entries, an error: %t; want one error", entries, failed)
	}
}

// The errors of several Sentinels become one line, which proves that nothing was counted.
func TestSentinelsErrorIsOneLine(t *testing.T) {
	first, _ := answer(t, "-WRONGPASS invalid username-password pair or user is disabled.")
	second, _ := answer(t, "-WRONGPASS invalid username-password pair or user is disabled.")
	_, err := counterredis.Open(t.Context(), "redis://user:s3cret@"+first+"?master_name=primary&addr="+second, counterredis.Options{})
	if !errors.Is(err, counterredis.ErrRefused) || strings.Contains(err.Error(), "\n") {
		t.Errorf("Open: %v; want %v, in one line", err, counterredis.ErrRefused)
	}
	wantNoSecret(t, err)

	first, _ = answer(t, "-LOADING")
	second, _ = answer(t, "-LOADING")
	store := open(t, "redis://"+first+"?master_name=primary&addr="+second)
	if _, err := store.Add(t.Context(), "a", 1); err == nil || errors.Is(err, counter.ErrUnknown) || strings.Contains(err.Error(), "\n") {
		t.Errorf("Add: %v; want an error that says that nothing changed, in one line", err)
	}
}

// A URL that leads to a Sentinel, and does not say so, is refused with what to add to it. So is one
// that says so and leads to a Redis.
func TestOpenMistakesSentinel(t *testing.T) {
	t.Parallel()
	setup := redistest.StartSentinel(t, redistest.Topology{})
	through, err := url.Parse(setup.URL())
	if err != nil {
		t.Fatal(err)
	}
	sentinel, primary := through.Host, setup.Primary(t).Addr()
	name := "?master_name=" + through.Query().Get("master_name")
	for text, want := range map[string]string{
		"redis://" + sentinel:                                   name,
		"redis://" + sentinel + "/3?client_name=app":            name,
		"redis://:s3cret@" + sentinel:                           name,
		"redis://" + sentinel + "?protocol=3":                   name,
		"redis://" + sentinel + "?addr=" + sentinel:             name,
		"redis://" + primary + "?master_name=primary":           "leave out the option master_name",
		"redis://" + primary + "?master_name=p&addr=" + primary: "leave out the option master_name",
	} {
		_, err := counterredis.Open(t.Context(), text, counterredis.Options{})
		if !errors.Is(err, counterredis.ErrRefused) || !strings.Contains(err.Error(), want) {
			t.Errorf("Open of %s: %v; want %v that says %q", text, err, counterredis.ErrRefused, want)
			continue
		}
		wantNoSecret(t, err)
	}
	store := connect(t, &redis.Options{Addr: sentinel}) // as if it had come up after the start
	if warnings, _ := store.Warnings(t.Context()); len(warnings) != 1 || !strings.Contains(warnings[0], name) {
		t.Errorf("warnings %q; want one that says %q", warnings, name)
	}
}
