package counterredis

import (
	"context"
	_ "embed"
	"strconv"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// Batches of several counters share a call of a script if one server has all keys. For the server,
// a call costs as much as two of the commands in it.

// maxTogether is how many batches share a call: a server takes less than a millisecond for them,
// in which it serves nobody else.
const maxTogether = 64

// togetherScript applies several batches.
//
//go:embed together.lua
var togetherScript string

// togetherHash is the SHA-1 of togetherScript, as scriptHash is of script.
const togetherHash = "91328103297a96bff0750572942701ab3ce8555a"

// whichScript tells which server has a key.
//
//go:embed which.lua
var whichScript string

// together says whether batches may share a call. The zero value says that nobody knows.
type together struct {
	state atomic.Int32
	tries atomic.Int32 // to learn, in vain
}

// maxTries is how many of them there are.
const maxTries = 10

const (
	togetherUnknown int32 = iota
	togetherYes
	togetherNo
)

func (t *together) yes() bool { return t.state.Load() == togetherYes }

// never ends it for good.
func (t *together) never() { t.state.Store(togetherNo) }

// learn finds out, if nobody knows, after a call that the server has answered. The user may use the key
// of a counter.
//
// A client of one server may be connected to a proxy, and some proxies send a script to the
// server that has its first key, without asking for the others. So each of many keys is asked for
// the server that has it. They begin as the records of a counter do, because a user may not be
// permitted others.
func (t *together) learn(ctx context.Context, s *Store, key string) {
	if t.state.Load() != togetherUnknown {
		return
	}
	const keys = 32
	commands := make([]*command, keys)
	for i := range commands {
		like := recordKey(key+strconv.Itoa(i), "server")
		commands[i] = &command{Cmder: redis.NewStringCmd(ctx, "eval", whichScript, 1, like), key: like}
	}
	s.send(ctx, commands, delivery{})
	t.take(commands)
}

// take learns from the replies. It may be none, on a bad line, or not about this key: then learn asks
// again, up to maxTries times.
func (t *together) take(asked []*command) {
	var first string
	for i, c := range asked {
		switch reply, ok := c.Cmder.(*redis.StringCmd); {
		case c.err != nil && (deniedKey(c.err) || !replied(c.err, "") || unready(c.err)) && t.tries.Add(1) < maxTries:
			return
		case c.err != nil || !ok || reply.Val() == "" || i > 0 && reply.Val() != first:
			t.never()
			return
		default:
			first = reply.Val()
		}
	}
	t.state.CompareAndSwap(togetherUnknown, togetherYes)
}
