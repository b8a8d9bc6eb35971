package counterredis_test

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/countertest"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

func TestCluster(t *testing.T) {
	cluster := redistest.StartCluster(t, redistest.Topology{})
	sync := func(when string) {
		for _, node := range cluster.Nodes() {
			do(t, node.Client(), "config", "set", "appendfsync", when)
		}
	}
	sync("no") // during the suites no node ends
	open := func(t *testing.T, opts counterredis.Options) countertest.Fixture {
		t.Helper()
		var primaries []*redis.Client
		for _, primary := range cluster.Primaries(t) {
			primaries = append(primaries, primary.Client())
		}
		return fixture(t, openWith(t, clusterURL(cluster), opts), primaries...)
	}
	for name, opts := range map[string]counterredis.Options{
		"": {Prefix: "{p}*"}, "Waiting": {WaitReplicas: 1},
	} {
		t.Run("Store"+name, func(t *testing.T) {
			countertest.Run(t, func(t *testing.T) counter.Store {
				t.Helper()
				return open(t, opts).Store
			})
		})
		t.Run("Backend"+name, func(t *testing.T) {
			countertest.RunBackend(t, func(t *testing.T) countertest.Fixture {
				t.Helper()
				return open(t, opts)
			})
		})
	}
	sync("always")
	t.Run("OneCallANode", func(t *testing.T) { testOneCallANode(t, cluster) })
	t.Run("Moved", func(t *testing.T) { testMoved(t, cluster) })
	t.Run("Asked", func(t *testing.T) { testAsked(t, cluster) })
	t.Run("OpenedAsOneServer", func(t *testing.T) { testOpenedAsOneServer(t, cluster) })
	t.Run("ReadsFromPrimaries", func(t *testing.T) { testReadsFromPrimaries(t, cluster) })
	t.Run("WaitsForTheNodesReplicas", func(t *testing.T) { testWaitsForTheNodesReplicas(t, cluster) })
}

// clusterURL returns the Cluster's URL with the options of patient.
func clusterURL(cluster *redistest.Cluster) string {
	return cluster.URL() + "&" + strings.TrimPrefix(patient, "?")
}

// A node is sent its batches in one go, and is read from once.
func testOneCallANode(t *testing.T, cluster *redistest.Cluster) {
	t.Helper()
	store := openWith(t, clusterURL(cluster), counterredis.Options{WaitReplicas: 1})
	batches := manyBatches(60)
	wantApplied(t, store, batches, 1) // the scripts are loaded, too
	var before []float64
	primaries := cluster.Primaries(t)
	for _, primary := range primaries {
		do(t, primary.Client(), "config", "resetstat")
		before = append(before, float64(calls(t, primary.Client(), "evalsha")))
	}
	for i := range batches {
		batches[i].Sum++
	}
	wantApplied(t, store, batches, 2)
	sum := 0
	for i, primary := range primaries {
		sent, waits := calls(t, primary.Client(), "evalsha"), calls(t, primary.Client(), "wait")
		if sent == 0 || waits != 1 || before[i] != 0 {
			t.Errorf("a primary was sent %d batches and %d WAITs; want some of the 60 and one", sent, waits)
		}
		sum += sent
	}
	if sum != len(batches) {
		t.Errorf("%d batches were sent; want %d", sum, len(batches))
	}
}

// manyBatches returns the first batches of so many counters, spread over the slots.
func manyBatches(n int) []counter.Batch {
	batches := make([]counter.Batch, n)
	for i := range batches {
		batches[i] = counter.Batch{Name: fmt.Sprintf("many:%d", i), Writer: "w", Delta: 1, Sum: 1}
	}
	return batches
}

// A node by itself would refuse most counters, for ever.
func testOpenedAsOneServer(t *testing.T, cluster *redistest.Cluster) {
	t.Helper()
	for _, primary := range cluster.Primaries(t) {
		_, err := counterredis.Open(t.Context(), "redis://"+primary.Addr(), counterredis.Options{})
		if !errors.Is(err, counterredis.ErrRefused) || !strings.Contains(err.Error(), "addr") {
			t.Errorf("Open of one node: %v; want %v that names addr", err, counterredis.ErrRefused)
		}
	}
}

// A slot has moved since the client looked.
func testMoved(t *testing.T, cluster *redistest.Cluster) {
	t.Helper()
	const name = "moves"
	store := openWith(t, clusterURL(cluster), counterredis.Options{WaitReplicas: 1})
	wantAdd(t, store, name, 1)
	wantApplied(t, store, []counter.Batch{{Name: name, Writer: "w", Delta: 1, Sum: 1}}, 2)
	moving := startMove(t, cluster, name)
	moving.keys(t, name, "{"+name+"}:w")
	moving.end(t)
	wantApplied(t, store, []counter.Batch{{Name: name, Writer: "w", Delta: 1, Sum: 1}}, 2) // a repeat
	wantApplied(t, store, []counter.Batch{{Name: name, Writer: "w", Delta: 1, Sum: 2}}, 3)
	wantAdd(t, store, name, 4)
	wantGet(t, store, name, 4)
}

