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

// maxTogether is how many batches may share a call. A server needs less than a millisecond for
// them, during which it serves nobody else.
const maxTogether = 64

// togetherScript applies several batches.
//
//go:embed together.lua
var togetherScript string

// togetherHash is the SHA-1 of togetherScript, as scriptHash is of script.
const togetherHash = "00e7ee9f1c95d1fcfae5cab8161c6a34fdcbc29a"

// whichScript tells which server has a key.
//
//go:embed which.lua
var whichScript string

// together says whether batches may share a call. The zero value means that this is not known
// yet.
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

// never says for good that batches don't share calls.
func (t *together) never() { t.state.Store(togetherNo) }

// learn finds out whether batches may share a call, unless that is known. It runs after a call
// that the server has answered, with the key of a counter that the user may use.
//
// What looks like one server may be a proxy for several, and some proxies send a script to the
// server that has its first key, whatever its other keys are. So learn asks, for each of many
// keys, which server has it. The keys begin like the records of a counter, because the user may
// not be permitted to use others.
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

// take learns from the replies. If they are missing, as on a bad connection, or are not about
// these keys, learn asks again, up to maxTries times.
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
