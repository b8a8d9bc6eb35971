package counterredis_test

import (
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestErrorsHoldNoSecret(t *testing.T) {
	for _, auth := range []string{"unknown command 'auth', with args beginning with: 's3cret' ", "unknown command `auth`, with args beginning with: `s3cret`, "} {
		addr, _ := answer(t, "-ERR "+auth)
		store := connect(t, &redis.Options{Addr: addr, Password: "s3cret"})
		_, addErr := store.Add(t.Context(), "a", 1)
		_, getErr := store.Get(t.Context(), "a")
		var listErr error
		for _, err := range store.List(t.Context(), "") {
			listErr = err
		}
		for call, err := range map[string]error{
			"Add": addErr, "Get": getErr, "Set": store.Set(t.Context(), "a", 1), "List": listErr, "Ping": store.Ping(t.Context()),
			"Apply": applyOne(t.Context(), store, "a"),
		} {
			if err == nil {
				t.Errorf("%s succeeds at a server that refuses the login", call)
				continue
			}
			wantNoSecret(t, err)
		}
	}
}

// wantNoSecret fails if err, or an error it wraps, holds the password s3cret.
func wantNoSecret(t *testing.T, err error) {
	t.Helper()
	if strings.Contains(err.Error(), "s3cret") {
		t.Errorf("the error holds the password: %v", err)
	}
	switch wrapper := err.(type) { //nolint:errorlint // it walks the tree itself
	case interface{ Unwrap() error }:
		if inner := wrapper.Unwrap(); inner != nil {
			wantNoSecret(t, inner)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range wrapper.Unwrap() {
			wantNoSecret(t, inner)
		}
	}
}
