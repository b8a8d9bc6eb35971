package model

import (
	"errors"
	"fmt"
	"time"

	"pgregory.net/rapid"

	counter "example.com/herokuapp/counter-core"
)

// never is how long something takes that does not happen.
const never = time.Duration(-1)

// fault is what becomes of one batch, or of one Set, on its way to the store. What
// has no answer by the end of its context may yet arrive: a late copy.
type fault struct {
	times   int           // so many calls meet it
	arrives time.Duration // until the store has it
	refused error         // that is the answer, and nothing is counted
	answers time.Duration // from then on, until the caller has the answer
	cut     time.Duration // until the caller learns that there will be none
}

// clear says that nothing happens to the call.
func (f fault) clear() bool {
	return f.arrives == 0 && f.refused == nil && f.answers == 0 && f.cut == never
}

func (f fault) String() string {
	return fmt.Sprintf("{%d times: arrives %v, refused %v, answers %v, cut %v}", f.times, f.arrives, f.refused, f.answers, f.cut)
}

var (
	errAway  = errors.New("away")                              // nothing happened
	errDoubt = fmt.Errorf("%w: no answer", counter.ErrUnknown) // anything may have
)

// drawFault draws what happens to be the network's fault, or the store's.
func drawFault(p profile) *rapid.Generator[fault] {
	kinds := []string{
		"slow", "refused", "answer lost", "answer hangs", "request lost", "request hangs", "late", "cut and late",
	}
	if p.refuses {
		kinds = append(kinds, "refused for good", "refused for good")
	}
	// An attempt ends after a second, and is overdue after half.
	soon := rapid.SampledFrom([]time.Duration{0, time.Millisecond, 600 * time.Millisecond})
	late := rapid.SampledFrom([]time.Duration{1100 * time.Millisecond, 5 * time.Second, time.Minute})
	return rapid.Custom(func(t *rapid.T) fault {
		times := rapid.SampledFrom([]int{1, 2, 4, 40}).Draw(t, "times")
		switch rapid.SampledFrom(kinds).Draw(t, "fault") {
		case "slow":
			return fault{times: times, arrives: soon.Draw(t, "arrives"), answers: soon.Draw(t, "answers"), cut: never}
		case "refused":
			return fault{times: times, arrives: soon.Draw(t, "arrives"), refused: errAway, cut: never}
		case "refused for good":
			return fault{times: times, arrives: soon.Draw(t, "arrives"), refused: counter.ErrType, cut: never}
		case "answer lost":
			return fault{times: times, answers: never, cut: soon.Draw(t, "cut")}
		case "answer hangs":
			return fault{times: times, answers: never, cut: never}
		case "request lost":
			return fault{times: times, arrives: never, cut: soon.Draw(t, "cut")}
		case "request hangs":
			return fault{times: times, arrives: never, cut: never}
		case "late":
			return fault{times: times, arrives: late.Draw(t, "arrives"), answers: never, cut: never}
		default:
			return fault{times: times, arrives: late.Draw(t, "arrives"), answers: never, cut: soon.Draw(t, "cut")}
		}
	})
}
