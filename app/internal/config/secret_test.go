package config_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"example.com/herokuapp/app/internal/config"
)

func TestLoadReadsSecrets(t *testing.T) {
	for _, password := range []string{"twelve chars", "zwölf Zeichen", "a:b/c+d%41=&?", strings.Repeat("x", 1024)} {
		key := strings.Repeat("k", 32)
		token := strings.Repeat("t!~", 11)
		cfg, err := config.Load(env(map[string]string{"ADMIN_PASSWORD": password, "ADMIN_TOKEN": token, "SECRET_KEY": key}))
		if err != nil || cfg.AdminPassword != password || cfg.AdminToken != token || cfg.SecretKey != key {
			t.Errorf("%.40q: %.40q, %q, %v", password, cfg.AdminPassword, cfg.SecretKey, err)
		}
	}
	for _, variable := range []string{"ADMIN_PASSWORD", "ADMIN_TOKEN", "SECRET_KEY"} { // either alone is right
		if _, err := config.Load(env(map[string]string{variable: strings.Repeat("x", 32)})); err != nil {
			t.Error(err)
		}
	}
}

// A secret that is refused is not shown.
func TestLoadRefusesSecrets(t *testing.T) {
	const long = "swordfish, swordfish, swordfish, swordfish"
	for variable, values := range map[string][]string{
		"ADMIN_PASSWORD": {
			"swordfish", "swörd-fisch", " " + long, long + "\n", "\u00a0" + long, "sword\x00fish-swordfish", "swordfish\rswordfish",
			"swordfish-swordfish\x7f", "swordfish-swordfish\u0085", "swordfish-swordfish\xff", strings.Repeat("swordfish", 120), "$(swordfish swordfish)",
		},
		"ADMIN_TOKEN": {
			"swordfish", strings.Repeat("s", 31), long, "swordfish-swordfish-swordfish-swördfish", "swordfish-swordfish-swordfish-sword\x7f",
			"swordfish-swordfish-swordfish-swordfish\n", "$(openssl rand -hex 32 swordfish)",
		},
		"SECRET_KEY": {"swordfish", strings.Repeat("s", 31), "$(openssl rand -hex 32 swordfish)"},
	} {
		for _, value := range values {
			_, err := config.Load(env(map[string]string{variable: value}))
			fault, ok := errors.AsType[*config.Error](err)
			if !ok || fault.Variable != variable {
				t.Errorf("%s=%.40q: %v; want a *config.Error that names it", variable, value, err)
				continue
			}
			line := err.Error()
			if strings.Contains(line, "sword") || strings.Contains(line, value) || strings.Contains(line, "\n") ||
				!strings.HasPrefix(line, variable+" is ") || !strings.Contains(line, "for example "+variable+"=$(") {
				t.Errorf("%s=%.40q: %q", variable, value, line)
			}
		}
	}
	const short = "swordfish-swordfish-swordfish-swordfish"
	for variable, other := range map[string]string{"SECRET_KEY": "ADMIN_PASSWORD", "ADMIN_TOKEN": "ADMIN_PASSWORD"} {
		_, err := config.Load(env(map[string]string{variable: short, other: short}))
		if fault, ok := errors.AsType[*config.Error](err); !ok || fault.Variable != variable || strings.Contains(err.Error(), "sword") {
			t.Errorf("the same text as %s and %s: %v", variable, other, err)
		}
	}
	_, err := config.Load(env(map[string]string{"ADMIN_TOKEN": short, "SECRET_KEY": short}))
	if fault, ok := errors.AsType[*config.Error](err); !ok || fault.Variable != "SECRET_KEY" || strings.Contains(err.Error(), "sword") {
		t.Errorf("the same text as token and key: %v", err)
	}
}

func TestTrustedProxies(t *testing.T) {
	for value, test := range map[string]struct{ trusted, others []string }{
		"": {
			[]string{"127.0.0.1", "::1", "10.1.2.3", "172.31.255.255", "192.168.0.1", "169.254.1.1", "fd00::1", "fe80::1"},
			[]string{"172.32.0.1", "192.0.2.1", "100.64.0.1", "2001:db8::1", "0.0.0.0", "::"},
		},
		"none":                     {nil, []string{"127.0.0.1", "::1", "10.1.2.3"}},
		"192.0.2.7":                {[]string{"192.0.2.7"}, []string{"192.0.2.8", "127.0.0.1"}},
		"192.0.2.7/24, 2001:db8::": {[]string{"192.0.2.8", "2001:db8::"}, []string{"2001:db8::1"}},
		"::ffff:192.0.2.7":         {[]string{"192.0.2.7"}, []string{"192.0.2.8"}},
	} {
		cfg, err := config.Load(env(map[string]string{"TRUSTED_PROXIES": value}))
		if err != nil {
			t.Errorf("%q: %v", value, err)
		}
		trusts := func(addr string) bool {
			for _, network := range cfg.TrustedProxies {
				if network.Contains(netip.MustParseAddr(addr)) {
					return true
				}
			}
			return false
		}
		for _, addr := range test.trusted {
			if !trusts(addr) {
				t.Errorf("%q does not trust %s", value, addr)
			}
		}
		for _, addr := range test.others {
			if trusts(addr) {
				t.Errorf("%q trusts %s", value, addr)
			}
		}
	}
}
