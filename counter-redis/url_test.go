package counterredis

import (
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

func TestBadURLs(t *testing.T) {
	for _, test := range []struct{ url, fault string }{
		{"", "empty"},
		{" redis://:s3cret@host", "white space"},
		{`"redis://:s3cret@host"`, "quotation mark"},
		{"'redis://:s3cret@host'", "quotation mark"},
		{"redis://:s3cret@$HOST:6379", "no host has"},
		{"redis://:s3cret@<host>", "no host has"},
		{"redis://:s3cret@host?addr=$NODE:6379", "addr"},
		{"redis://:s3cret@host\n", "control character"},
		{"redis://:s3 cret@host", "white space"},
		{"redis://:s3cret#x@host", "a #"},
		{"redis://:s3cret@host/0#s3cret", "a #"},
		{"redis://:s3cret@host#", "a #"},
		{"redis://:s3cret%zz@host", "parsed"},
		{"redis://:s3cret^@host", "parsed"},
		{"redis://:s3cret/x@host", "parsed"},
		{"redis://:s3cret?x@host", "parsed"},
		{"127.0.0.1:6379", "parsed"},
		{"localhost:6379", "scheme"},
		{"s3cret@host", "scheme"},
		{"http://:s3cret@host", "scheme"},
		{"redis+tls://:s3cret@host", "scheme"},
		{"redis:s3cret@host", "no host"},
		{"redis:/s3cret", "no host"},
		{"redis://", "no host"},
		{"redis://:s3cret@", "no host"},
		{"redis://:s3cret@:6379", "no host"},
		{"redis:///1", "no host"},
		{"redis://:s3cret@a:1,b:2", "several hosts"},
		{"redis://:s3cret@a,b/0", "several hosts"},
		{"redis://:s3cret@::1", "brackets"},
		{"redis://:s3cret@host:0", "port"},
		{"redis://:s3cret@host:65536", "port"},
		{"redis://user:12/s3cret@host", "database"},
		{"redis://:s3cret@host/s3cret", "database"},
		{"redis://:s3cret@host/-1", "database"},
		{"redis://:s3cret@host/1/2", "database"},
		{"redis://:s3cret@host?db=-1", "db is"},
		{"redis://:s3cret@host/1?db=2", "two databases"},
		{"redis://:s3cret@host/0?db=2", "two databases"},
		{"redis://:s3cret@host?db=s3cret", "db"},
		{"redis://user:12?s3cret@host", "option"},
		{"redis://:s3cret@host?s3cret=1", "option"},
		{"redis://:s3cret@host?read_timeout=s3cret", "read_timeout"},
		{"redis://:s3cret@host?a;b", "options"},
		{"redis://:s3cret@host?protocol=4", "protocol"},
		{"redis://:s3cret@host?dial_timeout=0", "dial_timeout"},
		{"redis://:s3cret@host?pool_size=-1", "pool_size"},
		{"redis://:s3cret@host?min_idle_conns=-1", "min_idle_conns"},
		{"redis://:s3cret@host?max_idle_conns=65536", "max_idle_conns"},
		{"redis://:s3cret@host?max_active_conns=99999999999", "max_active_conns"},
		{"redis://:s3cret@host?pipeline_pool_size=65536", "pipeline_pool_size"},
		{"redis://:s3cret@host?pipeline_pool_size=-2", "pipeline_pool_size"},
		{"redis://:s3cret@host?pipeline_read_buffer_size=-1", "pipeline_read_buffer_size"},
		{"redis://:s3cret@host?pipeline_write_buffer_size=99999999999", "pipeline_write_buffer_size"},
		{"redis://:s3cret@host?max_concurrent_dials=-1", "max_concurrent_dials"},
		{"redis://:s3cret@host?pool_size=0", "pool_size"},
		{"redis://:s3cret@host?pool_size=2.5", "pool_size"},
		{"redis://:s3cret@host?pool_size=5&min_idle_conns=6", "min_idle_conns"},
		{"redis://:s3cret@host?max_idle_conns=5&min_idle_conns=6", "min_idle_conns"},
		{"redis://:s3cret@host?max_active_conns=5&min_idle_conns=6", "min_idle_conns"},
		{"redis://:s3cret@host?protocol=1", "protocol"},
		{"redis://:s3cret@host?protocol=0", "protocol"},
		{"redis://:s3cret@host?protocol=resp3", "protocol"},
		{"redis://:s3cret@host?dial_timeout=-1", "dial_timeout"},
		{"redis://:s3cret@host?pool_timeout=0", "pool_timeout"},
		{"redis://:s3cret@host?read_timeout=-2", "read_timeout"},
		{"redis://:s3cret@host?read_timeout=1ns", "read_timeout"},
		{"redis://:s3cret@host?read_timeout=9999999999", "read_timeout"},
		{"redis://:s3cret@host?write_timeout=99999999h", "write_timeout"},
		{"redis://:s3cret@host?write_timeout=1%20s", "write_timeout"},
		{"redis://:s3cret@host?conn_max_idle_time=-5m", "conn_max_idle_time"},
		{"redis://:s3cret@host?conn_max_idle_time=1m&idle_timeout=1m", "idle_timeout"},
		{"redis://:s3cret@host?conn_max_lifetime=1m&max_conn_age=1m", "max_conn_age"},
		{"redis://:s3cret@host?max_retries=x", "max_retries"},
		{"redis://:s3cret@host?pool_fifo=yes", "pool_fifo"},
		{"redis://:s3cret@host?skip_verify=true", "skip_verify"},
		{"rediss://:s3cret@host?skip_verify=s3cret", "skip_verify"},
		{"redis://:s3cret@host?client_name=my%20app", "client_name"},
		{"redis://:s3cret@host?client_name=my+app", "client_name"},
		{"redis://:s3cret@host?client_name=app%0A", "client_name"},
		{"redis://:s3cret@host?client_name=%C3%A9", "client_name"},
		{"redis://:s3cret@host?client_name=%7F", "client_name"},
		{"redis://:s3cret@host:1?master_name=m&client_name=my%20app", "client_name"},
		{"redis://:s3cret@host?addr=a:1&client_name=my%20app", "client_name"},
		{"redis://:s3cret@host?db=1&db=1", "db is given twice"},
		{"redis://:s3cret@host?readtimeout=1s", "read_timeout"},
		{"redis://:s3cret@host?Read-Timeout=1s", "read_timeout"},
		{"redis://:s3cret@host?read_timeouts=1s", "read_timeout"},
		{"redis://:s3cret@host?poolsize=1", "pool_size"},
		{"redis://:s3cret@host?mastername=m", "master_name"},
		{"redis://s3cret@host", "user without a password"},
		{"redis://s3cret:@host", "user without a password"},
		{"redis://:s3cret@host:1?master_name=m&username=s3cret", "user without a password"},
		{"redis://s3cret@host:1?master_name=m&username=u&password=s3cret", "user without a password"},
		{"redis://:s3cret@host?addr=a:1&read_timeout=1s&read_timeout=2s", "twice"},
		{"redis://:s3cret@host?addr=s3cret", "addr"},
		{"redis://:s3cret@host?addr=a:1,b:2", "addr"},
		{"redis://:s3cret@host?addr=a:0", "addr"},
		{"redis://:s3cret@host?addr=:1", "addr"},
		{"redis://:s3cret@host?addr=a", "addr"},
		{"redis://:s3cret@host?addr=s3cret@a:1", "addr"},
		{"redis://:s3cret@host:1?master_name=m&addr=s3cret%40a:1", "addr"},
		{"redis://:s3cret@host?addr=a/s3cret:1", "addr"},
		{"redis://:s3cret@host?addr=a%0Ab:1", "addr"},
		{"redis://:s3cret@host?addr=a:1&max_redirects=1&max_redirects=s3cret", "twice"},
		{"redis://:s3cret@host:1?master_name=m&password=s3cret&password=s3cret2", "twice"},
		{"redis://:s3cret@host/1?addr=a:1", "database"},
		{"redis://:s3cret@host?db=1&addr=a:1", "database"},
		{"redis://:s3cret@host?addr=a:1&max_redirects=s3cret", "max_redirects"},
		{"redis://:s3cret@host?addr=a:1&read_only=true", "read_only"},
		{"redis://:s3cret@host?addr=a:1&route_by_latency=true", "route_by_latency"},
		{"redis://:s3cret@host:1?master_name=m&replica_only=true", "replica_only"},
		{"redis://:s3cret@host?addr=a:1&password=s3cret", "option"},
		{"redis://:s3cret@host?password=s3cret", "Sentinel"},
		{"redis://:s3cret@host?username=s3cret", "Sentinel"},
		{"redis://:s3cret@host:1?master_name=", "master_name"},
		{"redis://:s3cret@host:1?master_name=a&master_name=b", "master_name"},
		{"redis://:s3cret@host?master_name=m", "port"},
		{"redis://:s3cret@host:1?master_name=m&max_redirects=2", "option"},
		{"redis://:s3cret@host:1/s3cret?master_name=m", "database"},
		{"unix:///s3cret.sock?addr=a:1", "socket"},
		{"unix:///s3cret.sock?master_name=m", "socket"},
		{"unix://", "no socket"},
		{"unix:s3cret", "no socket"},
		{"unix:///s3cret%00.sock", "control character"},
		{"unix:///" + strings.Repeat("s3cret", 18), "107 bytes"},
		{"unix://tmp/redis.sock", "slash"},
	} {
		_, err := parseURL(test.url)
		switch {
		case !errors.Is(err, ErrURL):
			t.Errorf("%q: %v; want %v", test.url, err, ErrURL)
		case !strings.Contains(err.Error(), test.fault):
			t.Errorf("%q: %v; want it to name %q", test.url, err, test.fault)
		case strings.Contains(err.Error(), "s3cret"):
			t.Errorf("%q: %v; it holds the password", test.url, err)
		}
	}
}

func TestGoodURLs(t *testing.T) {
	for _, test := range []struct {
		url, network, addr, user, password string
		db                                 int
	}{
		{"redis://host", "tcp", "host:6379", "", "", 0},
		{"redis://host:1/", "tcp", "host:1", "", "", 0},
		{"redis://:s3%2Fcret@host:65535/15", "tcp", "host:65535", "", "s3/cret", 15},
		{"rediss://user:s3cret@host/2?db=2", "tcp", "host:6379", "user", "s3cret", 2},
		{"redis://:s3cret@host?db=3&read_timeout=&client_name=app-1.web!~", "tcp", "host:6379", "", "s3cret", 3},
		{"redis://[::1]:7000", "tcp", "[::1]:7000", "", "", 0},
		{"unix:///run/redis.sock", "unix", "/run/redis.sock", "", "", 0},
		{"unix://user:s3cret@/run/redis.sock?db=1", "unix", "/run/redis.sock", "user", "s3cret", 1},
	} {
		target, err := parseURL(test.url)
		if err != nil {
			t.Errorf("%q: %v", test.url, err)
			continue
		}
		opts := target.server
		if opts.Network != test.network || opts.Addr != test.addr || opts.DB != test.db ||
			opts.Username != test.user || opts.Password != test.password {
			t.Errorf("%q: %s %s, database %d, user %q, password %q; want %+v",
				test.url, opts.Network, opts.Addr, opts.DB, opts.Username, opts.Password, test)
		}
		if tls := strings.HasPrefix(test.url, "rediss:"); tls != (opts.TLSConfig != nil) {
			t.Errorf("%q: TLS is %t; want %t", test.url, !tls, tls)
		}
	}
}

func TestURLsOfSeveral(t *testing.T) {
	for _, test := range []struct {
		url  string
		want target
		name string
	}{
		{
			"rediss://user:s3cret@a?addr=b:2&addr=[::1]:3&max_redirects=5",
			target{
				kind: cluster, addrs: []string{"a:6379", "b:2", "[::1]:3"}, maxRedirects: 5,
				server: &redis.Options{Username: "user", Password: "s3cret"},
			},
			"redis cluster a:6379,b:2,[::1]:3",
		},
		{
			"redis://watch:s3cret@a:1/2?addr=b:2&master_name=my+name&username=user&password=s3cret%2F2&read_timeout=1s",
			target{
				kind: sentinels, addrs: []string{"a:1", "b:2"}, masterName: "my name",
				sentinelUser: "watch", sentinelPassword: "s3cret",
				server: &redis.Options{Username: "user", Password: "s3cret/2", DB: 2, ReadTimeout: time.Second},
			},
			"redis my name/2 by sentinels a:1,b:2",
		},
		{
			"redis://a:1?master_name=m",
			target{kind: sentinels, addrs: []string{"a:1"}, masterName: "m", server: &redis.Options{}},
			"redis m/0 by sentinels a:1",
		},
	} {
		got, err := parseURL(test.url)
		if err != nil {
			t.Errorf("%q: %v", test.url, err)
			continue
		}
		server, want := got.server, test.want.server
		if server.Username != want.Username || server.Password != want.Password || server.DB != want.DB ||
			want.ReadTimeout != 0 && server.ReadTimeout != want.ReadTimeout || server.MaxRetries != -1 ||
			(server.TLSConfig != nil) != strings.HasPrefix(test.url, "rediss:") {
			t.Errorf("%q: the options of a server are %+v; want %+v", test.url, server, want)
		}
		if got.String() != test.name {
			t.Errorf("%q is called %q; want %q", test.url, got, test.name)
		}
		got.server, test.want.server, got.username, got.password = nil, nil, "", ""
		if !reflect.DeepEqual(*got, test.want) {
			t.Errorf("%q: %+v; want %+v", test.url, *got, test.want)
		}
	}
}

func TestDefaults(t *testing.T) {
	opts := mustParse(t, "redis://host")
	for name, ok := range map[string]bool{
		"DialTimeout 1s":        opts.DialTimeout == time.Second,
		"ReadTimeout 500ms":     opts.ReadTimeout == 500*time.Millisecond,
		"WriteTimeout 500ms":    opts.WriteTimeout == 500*time.Millisecond,
		"PoolTimeout 1s":        opts.PoolTimeout == time.Second,
		"DialerRetries 1":       opts.DialerRetries == 1,
		"Protocol 2":            opts.Protocol == 2,
		"PipelinePoolSize -1":   opts.PipelinePoolSize == -1,
		"DisableIdentity":       opts.DisableIdentity,
		"no maintenance":        opts.MaintNotificationsConfig.Mode == maintnotifications.ModeDisabled,
		"MaxRetries -1":         opts.MaxRetries == -1,
		"ContextTimeoutEnabled": opts.ContextTimeoutEnabled,
	} {
		if !ok {
			t.Errorf("without options: want %s in %+v", name, opts)
		}
	}
}

func TestURLOptionsOverrideDefaults(t *testing.T) {
	opts := mustParse(t, "redis://host?dial_timeout=2s&read_timeout=3s&write_timeout=-1&pool_timeout=4s"+
		"&pool_size=5&pipeline_pool_size=6&protocol=3&max_retries=7")
	for name, ok := range map[string]bool{
		"DialTimeout 2s":      opts.DialTimeout == 2*time.Second,
		"ReadTimeout 3s":      opts.ReadTimeout == 3*time.Second,
		"no WriteTimeout":     opts.WriteTimeout == -1,
		"PoolTimeout 4s":      opts.PoolTimeout == 4*time.Second,
		"PoolSize 5":          opts.PoolSize == 5,
		"PipelinePoolSize 6":  opts.PipelinePoolSize == 6,
		"Protocol 3":          opts.Protocol == 3,
		"MaxRetries -1 still": opts.MaxRetries == -1,
	} {
		if !ok {
			t.Errorf("want %s in %+v", name, opts)
		}
	}
}

func mustParse(t *testing.T, url string) *redis.Options {
	t.Helper()
	target, err := parseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	return target.server
}

// The options that are checked are those that go-redis knows.
func TestOptionNames(t *testing.T) {
	for _, name := range optionNames() {
		if _, known := optionCheck(name); !known {
			t.Errorf("%s is not checked", name)
		}
		if _, err := redis.ParseURL("rediss://host?" + name + "=1"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if fault := optionsFault(&url.URL{Scheme: "redis", RawQuery: "maint_notifications_mode=1"}); fault == "" {
		t.Error("an option that go-redis does not know is taken")
	}
}
