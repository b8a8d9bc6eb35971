package counterredis

import (
	"context"
	"fmt"
	"strings"
)

// mayApply returns an error if the server does not have the commands that batches
// take, or not for this user. It changes nothing: each command gets an argument
// that is no integer, which a server looks at only where it permits the command.
//
// Which keys the user may use is not asked: the names of counters are not known.
func (s *Store) mayApply(ctx context.Context) error {
	key := s.key("counterredis")
	record := recordKey(key, "none")
	pipe := s.client.Pipeline()
	// The script gets as far as the SET that comes before its INCRBY.
	const no = "not an integer"
	pipe.Eval(ctx, script, []string{key, record}, 0, 0, 0, no) // which also loads it
	pipe.EvalSha(ctx, s.scriptHash, []string{key, record}, 0, 0, 0, no)
	pipe.Do(ctx, "incrby", key, no)
	cmds, err := pipe.Exec(ctx)
	if refused(err) { // the login, which no command knows of
		return err
	}
	for _, cmd := range cmds {
		if err := cmd.Err(); denied(err) && !strings.Contains(err.Error(), " access ") {
			return fmt.Errorf("%s: %w", strings.ToUpper(cmd.Name()), err)
		}
	}
	return nil
}
