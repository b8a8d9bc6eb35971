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
	state  atomic.Int32
	denied atomic.Int32 // how often the user was not permitted to ask for a key
}

// maxDenied is how often that may be.
const maxDenied = 10

const (
	togetherUnknown int32 = iota
	togetherYes
	togetherNo
)

func (t *together) yes() bool { return t.state.Load() == togetherYes }

// never ends it for good.
func (t *together) never() { t.state.Store(togetherNo) }

// question returns commands that find out, to be sent along with others. It returns none if the
// answer is known. The user may use the key of a counter.
//
// A client of one server may be connected to a proxy, and some proxies send a script to the
// server that has its first key, without asking for the others. So each of many keys is asked for
// the server that has it. They begin as the records of a counter do, because a user may not be
// permitted others.
func (t *together) question(ctx context.Context, key string) []*command {
	if t.state.Load() != togetherUnknown {
		return nil
	}
	const keys = 32
	commands := make([]*command, keys)
	for i := range commands {
		like := recordKey(key+strconv.Itoa(i), "server")
		commands[i] = &command{Cmder: redis.NewStringCmd(ctx, "eval", whichScript, 1, like), key: like}
	}
	return commands
}

// answer learns from the replies to question.
func (t *together) answer(asked []*command) {
	var first string
	for i, c := range asked {
		switch reply, ok := c.Cmder.(*redis.StringCmd); {
		case deniedKey(c.err) && t.denied.Add(1) < maxDenied:
			return // ask again, with the key of another counter
		case c.err != nil && (!replied(c.err, "") || unready(c.err)):
			return // ask again
		case c.err != nil || !ok || reply.Val() == "" || i > 0 && reply.Val() != first:
			t.never()
			return
		default:
			first = reply.Val()
		}
	}
	if len(asked) > 0 {
		t.state.CompareAndSwap(togetherUnknown, togetherYes)
	}
}
