package counterredis_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// slotMove is the way of a slot from one server to another.
type slotMove struct {
	slot     int64
	from, to *redistest.Server
	toID     string
	told     []*redistest.Server // of its end
}

// startSlotMove begins to move the slot of the name, without its keys.
func startSlotMove(t *testing.T, from, to *redistest.Server, name string) slotMove {
	t.Helper()
	slot := from.Client().ClusterKeySlot(t.Context(), name).Val()
	m := slotMove{slot: slot, from: from, to: to, toID: myID(t, to), told: []*redistest.Server{to, from}}
	do(t, to.Client(), "cluster", "setslot", m.slot, "importing", myID(t, from))
	do(t, from.Client(), "cluster", "setslot", m.slot, "migrating", m.toID)
	return m
}

// beginMove begins to move the slot of the name, with the counter and its records.
func beginMove(t *testing.T, from, to *redistest.Server, name string) slotMove {
	t.Helper()
	m := startSlotMove(t, from, to, name)
	m.keys(t, from.Client().ClusterGetKeysInSlot(t.Context(), int(m.slot), 100).Val()...)
	return m
}

// keys moves the keys.
func (m slotMove) keys(t *testing.T, keys ...string) {
	t.Helper()
	host, port, err := net.SplitHostPort(m.to.Addr())
	if err != nil {
		t.Fatal(err)
	}
	migrate := []any{"migrate", host, port, "", 0, 60_000, "keys"}
	for _, key := range keys {
		migrate = append(migrate, key)
	}
	do(t, m.from.Client(), migrate...)
}

// end makes the move known.
func (m slotMove) end(t *testing.T) {
	t.Helper()
	for _, server := range m.told {
		do(t, server.Client(), "cluster", "setslot", m.slot, "node", m.toID)
	}
}