// While a slot is moving, keys that have already moved are asked for at the new node.
func testAsked(t *testing.T, cluster *redistest.Cluster) {
	t.Helper()
	const name = "goes"
	store := openWith(t, clusterURL(cluster), counterredis.Options{WaitReplicas: 1})
	batch := counter.Batch{Name: name, Writer: "w", Delta: 5, Sum: 5}
	wantApplied(t, store, []counter.Batch{batch}, 5)
	moving := startMove(t, cluster, name)
	moving.keys(t, name) // and not the record
	if err := store.Apply(t.Context(), []counter.Batch{batch})[0].Err; err == nil || errors.Is(err, counter.ErrUnknown) {
		t.Errorf("Apply between two nodes: %v; want an error that says that nothing happened", err)
	}
	moving.keys(t, "{"+name+"}:w")
	wantApplied(t, store, []counter.Batch{batch}, 5)
	wantApplied(t, store, []counter.Batch{{Name: name, Writer: "w", Delta: 1, Sum: 6}}, 6)
	wantAdd(t, store, name, 7)
	moving.end(t)
	wantGet(t, store, name, 7)
}

// If one primary's replica is down, additions to counters of the other primaries are
// acknowledged.
func testWaitsForTheNodesReplicas(t *testing.T, cluster *redistest.Cluster) {
	t.Helper()
	store := openWith(t, clusterURL(cluster), counterredis.Options{WaitReplicas: 1})
	batches := manyBatches(30)
	for i := range batches {
		batches[i].Name = "waits:" + strconv.Itoa(i)
	}
	wantApplied(t, store, batches, 1)
	lonely := cluster.PrimaryOf(t, batches[0].Name)
	isLonely := make([]bool, len(batches))
	for i := range batches {
		batches[i].Sum++
		isLonely[i] = cluster.PrimaryOf(t, batches[i].Name) == lonely
	}
	replica := replicaOf(t, cluster, lonely)
	replica.Stop()
	hasty := openWith(t, cluster.URL(), counterredis.Options{WaitReplicas: 1})
	for i, result := range hasty.Apply(t.Context(), batches) {
		alone := isLonely[i]
		if errors.Is(result.Err, counter.ErrUnknown) != alone || (result.Err != nil) != alone {
			t.Errorf("%s: %v; want that it is unknown: %t", batches[i].Name, result.Err, alone)
		}
	}
	if _, err := hasty.Add(t.Context(), batches[0].Name, 1); !errors.Is(err, counter.ErrUnknown) {
		t.Errorf("Add with the replica away: %v; want %v", err, counter.ErrUnknown)
	}
	replica.Continue()
	wantApplied(t, store, batches, 2)
}

// replicaOf returns the primary's replica.
func replicaOf(t *testing.T, cluster *redistest.Cluster, primary *redistest.Node) *redistest.Node {
	t.Helper()
	_, port, err := net.SplitHostPort(primary.Addr())
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range cluster.Nodes() {
		if strings.Contains(node.Client().Info(t.Context(), "replication").Val(), "master_port:"+port+"\r") {
			return node
		}
	}
	t.Fatal("the primary has no replica")
	return nil
}

// startMove begins to move the slot of the name from its primary to another one.
func startMove(t *testing.T, cluster *redistest.Cluster, name string) slotMove {
	t.Helper()
	all := cluster.Primaries(t)
	from := slices.Index(all, cluster.PrimaryOf(t, name))
	m := startSlotMove(t, all[from].Server, all[(from+1)%len(all)].Server, name)
	for _, primary := range all {
		m.told = append(m.told, primary.Server)
	}
	return m
}

// List yields the counters of every primary, each once.
func TestClusterList(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, redistest.Topology{Args: []string{"--appendonly", "no"}})
	store := open(t, clusterURL(cluster))
	want := map[string]int64{}
	for i := range 200 {
		name := fmt.Sprintf("l:%d", i)
		set(t, store, name, int64(i+1))
		want[name] = int64(i + 1)
	}
	wantList(t, store, want)
}

// Nodes that can't say which node has which keys are not asked for each key.
func TestClusterThatIsNotReady(t *testing.T) {
	addr, asked := answer(t, "-LOADING Redis is loading the dataset in memory")
	store := open(t, "redis://"+addr+"?addr="+addr)
	before := asked.Load()
	for _, result := range store.Apply(t.Context(), manyBatches(100)) {
		if result.Err == nil || errors.Is(result.Err, counter.ErrUnknown) || !strings.Contains(result.Err.Error(), "LOADING") {
			t.Fatalf("%v; want an error that says that nothing changed, and why", result.Err)
		}
	}
	if n := asked.Load() - before; n > 10 {
		t.Errorf("the nodes were asked %d times for 100 batches", n)
	}
}
