package counterredis

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// ask asks one server for its facts. An error reply counts as an answer without facts.
func ask(ctx context.Context, client *redis.Client) (learned facts, err error) {
	err = again(ctx, client, func() error {
		learned, err = askOnce(ctx, client)
		return err
	})
	return learned, err
}

func askOnce(ctx context.Context, client *redis.Client) (facts, error) {
	pipe := client.Pipeline()
	// INFO comes first, because a proxy may hang up after an unusual reply. It names no
	// section, because Redis 6.2 accepts only one.
	info := pipe.Do(ctx, "info")
	var configs []*redis.Cmd
	for _, pattern := range []string{"maxmemory*", "append*", "save"} { // Redis 6.2 takes one at a time
		configs = append(configs, pipe.Do(ctx, "config", "get", pattern))
	}
	cmds, err := pipe.Exec(ctx)
	if slices.ContainsFunc(cmds, answered) {
		err = nil
	}
	learned := facts{}
	for _, config := range configs {
		maps.Copy(learned, readConfig(config.Val()))
	}
	maps.Copy(learned, readInfo(info.Val()))
	return learned, err
}

// answered reports whether the server replied to the command. A refused login is not a
// reply.
func answered(cmd redis.Cmder) bool {
	if err := cmd.Err(); err != nil {
		return replied(err, "") && !refused(err)
	}
	reply, ok := cmd.(*redis.Cmd)
	return ok && reply.Val() != nil
}

// readInfo reads the lines "name:value" of a reply to INFO.
func readInfo(reply any) facts {
	text, _ := reply.(string)
	read := facts{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			read[name] = value
		}
	}
	return read
}

// readConfig reads the names and values of a reply to CONFIG GET: a list, or a map
// in protocol 3.
func readConfig(reply any) facts {
	read := facts{}
	set := func(name, value any) {
		key, ok := name.(string)
		text, ok2 := value.(string)
		if ok && ok2 {
			read[key] = text
		}
	}
	switch reply := reply.(type) {
	case []any:
		for pair := range slices.Chunk(reply, 2) {
			if len(pair) == 2 {
				set(pair[0], pair[1])
			}
		}
	case map[any]any:
		for name, value := range reply {
			set(name, value)
		}
	}
	return read
}