func myID(t *testing.T, server *redistest.Server) string {
	t.Helper()
	id, err := server.Client().Do(t.Context(), "cluster", "myid").Text()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// meetNode starts a primary without slots that the others know.
func meetNode(t *testing.T, servers []*redistest.Server, args ...string) *redistest.Server {
	t.Helper()
	fresh := redistest.Start(t, append([]string{"--cluster-enabled", "yes"}, args...)...)
	host, port, _ := net.SplitHostPort(fresh.Addr())
	do(t, fresh.Client(), "cluster", "set-config-epoch", len(servers)+1)
	do(t, servers[0].Client(), "cluster", "meet", host, port)
	want := fmt.Sprintf("cluster_known_nodes:%d", len(servers)+1)
	for _, server := range append(servers, fresh) {
		for {
			info := server.Client().ClusterInfo(t.Context()).Val()
			if strings.Contains(info, want) && strings.Contains(info, "cluster_state:ok") {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	return fresh
}

// serverOf returns the one that has the name's slot.
func serverOf(t *testing.T, servers []*redistest.Server, name string) *redistest.Server {
	t.Helper()
	for _, server := range servers {
		if err := server.Client().Get(t.Context(), name).Err(); err == nil || errors.Is(err, redis.Nil) {
			return server
		}
	}
	t.Fatalf("nobody has %q", name)
	return nil
}

// A primary that has no slots yet is in no list of the nodes: a slot on its way to it is
// served all the same, from the first key that has moved, however nodes are named.
func TestSlotMovesToFreshPrimary(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"by addresses": nil,
		"by hostnames": {"--cluster-announce-hostname", "localhost", "--cluster-preferred-endpoint-type", "hostname"},
		"by ports":     {"--cluster-preferred-endpoint-type", "unknown-endpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			servers := startCluster(t, args...)
			fresh := meetNode(t, servers, args...)
			for _, owner := range []string{"Open", "New"} {
				if owner == "New" && name == "by ports" {
					continue // see TestClusterWithoutHosts
				}
				counterName := "moves:" + owner
				from := serverOf(t, servers, counterName)
				store := open(t, from.URL()+patient+"&addr="+servers[1].Addr())
				if owner == "New" {
					store = borrow(t, redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{servers[0].Addr()}}))
				}
				batch := counter.Batch{Name: counterName, Writer: "w", Delta: 5, Sum: 5}
				wantApplied(t, store, []counter.Batch{batch}, 5)
				moving := beginMove(t, from, fresh, counterName)
				wantApplied(t, store, []counter.Batch{batch}, 5) // a repeat
				wantApplied(t, store, []counter.Batch{{Name: counterName, Writer: "w", Delta: 1, Sum: 6}}, 6)
				wantAdd(t, store, counterName, 7)
				wantGet(t, store, counterName, 7)
				moving.end(t)
				wantAdd(t, store, counterName, 8)
				wantGet(t, store, counterName, 8)
				if got := fresh.Client().Get(t.Context(), counterName).Val(); got != "8" {
					t.Errorf("the fresh primary has %q; want 8", got)
				}
				for range 2 {
					if err := store.Close(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
}

// Several counters of one call have moved to different nodes.
func TestSeveralSlotsMoved(t *testing.T) {
	t.Parallel()
	servers, store := startClusterStore(t)
	batches := manyBatches(40)
	wantApplied(t, store, batches, 1)
	moved := map[*redistest.Server]int{}
	for i := 0; i < len(batches); i += 3 {
		from := serverOf(t, servers, batches[i].Name)
		to := servers[i%len(servers)]
		if to == from {
			to = servers[(i+1)%len(servers)]
		}
		if moved[to] < 3 {
			moved[to]++
			beginMove(t, from, to, batches[i].Name).end(t)
		}
	}
	if len(moved) < 2 {
		t.Fatalf("slots moved to %d servers; want several", len(moved))
	}
	for i := range batches {
		batches[i].Sum++
	}
	wantApplied(t, store, batches, 2)
	want := map[string]int64{}
	for _, batch := range batches {
		wantGet(t, store, batch.Name, 2)
		want[batch.Name] = 2
	}
	wantList(t, store, want)
}

// Two nodes that name each other are not followed for ever, and nothing is in doubt.
func TestEndlessRedirects(t *testing.T) {
	var sent atomic.Int64
	var addrs [2]string
	for i := range addrs {
		addrs[i] = answerAsCluster(t, func() string { return addrs[0] }, func() string {
			sent.Add(1)
			return "-MOVED 1 " + addrs[1-i]
		})
	}
	store := borrow(t, redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs[:1]}))
	for _, change := range changes() {
		sent.Store(0)
		errs := change.change(t.Context(), store, "a")
		for _, err := range errs {
			if err == nil || errors.Is(err, counter.ErrUnknown) || !strings.Contains(err.Error(), "MOVED") {
				t.Errorf("%s: %v; want one that names MOVED and is not %v", change.name, err, counter.ErrUnknown)
			}
		}
		if n := sent.Load(); n > int64(4*len(errs)) {
			t.Errorf("%s: %d commands were sent; want at most four each", change.name, n)
		}
	}
}

// answerAsCluster serves a node of a Cluster whose slots are all served at owner, with the
// reply to each change.
func answerAsCluster(t *testing.T, owner, change func() string) (addr string) {
	t.Helper()
	return answerWith(t, func(words []string) string {
		switch words[0] {
		case "hello":
			return "-ERR unknown command"
		case "cluster": // SLOTS
			host, port, _ := net.SplitHostPort(owner())
			return fmt.Sprintf("*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n%s\r\n:%s", bulk(host), port)
		case "incrby", "set", "del", "eval", "evalsha":
			return change()
		default:
			return "+OK"
		}
	})
}

// Nodes whose addresses can't be used are told apart, and the true cause is named.
func TestClusterWithoutHosts(t *testing.T) {
	t.Parallel()
	servers := startCluster(t, "--cluster-preferred-endpoint-type", "unknown-endpoint")
	store := borrow(t, redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{servers[0].Addr()}}))
	_, addErr := store.Add(t.Context(), "a", 1)
	_, getErr := store.Get(t.Context(), "a")
	for call, err := range map[string]error{"Add": addErr, "Get": getErr, "Ping": store.Ping(t.Context())} {
		if err == nil || errors.Is(err, counter.ErrUnknown) || !strings.Contains(err.Error(), "unknown-endpoint") {
			t.Errorf("%s: %v; want the cause", call, err)
		}
	}
	for _, server := range servers {
		do(t, server.Client(), "config", "set", "cluster-preferred-endpoint-type", "ip")
	}
	wantAdd(t, store, "a", 1)
}

// Nodes that should be named by a hostname and have none are found by their IP addresses. A
// call that is redirected to one fails with the reason, and the next call finds the node.
func TestClusterWithoutHostnames(t *testing.T) {
	t.Parallel()
	args := []string{"--cluster-preferred-endpoint-type", "hostname"}
	servers := startCluster(t, args...)
	store := open(t, servers[0].URL()+patient+"&addr="+servers[1].Addr())
	wantApplied(t, store, manyBatches(20), 1)
	from := serverOf(t, servers, "many:0")
	fresh := meetNode(t, servers, args...)
	moving := beginMove(t, from, fresh, "many:0")
	next := counter.Batch{Name: "many:0", Writer: "w", Delta: 1, Sum: 2}
	err := store.Apply(t.Context(), []counter.Batch{next})[0].Err
	wantRefusal(t, "Apply", err, nil, "cluster-announce-hostname")
	moving.end(t)
	for {
		result := store.Apply(t.Context(), []counter.Batch{next})[0]
		if result.Err == nil {
			break
		}
		wantRefusal(t, "Apply", result.Err, nil, "MOVED")
		time.Sleep(10 * time.Millisecond)
	}
	wantGet(t, store, "many:0", 2)
}

// A Cluster's client that may repeat what fails repeats no change.
func TestClusterLostReplySendsOnce(t *testing.T) {
	var sent atomic.Int64
	var addr string
	addr = answerAsCluster(t, func() string { return addr }, func() string {
		sent.Add(1)
		return hangUp
	})
	store := borrow(t, redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{addr}, MaxRetries: 5, MaxRedirects: 5}))
	for _, change := range changes() {
		sent.Store(0)
		errs := change.change(t.Context(), store, "a")
		for _, err := range errs {
			wantUnknown(t, change.name, err)
		}
		if n := sent.Load(); n != 1 { // it hangs up at the first of several
			t.Errorf("%s: %d commands were sent; want one", change.name, n)
		}
	}
}

