package config_test

import (
	"encoding/pem"
	"errors"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"example.com/herokuapp/app/internal/config"
)

// env reads variables from a map, as os.Getenv does from the process.
func env(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

func TestLoad(t *testing.T) {
	defaults := config.Config{Port: 8000, ImportLimit: 100_000, RedisPoolSize: 4, SkipBots: true, MaxCounters: 100_000, RateLimit: 60, MaxListeners: 10_000, History: true, HistoryHours: 1440, PageWait: 500 * time.Millisecond, ShutdownTimeout: 25 * time.Second}
	for name, test := range map[string]struct {
		env  map[string]string
		want config.Config
	}{
		"nothing set": {nil, defaults},
		"empty is not set": {
			map[string]string{"HOST": "", "PORT": "", "METRICS_ADDR": "", "REDIS_URL": "", "REDIS_POOL_SIZE": "", "REDIS_WAIT_REPLICAS": "", "REDIS_TLS_CA": "", "REDIS_TLS_SKIP_VERIFY": "", "SKIP_BOTS": "", "SITES": "", "KEEP_QUERY": "", "MAX_COUNTERS": "", "RATE_LIMIT": "", "MAX_LISTENERS": "", "HISTORY": "", "HISTORY_HOURS": "", "PAGE_WAIT": "", "STATS": "", "ADMIN_PASSWORD": "", "ADMIN_TOKEN": "", "IMPORT_LIMIT": "", "SECRET_KEY": "", "TRUSTED_PROXIES": "", "DEBUG": "", "SHUTDOWN_TIMEOUT": ""},
			defaults,
		},
		"all set": {
			map[string]string{"HOST": "::1", "PORT": "0", "METRICS_ADDR": "[::ffff:127.0.0.1]:0", "REDIS_URL": "redis://h", "REDIS_POOL_SIZE": "20", "REDIS_WAIT_REPLICAS": "2", "IMPORT_LIMIT": "5000000", "REDIS_TLS_SKIP_VERIFY": "1", "SKIP_BOTS": "false", "KEEP_QUERY": "p, page_id", "MAX_COUNTERS": "0", "RATE_LIMIT": "0", "MAX_LISTENERS": "1", "HISTORY": "off", "HISTORY_HOURS": "87600", "PAGE_WAIT": "2s", "STATS": "off", "DEBUG": "true", "SHUTDOWN_TIMEOUT": "1m30s"},
			config.Config{
				Host: netip.MustParseAddr("::1"), MetricsAddr: netip.MustParseAddrPort("127.0.0.1:0"), RedisURL: "redis://h", ImportLimit: 5_000_000, RedisPoolSize: 20, RedisWaitReplicas: 2, RedisTLSSkipVerify: true,
				KeepQuery: []string{"p", "page_id"}, MaxListeners: 1, HistoryHours: 87600, PageWait: 2 * time.Second, Stats: config.StatsOff, Debug: true, ShutdownTimeout: 90 * time.Second,
			},
		},
	} {
		got, err := config.Load(env(test.env))
		got.Revision = ""
		if len(test.env["TRUSTED_PROXIES"]) == 0 { // what is trusted by default has its own test
			got.TrustedProxies = nil
		}
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, test.want)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for variable, values := range map[string][]string{
		"REDIS_POOL_SIZE":       {"0", "-1", "four", "65536"},
		"REDIS_WAIT_REPLICAS":   {"-1", "all", "101", "1.0"},
		"REDIS_TLS_SKIP_VERIFY": {"yes"},
		"STATS":                 {"on", "Public", "everybody", "owner"},
		"REDIS_TLS_CA":          {"/nowhere", ".", "/dev/zero", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----", "config_test.go"},
		"IMPORT_LIMIT":          {"0", "-1", "none", "1e6", "1000000001"},
		"HOST":                  {"localhost", "127.0.0.1:80", " ", "256.0.0.1", "[127.0.0.1]", "[::1", "[::1]:80"},
		"METRICS_ADDR":          {"9100", ":9100", "localhost:9100", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:9100", "http://127.0.0.1:9100", "8000"},
		"SITES":                 {"*", ",", " , ", "https://example.com", "a b", "example.com/blog"},
		"COMPAT":                {",", " , "},
		"DATA_FILE":             {"counts.db\n", " counts.db", "counts.db ", " ", `"counts.db"`, `'counts.db'`, "a\x00b", "a\x1bb"},
		"KEEP_QUERY":            {",", "p,", "a=b", "a&b", "a\x00"},
		"MAX_COUNTERS":          {"-1", "many", "1.5", "100000001"},
		"RATE_LIMIT":            {"-1", "60/m"},
		"MAX_LISTENERS":         {"-1", "1e3"},
		"HISTORY":               {"never", "Off", "2"},
		"HISTORY_HOURS":         {"0", "-1", "60d", "1440h", "87601"},
		"PORT":                  {"http", "-1", "65536", "8000 ", "80.0", "0x50", strings.Repeat("9", 1000)},
		"DEBUG":                 {"yes", "2", "on", "true "},
		"SKIP_BOTS":             {"no", "2"},
		"PAGE_WAIT":             {"500", "0", "-1ms", "21s"},
		"TRUSTED_PROXIES":       {"all", "10.0.0.0/33", "10.0.0.1,", "none,10.0.0.1", "10.0.0.1:80", "proxy.example.com", "::ffff:10.0.0.0/104"},
		"SHUTDOWN_TIMEOUT":      {"25", "0s", "-1s", "s", "forever"},
	} {
		for _, value := range values {
			_, err := config.Load(env(map[string]string{variable: value}))
			fault, ok := errors.AsType[*config.Error](err)
			if !ok || fault.Variable != variable {
				t.Errorf("%s=%q: %v; want a *config.Error that names it", variable, value, err)
				continue
			}
			line := err.Error()
			if !strings.HasPrefix(line, variable+" is ") || !strings.Contains(line, "for example "+variable+"=") ||
				strings.Contains(line, "\n") || len(line) > 200 {
				t.Errorf("%s=%q: %q is not the one short line that says what is wrong and how to mend it", variable, value, line)
			}
		}
	}
}

func TestHost(t *testing.T) {
	for text, want := range map[string]string{
		"0.0.0.0": "0.0.0.0", "127.0.0.1": "127.0.0.1", "::": "::", "[::]": "::", "::1": "::1", "::ffff:127.0.0.1": "127.0.0.1",
		"::ffff:0.0.0.0": "0.0.0.0", "fe80::1%eth0": "fe80::1%eth0",
	} {
		if cfg, err := config.Load(env(map[string]string{"HOST": text})); err != nil || cfg.Host.String() != want {
			t.Errorf("HOST=%s: %v, %v; want %s", text, cfg.Host, err, want)
		}
	}
}

// A host that replaces processes or empties disks causes a warning, and so does a Redis under another name. The
// warning has no address, which may hold a password.
func TestDangers(t *testing.T) {
	for name, test := range map[string]struct {
		env  map[string]string
		want []string
	}{
		"at home":           {nil, nil},
		"a dyno":            {map[string]string{"DYNO": "web.1"}, []string{"Heroku"}},
		"Cloud Run":         {map[string]string{"K_SERVICE": "views"}, []string{"K_SERVICE"}},
		"another name":      {map[string]string{"REDIS_TLS_URL": "rediss://:hunter2@h"}, []string{"set REDIS_URL to the value of REDIS_TLS_URL"}},
		"a file at home":    {map[string]string{"DATA_FILE": "counts.db"}, nil},
		"a file on a dyno":  {map[string]string{"DATA_FILE": "counts.db", "DYNO": "web.1"}, []string{"Heroku"}},
		"a file on Fly.io":  {map[string]string{"DATA_FILE": "/data/counts.db", "FLY_APP_NAME": "views"}, nil},
		"both":              {map[string]string{"DYNO": "web.1", "REDISCLOUD_URL": "redis://:hunter2@h"}, []string{"REDISCLOUD_URL", "DYNO"}},
		"a dyno with Redis": {map[string]string{"DYNO": "web.1", "REDIS_URL": "redis://h", "REDIS_TLS_URL": "rediss://h"}, nil},
	} {
		cfg, err := config.Load(env(test.env))
		if err != nil || len(cfg.Dangers) != len(test.want) {
			t.Errorf("%s: %q, %v; want %q", name, cfg.Dangers, err, test.want)
			continue
		}
		for i, danger := range cfg.Dangers {
			if !strings.Contains(danger, test.want[i]) || !strings.Contains(danger, "end with the process") ||
				!strings.Contains(danger, "set REDIS_URL to ") || strings.Contains(danger, "hunter2") {
				t.Errorf("%s: %q; want one with %q", name, danger, test.want[i])
			}
		}
	}
}

func TestLoadRefusesEveryFaultAtOnce(t *testing.T) {
	_, err := config.Load(env(map[string]string{"PORT": "x", "DEBUG": "x"}))
	if lines := strings.Split(err.Error(), "\n"); len(lines) != 2 {
		t.Errorf("%q; want a line for PORT and one for DEBUG", lines)
	}
}

func TestLoadReadsCertificates(t *testing.T) {
	ca := testCertificate(t)
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte(ca), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{ca, file} {
		cfg, err := config.Load(env(map[string]string{"REDIS_TLS_CA": value}))
		if err != nil || cfg.RedisTLSRoots == nil {
			t.Errorf("REDIS_TLS_CA=%.40q: %v, %v", value, cfg.RedisTLSRoots, err)
		}
	}
	_, err := config.Load(env(map[string]string{"REDIS_TLS_CA": ca, "REDIS_TLS_SKIP_VERIFY": "true"}))
	if fault, ok := errors.AsType[*config.Error](err); !ok || !strings.Contains(fault.Error(), "REDIS_TLS_CA") {
		t.Errorf("%v; want an error that names both variables", err)
	}
	for _, url := range []string{"redis://:hunter2@h", "unix://:hunter2@/s", "Redis://:hunter2@h", ":hunter2"} {
		_, err = config.Load(env(map[string]string{"REDIS_TLS_CA": ca, "REDIS_URL": url}))
		if fault, ok := errors.AsType[*config.Error](err); !ok || fault.Variable != "REDIS_TLS_CA" ||
			!strings.Contains(err.Error(), "begin it with rediss://") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("REDIS_URL=%s: %v; want an error that says how to mend it, without the password", url, err)
		}
	}
	for _, url := range []string{"", "rediss://h", "REDISS://h"} {
		if _, err = config.Load(env(map[string]string{"REDIS_TLS_CA": ca, "REDIS_URL": url})); err != nil {
			t.Errorf("REDIS_URL=%s: %v", url, err)
		}
	}
}

// Two stores can't both be meant.
func TestLoadRefusesTwoStores(t *testing.T) {
	_, err := config.Load(env(map[string]string{"REDIS_URL": "redis://:hunter2", "DATA_FILE": "counts.db"}))
	if fault, ok := errors.AsType[*config.Error](err); !ok || fault.Variable != "DATA_FILE" ||
		!strings.Contains(err.Error(), "REDIS_URL") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v; want an error of DATA_FILE that names REDIS_URL, without the password", err)
	}
	for _, variable := range []string{"REDIS_URL", "DATA_FILE"} {
		if _, err := config.Load(env(map[string]string{variable: "x"})); err != nil {
			t.Error(err)
		}
	}
}

// Metrics are never served on the port of the page, whatever the addresses.
func TestLoadRefusesMetricsOnThePort(t *testing.T) {
	for _, set := range []map[string]string{
		{"METRICS_ADDR": "127.0.0.1:8000"},
		{"METRICS_ADDR": "[::1]:9", "PORT": "9"},
		{"METRICS_ADDR": "127.0.0.2:9", "PORT": "9", "HOST": "127.0.0.1"},
	} {
		_, err := config.Load(env(set))
		if fault, ok := errors.AsType[*config.Error](err); !ok || fault.Variable != "METRICS_ADDR" || !strings.Contains(err.Error(), "public") {
			t.Errorf("%v: %v; want an error of METRICS_ADDR that says why", set, err)
		}
	}
	cfg, err := config.Load(env(map[string]string{"METRICS_ADDR": "0.0.0.0:8001"}))
	if err != nil || cfg.MetricsAddr != netip.MustParseAddrPort("0.0.0.0:8001") {
		t.Errorf("%v, %v", cfg.MetricsAddr, err)
	}
}

// testCertificate returns a certificate that httptest brings along, as PEM.
func testCertificate(t *testing.T) string {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}

func TestRevision(t *testing.T) {
	cfg, err := config.Load(env(map[string]string{"HEROKU_SLUG_COMMIT": "2c3a0b24"}))
	if err != nil || cfg.Revision != "2c3a0b24" {
		t.Errorf("%q, %v", cfg.Revision, err)
	}
	if cfg, err = config.Load(env(nil)); err != nil || cfg.Revision == "" {
		t.Errorf("%q, %v; want unknown, or what Git says", cfg.Revision, err)
	}
}

// The examples in the error lines must be accepted themselves.
func TestExamplesAreAccepted(t *testing.T) {
	for _, variable := range []string{"IMPORT_LIMIT", "HOST", "PORT", "METRICS_ADDR", "REDIS_POOL_SIZE", "REDIS_WAIT_REPLICAS", "REDIS_TLS_SKIP_VERIFY", "TRUSTED_PROXIES", "SKIP_BOTS", "PAGE_WAIT", "DEBUG", "SHUTDOWN_TIMEOUT"} {
		_, err := config.Load(env(map[string]string{variable: "!"}))
		fault, ok := errors.AsType[*config.Error](err)
		if !ok {
			t.Fatalf("%s=!: %v", variable, err)
		}
		if _, err := config.Load(env(map[string]string{variable: fault.Example})); err != nil {
			t.Errorf("the example of %s: %v", variable, err)
		}
	}
}
