package redistest

import (
	"context"
	"fmt"
	"strconv"
	"testing"
)

func TestReplica(t *testing.T) {
	primary := Start(t)
	client := primary.Client()
	if err := client.Set(t.Context(), "old", "1", 0).Err(); err != nil {
		t.Fatal(err)
	}
	replica := primary.Replica(t, "--maxmemory", "1gb")
	wantConfig(t, replica, "maxmemory", "1073741824")
	wantGet(t, replica, "old", "1")
	if err := client.Set(t.Context(), "new", "2", 0).Err(); err != nil {
		t.Fatal(err)
	}
	awaitTail(t, primary, replica)
	wantGet(t, replica, "new", "2")

	replica.Restart()
	replica.AwaitReplication(t)
	wantGet(t, replica, "new", "2")
}

// What is written while a replica is cut off is lost if that is promoted.
func TestCutReplication(t *testing.T) {
	t.Parallel()
	primary := Start(t)
	replica := primary.Replica(t)
	client := primary.Client()
	incr := func() {
		t.Helper()
		if err := client.Incr(t.Context(), "n").Err(); err != nil {
			t.Fatal(err)
		}
	}
	incr()
	awaitTail(t, primary, replica)
	replica.CutReplication(t)
	incr()
	wantGet(t, primary, "n", "2")
	wantGet(t, replica, "n", "1")

	replica.HealReplication(t)
	replica.AwaitReplication(t)
	wantGet(t, replica, "n", "2")

	replica.CutReplication(t)
	incr()
	promoted := replica.Client()
	if err := promoted.ReplicaOf(t.Context(), "no", "one").Err(); err != nil {
		t.Fatal(err)
	}
	if got := promoted.Incr(t.Context(), "n").Val(); got != 3 {
		t.Errorf("the promoted replica counts to %d; want what it had and one more", got)
	}
	wantGet(t, primary, "n", "3")
}

// awaitTail returns once the replica has all that its primary has.
func awaitTail(t *testing.T, primary, replica *Server) {
	t.Helper()
	await(t, "what the primary has", func(ctx context.Context) error {
		of, err := primary.replication(ctx)
		if err != nil {
			return err
		}
		has, err := replica.replication(ctx)
		if err != nil {
			return err
		}
		want, _ := strconv.ParseInt(of["master_repl_offset"], 10, 64)
		if got, err := strconv.ParseInt(has["slave_repl_offset"], 10, 64); err != nil || got < want {
			return fmt.Errorf("the replica is at %q of %d", has["slave_repl_offset"], want)
		}
		return nil
	})
}
