package counterredis_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// Each setting that endangers counters has its warning, and is alone in it.
func TestWarnings(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		want []string // what the warnings begin with
	}{
		"safe":                       {nil, nil},
		"noeviction":                 {[]string{"--maxmemory", "100mb"}, nil},
		"eviction without a limit":   {[]string{"--maxmemory-policy", "allkeys-lru"}, nil},
		"eviction of counters":       {[]string{"--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"}, []string{"maxmemory-policy is allkeys-lru: "}},
		"eviction of what expires":   {[]string{"--maxmemory", "100mb", "--maxmemory-policy", "volatile-ttl"}, []string{"maxmemory-policy is volatile-ttl: "}},
		"nothing on disk":            {[]string{"--appendonly", "no"}, []string{"appendonly is no and save is empty: "}},
		"snapshots alone":            {[]string{"--appendonly", "no", "--save", "60 1"}, []string{"appendonly is no: "}},
		"written each second":        {[]string{"--appendfsync", "everysec"}, []string{"appendfsync is everysec: "}},
		"written some day":           {[]string{"--appendfsync", "no"}, []string{"appendfsync is no: "}},
		"nothing on disk, evictions": {[]string{"--appendonly", "no", "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-random"}, []string{"maxmemory-policy is allkeys-random: ", "appendonly is no and save is empty: "}},
	} {
		t.Run(name, func(t *testing.T) {
			server := redistest.Start(t, test.args...)
			wantWarnings(t, open(t, server.URL()), test.want...)
			wantWarnings(t, open(t, server.URL()+"?protocol=3"), test.want...)
		})
	}
}

func TestWarningsOfEvictions(t *testing.T) {
	server := redistest.Start(t, "--maxmemory", "3mb", "--maxmemory-policy", "allkeys-lru", "--appendonly", "no", "--save", "60 1000000")
	store, client := open(t, server.URL()), server.Client()
	const policy, disk = "maxmemory-policy is allkeys-lru: ", "appendonly is no: "
	wantWarnings(t, store, policy, disk)

	value := strings.Repeat("x", 10_000)
	evicted := func() bool {
		return client.InfoMap(t.Context(), "stats").Val()["Stats"]["evicted_keys"] != "0"
	}
	for n := 0; !evicted(); n++ {
		do(t, client, "set", fmt.Sprint(n), value)
	}
	wantWarnings(t, store, policy, "evicted_keys is above zero: ", "used_memory is above 90 % of maxmemory: ", disk)

	// Mended, as the warnings say.
	do(t, client, "flushall")
	do(t, client, "config", "set", "maxmemory-policy", "noeviction")
	do(t, client, "config", "resetstat")
	wantWarnings(t, store, disk)
}

func TestWarningsOfMemory(t *testing.T) {
	server := redistest.Start(t)
	store, client := open(t, server.URL()), server.Client()
	do(t, client, "setrange", "large", 20<<20, "x") // the rest, and its changes, are small
	used, err := client.InfoMap(t.Context(), "memory").Result()
	if err != nil {
		t.Fatal(err)
	}
	var bytes int64
	if _, err := fmt.Sscan(used["Memory"]["used_memory"], &bytes); err != nil {
		t.Fatal(err)
	}
	do(t, client, "config", "set", "maxmemory", bytes*100/85)
	wantWarnings(t, store)
	do(t, client, "config", "set", "maxmemory", bytes*100/95)
	wantWarnings(t, store, "used_memory is above 90 % of maxmemory: ")
}

