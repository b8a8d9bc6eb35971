package counterredis

import (
	"context"
	"fmt"
	"strings"
)

// mayApply returns an error if the server does not have the commands that batches
// take, or not for this user, or not for this key, which another node of its Cluster
// has. It changes nothing: each command gets an argument
// that is no integer, which a server looks at only where it permits the command.
//
// Which keys the user may use is not asked: the names of counters are not known.
func (s *Store) mayApply(ctx context.Context) error {
	const no = "not an integer"
	key := s.key("counterredis")
	keys := []string{key, recordKey(key, "none")}
	pipe := s.client.Pipeline()
	pipe.Eval(ctx, script, keys, 0, 0, 0, no) // gets as far as SET, and is loaded
	pipe.EvalSha(ctx, s.scriptHash, keys, 0, 0, 0, no)
	pipe.Do(ctx, "incrby", key, no)
	if s.replicas > 0 {
		pipe.Do(ctx, "wait", no, 0)
	}
	cmds, _ := pipe.Exec(ctx) // each command has its own error
	for _, cmd := range cmds {
		if err := cmd.Err(); denied(err) && !deniedKey(err) || replied(err, "MOVED ") {
			return fmt.Errorf("%s: %w", strings.ToUpper(cmd.Name()), err)
		}
	}
	return nil
}
