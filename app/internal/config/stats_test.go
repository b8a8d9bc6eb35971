package config_test

import (
	"errors"
	"testing"

	"example.com/herokuapp/app/internal/config"
)

// Only an owner who can log in can look.
func TestStatsOfTheOwner(t *testing.T) {
	for _, variables := range []map[string]string{
		{"ADMIN_PASSWORD": "a password of mine"}, {"ADMIN_TOKEN": "0123456789abcdef0123456789abcdef0123456789abcdef"},
	} {
		variables["STATS"] = "owner"
		if cfg, err := config.Load(env(variables)); err != nil || cfg.Stats != config.StatsOwner {
			t.Errorf("%v: %q, %v", variables, cfg.Stats, err)
		}
	}
	_, err := config.Load(env(map[string]string{"STATS": "owner"}))
	fault, ok := errors.AsType[*config.Error](err)
	if !ok || fault.Variable != "STATS" {
		t.Fatalf("%v; want an error of STATS", err)
	}
	if cfg, err := config.Load(env(map[string]string{"STATS": "public"})); err != nil || cfg.Stats != config.StatsPublic {
		t.Errorf("%q, %v; want public", cfg.Stats, err)
	}
	const want = "STATS is owner, but nobody can log in without ADMIN_PASSWORD or ADMIN_TOKEN: set one; for example STATS=off"
	if err.Error() != want {
		t.Errorf("%v; want %s", err, want)
	}
}