// A replica says that it is one, and nothing of how it keeps what it copies.
func TestWarningsOfReplica(t *testing.T) {
	primary := redistest.Start(t)
	replica := primary.Replica(t, "--appendonly", "no", "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
	wantWarnings(t, open(t, primary.URL()))
	wantWarnings(t, open(t, replica.URL()), "role is slave: ")
}

func TestWarningsOfFailedSnapshot(t *testing.T) {
	server := redistest.Start(t)
	store, client := open(t, server.URL()), server.Client()
	block := filepath.Join(client.ConfigGet(t.Context(), "dir").Val()["dir"], "dump.rdb")
	if err := os.MkdirAll(filepath.Join(block, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	do(t, client, "bgsave")
	for strings.Contains(client.Info(t.Context(), "persistence").Val(), "rdb_bgsave_in_progress:1") {
		time.Sleep(time.Millisecond)
	}
	wantWarnings(t, store, "rdb_last_bgsave_status is err: ")
}

// A host that forbids these questions allows fewer warnings, or none. That is not an error.
func TestWarningsOfWhatIsKnown(t *testing.T) {
	unsafe := []string{"--appendonly", "no", "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"}
	const policy = "maxmemory-policy is allkeys-lru: "
	both := []string{policy, "appendonly is no and save is empty: "}
	info := []string{policy, "appendonly is no: when Redis stops, "} // whether there are snapshots is not known
	for name, test := range map[string]struct{ rules, want []string }{
		"all":               {[]string{"+@all"}, both},
		"no CONFIG":         {[]string{"+@all", "-config"}, info},
		"no INFO":           {[]string{"+@all", "-info"}, both},
		"neither":           {[]string{"+@all", "-info", "-config"}, nil},
		"CONFIG of its own": {[]string{"+@all", "-config", "+config|resetstat"}, info},
	} {
		t.Run(name, func(t *testing.T) {
			server := redistest.Start(t, unsafe...)
			rules := []any{"~*"}
			for _, rule := range test.rules {
				rules = append(rules, rule)
			}
			setUser(t, server.Client(), rules...)
			wantWarnings(t, open(t, withLogin(server, "limited:s3cret")), test.want...)
		})
	}
	for name, test := range map[string]struct{ args, want []string }{
		"CONFIG renamed": {[]string{"--rename-command", "CONFIG", "other"}, info},
		"CONFIG removed": {[]string{"--rename-command", "CONFIG", ""}, info},
		"INFO removed":   {[]string{"--rename-command", "INFO", ""}, both},
		"both removed":   {[]string{"--rename-command", "INFO", "", "--rename-command", "CONFIG", ""}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			wantWarnings(t, open(t, redistest.Start(t, append(slices.Clip(unsafe), test.args...)...).URL()), test.want...)
		})
	}
	for name, reply := range map[string]string{
		"status":          "+OK",
		"number":          ":1",
		"nothing":         "$-1",
		"no list":         "*-1",
		"empty":           "$0\r\n",
		"empty list":      "*0",
		"half a pair":     "*1\r\n$4\r\nsave",
		"pair of numbers": "*2\r\n:1\r\n:2",
		"map":             "%1\r\n$4\r\nrole\r\n:1",
		"lines":           bulk("role\r\nmaxmemory:\r\nused_memory:much\r\nevicted_keys:-\r\n:\r\n"),
		"unknown command": "-ERR unknown command `info`, with args beginning with: ",
		"any error":       "-SORRY not here",
	} {
		t.Run(name, func(t *testing.T) {
			addr, _ := answer(t, reply)
			wantWarnings(t, connect(t, &redis.Options{Addr: addr}), "it does not do what counting needs: EVAL") // nor does it
		})
	}
}

// A server that does not do what counting needs is reported whenever it comes up.
func TestWarningsOfRefusal(t *testing.T) {
	for name, addr := range map[string]string{
		"refused": refusing(t, "-SORRY you have no access to scripts", "eval", "evalsha"),
		"ignored": refusing(t, "+OK", "eval"),
	} {
		t.Run(name, func(t *testing.T) {
			wantWarnings(t, connect(t, &redis.Options{Addr: addr}), "it does not do what counting needs: EVAL")
		})
	}
	server := redistest.Start(t)
	setUser(t, server.Client(), "~*", "+@all")
	store := open(t, withLogin(server, "limited:s3cret"))
	wantWarnings(t, store)
	setUser(t, server.Client(), "~*", "+@all", "-evalsha")
	wantWarnings(t, store, "it does not do what counting needs: EVALSHA: NOPERM")
}

// A login that is refused later, because the password has changed, is not taken for a lack of
// permissions.
func TestWarningsOfRefusedLogin(t *testing.T) {
	server := redistest.Start(t)
	setUser(t, server.Client(), "~*", "+@all")
	store := open(t, withLogin(server, "limited:s3cret"))
	if err := server.Client().Do(t.Context(), "acl", "deluser", "limited").Err(); err != nil {
		t.Fatal(err)
	}
	warnings, _ := store.Warnings(t.Context())
	if len(warnings) != 1 || !strings.HasPrefix(warnings[0], "it refuses this client: WRONGPASS") || !strings.Contains(warnings[0], "Correct the URL") ||
		strings.Contains(warnings[0], "Permit") || strings.Contains(warnings[0], "..") {
		t.Errorf("%q; want one that names the login", warnings)
	}
}

// A server that can't be asked at all causes an error, in time.
func TestWarningsOfNobody(t *testing.T) {
	server := redistest.Start(t)
	store := open(t, server.URL()+"?read_timeout=1h")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := store.Warnings(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of the context: %v", err)
	}
	server.Stop()
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := store.Warnings(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("of a server that hangs: %v", err)
	}
	server.Kill()
	if _, err := store.Warnings(t.Context()); err == nil {
		t.Error("no error of a server that is gone")
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
	if _, err := store.Warnings(t.Context()); !errors.Is(err, counter.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	locked := redistest.Start(t, "--requirepass", "right")
	for _, password := range []string{"", "s3cret"} {
		_, err := connect(t, &redis.Options{Addr: locked.Addr(), Password: password}).Warnings(t.Context())
		if err == nil {
			t.Errorf("no error of a server that refuses the password %q", password)
			continue
		}
		wantNoSecret(t, err)
	}
	hangsUp := listen(t, func(net.Conn) {})
	if _, err := connect(t, &redis.Options{Addr: hangsUp}).Warnings(t.Context()); err == nil {
		t.Error("no error of a server that hangs up")
	}
}

// In a Cluster every primary is looked at, and those that differ are named.
func TestWarningsOfCluster(t *testing.T) {
	t.Parallel()
	nodes := startCluster(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
	store := borrow(t, redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{nodes[0].Addr()}}))
	wantWarnings(t, store, "maxmemory-policy is allkeys-lru: ")

	do(t, nodes[1].Client(), "config", "set", "appendfsync", "everysec")
	wantWarnings(t, store, "maxmemory-policy is allkeys-lru: ", "On "+nodes[1].Addr()+": appendfsync is everysec: ")

	// What the others say stands beside the error, and is not new.
	nodes[2].Kill()
	warnings, err := store.Warnings(t.Context())
	if err == nil || len(warnings) != 2 || !strings.HasPrefix(warnings[0], "maxmemory-policy is ") {
		t.Errorf("with a node that is gone: %q, %v", warnings, err)
	}
}

// Sentinels name the primary, which is looked at.
func TestWarningsThroughSentinels(t *testing.T) {
	t.Parallel()
	sentinel := redistest.StartSentinel(t, redistest.Topology{})
	do(t, sentinel.Primary(t).Client(), "config", "set", "appendfsync", "everysec")
	wantWarnings(t, open(t, sentinel.URL()), "appendfsync is everysec: ")
}

// Warnings changes nothing, and sends no other commands.
func TestWarningsOnlyAsk(t *testing.T) {
	server := redistest.Start(t)
	store, client := open(t, server.URL()), server.Client()
	wantAdd(t, store, "a", 1)
	before := client.Info(t.Context(), "replication").Val()
	do(t, client, "config", "resetstat")
	wantWarnings(t, store)
	infos, configs := calls(t, client, "info"), calls(t, client, "config|get") // each asks by INFO itself, then
	if infos != 1 || configs != 3 {
		t.Errorf("INFO is sent %d times, CONFIG GET %d times; want 1 and 3", infos, configs)
	}
	if after := client.Info(t.Context(), "replication").Val(); after != before {
		t.Errorf("replication was\n%s\nis\n%s", before, after)
	}
	wantGet(t, store, "a", 1)
}

// wantWarnings fails unless the store's warnings begin with the texts, in this
// order, and each says how to mend it.
func wantWarnings(t *testing.T, store *counterredis.Store, want ...string) {
	t.Helper()
	got, err := store.Warnings(t.Context())
	if err != nil || len(got) != len(want) {
		t.Fatalf("warnings %q, %v; want %q", got, err, want)
	}
	for i, warning := range got {
		if !strings.HasPrefix(warning, want[i]) || !strings.HasSuffix(warning, ".") || strings.Count(warning, ". ") == 0 {
			t.Errorf("warning %q; want one that begins with %q and says how to mend it", warning, want[i])
		}
	}
}

// Replicas that have each write make up for a file written late, not for a primary
// that starts empty.
func TestWarningsWhereReplicasAreWaitedFor(t *testing.T) {
	for setting, want := range map[string][]string{
		"appendfsync no": nil, "appendfsync everysec": nil, "appendonly no": {"appendonly is no and save is empty: "},
	} {
		name, value, _ := strings.Cut(setting, " ")
		server := redistest.Start(t, "--"+name, value)
		wantWarnings(t, openWith(t, server.URL(), counterredis.Options{WaitReplicas: 1}), want...)
	}
}

// bulk returns the text as a server's reply.
func bulk(text string) string { return fmt.Sprintf("$%d\r\n%s", len(text), text) }

// startClusterStore starts three primaries that share the slots, and returns them with a store on them.
func startClusterStore(t *testing.T) ([]*redistest.Server, *counterredis.Store) {
	t.Helper()
	servers := startCluster(t)
	return servers, open(t, servers[0].URL()+patient+"&addr="+servers[1].Addr())
}

// startCluster returns three primaries that share the slots.
func startCluster(t *testing.T, args ...string) []*redistest.Server {
	t.Helper()
	const nodes, slots = 3, 16384
	var servers []*redistest.Server
	for n := range nodes {
		server := redistest.Start(t, append([]string{"--cluster-enabled", "yes"}, args...)...)
		do(t, server.Client(), "cluster", "addslotsrange", n*slots/nodes, (n+1)*slots/nodes-1)
		do(t, server.Client(), "cluster", "set-config-epoch", n+1)
		servers = append(servers, server)
	}
	for _, server := range servers[1:] {
		host, port, _ := strings.Cut(server.Addr(), ":")
		do(t, servers[0].Client(), "cluster", "meet", host, port)
	}
	for _, server := range servers {
		for client := server.Client(); ; time.Sleep(10 * time.Millisecond) {
			info := client.ClusterInfo(t.Context()).Val()
			if strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:3") && strings.Contains(info, "cluster_size:3") {
				break
			}
		}
	}
	return servers
}

// A warning says what becomes of views without each command, and that is true.
func TestWarningsOfLostCommands(t *testing.T) {
	const nothing, counted = "No view is counted.", "Views are counted"
	for _, test := range []struct {
		rules []any // what the user loses
		want  string
	}{
		{[]any{"-evalsha"}, nothing},
		{[]any{"-incrby"}, nothing},
		{[]any{"-set"}, nothing},
		{[]any{"-get"}, nothing},
		{[]any{"-hincrby"}, nothing},
		{[]any{"-eval"}, "Views are counted until Redis forgets its scripts"},
		{[]any{"-pexpireat"}, "hours of their history"},
		{[]any{"-hdel"}, counted},
		{[]any{"-hget"}, counted},
		{[]any{"-hgetall"}, counted},
		{[]any{"-wait"}, "their numbers are not shown"},
		{[]any{"-eval", "-incrby"}, nothing}, // the worst of several
		{[]any{"-pexpireat", "-eval", "-hget"}, "until Redis forgets its scripts"},
		{[]any{"-@scripting"}, nothing},
	} {
		server := redistest.Start(t)
		all := []any{"~*", "+@all"}
		setUser(t, server.Client(), all...)
		replicas := 0
		if test.rules[0] == "-wait" {
			replicas = 1
		}
		store := openWith(t, withLogin(server, "limited:s3cret"), counterredis.Options{WaitReplicas: replicas})
		applySum := func(sum int64) {
			store.Apply(t.Context(), []counter.Batch{{Name: "a", Writer: "w", Delta: 1, Sum: sum, Hour: today()}})
		}
		setUser(t, server.Client(), append(all, test.rules...)...)
		warnings, err := store.Warnings(t.Context())
		if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], test.want) {
			t.Errorf("with %q: %q, %v; want %q", test.rules, warnings, err, test.want)
			continue
		}
		applySum(1)
		if got := server.Client().Get(t.Context(), "a").Val(); (got == "1") != strings.Contains(warnings[0], counted) {
			t.Errorf("with %q the counter is %q, and the warning %q", test.rules, got, warnings[0])
		}
		if strings.Contains(test.want, "until") {
			do(t, server.Client(), "script", "flush")
			applySum(2)
			if got := server.Client().Get(t.Context(), "a").Val(); got != "1" {
				t.Errorf("with %q and without the script the counter is %q; want 1", test.rules, got)
			}
		}
	}
}

// A server that comes up and is something else than the client takes it for is named.
func TestWarningsOfMistakes(t *testing.T) {
	t.Parallel()
	nodes := startCluster(t)
	for _, node := range nodes {
		store := borrow(t, node.Client())
		wantWarnings(t, store, "it is a node of a Cluster, which the option addr of the URL must say")
	}
}