// The server has half of what the client waits to tell of its replicas.
func TestWaitTime(t *testing.T) {
	waits := make(chan string, 10)
	addr := answerWith(t, func(words []string) string {
		switch words[0] {
		case "hello":
			return "-ERR unknown command"
		case "wait":
			waits <- strings.Join(words, " ")
			return ":1"
		default:
			return ":1"
		}
	})
	client := redis.NewClient(&redis.Options{Addr: addr, ReadTimeout: 20 * time.Second, DisableIdentity: true})
	t.Cleanup(func() { _ = client.Close() })
	store := newStore(t, client, counterredis.Options{WaitReplicas: 1})
	if _, err := store.Add(t.Context(), "a", 1); err != nil {
		t.Fatal(err)
	}
	if got := <-waits; got != "wait 1 10000" {
		t.Errorf("the store sends %q; want wait 1 10000", got)
	}
	// Or of what the context leaves.
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	if _, err := store.Add(ctx, "a", 1); err != nil {
		t.Fatal(err)
	}
	var ms int
	if _, err := fmt.Sscanf(<-waits, "wait 1 %d", &ms); err != nil || ms < 1 || ms > 4000 {
		t.Errorf("with 8s left, WAIT may take %d ms, %v; want at most 4000", ms, err)
	}
}
