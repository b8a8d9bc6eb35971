package coalesce

import (
	"time"

	counter "example.com/herokuapp/counter-core"
)

// group is additions to one counter that go to the store as one batch. It waits in the queue of
// its tally, is sent, perhaps several times, and is finished: counted, refused, or split in two.
// The store's lock guards it, except for what the callers read once done is closed.
type group struct {
	tally  *tally
	writer *writer
	hour   counter.Hour // of the additions

	// ends has, for each caller that waits, the sum of the additions up to and including its
	// own. Once the group is in flight, only expire changes it.
	ends []int64
	one  [1]int64 // the memory of ends as long as there is one caller
	// gone has the callers, by index, that wait no longer.
	gone []int
	// anonymous is the additions that no caller waits for. Their numbers come before
	// those of the callers.
	anonymous int64

	// expires is when the callers are told that they are pending. The first of them sets it,
	// when the group joins the store's waiting.
	expires    time.Time
	prev, next *group // in waiting

	// While the group is in flight:

	batch    counter.Batch
	sentAt   time.Time // when it was sent last
	failures int       // how many calls with it have failed
	cause    error     // why the last one failed
	doubt    time.Time // since when it may have been counted; zero if it was not
	retryAt  time.Time // when it is due again; set once it has failed

	// What becomes of the callers is set once: told says that it is.

	told   bool
	done   chan struct{} // closed when told; nil as long as nobody waits for it
	before int64         // the counter's value before the callers' additions
	err    error         // why they have no number
	split  *split        // where they wait from then on; nil if they need not
}

// split is what a group was split into.
type split struct {
	left, right *group
	callers     int   // how many of them, the first ones, went left
	base        int64 // what these have added
}

// waited returns the sum of the additions of callers that wait.
func (g *group) waited() int64 {
	if len(g.ends) == 0 {
		return 0
	}
	return g.ends[len(g.ends)-1]
}

func (g *group) delta() int64 { return g.waited() + g.anonymous }

// join adds delta for a caller that waits.
func (g *group) join(delta int64) place {
	if g.ends == nil {
		g.ends = g.one[:0]
	}
	end := g.waited() + delta
	g.ends = append(g.ends, end)
	return place{group: g, index: len(g.ends) - 1, end: end}
}

// unheard returns the sum of the additions that no caller waits for. If they are refused, no caller
// can be told.
func (g *group) unheard() int64 {
	sum := g.anonymous
	for _, i := range g.gone {
		sum += g.ends[i]
		if i > 0 {
			sum -= g.ends[i-1]
		}
	}
	return sum
}

// doneChan returns the channel that closes when the callers are told.
func (g *group) doneChan() <-chan struct{} {
	if g.done == nil {
		g.done = make(chan struct{})
		if g.told {
			close(g.done)
		}
	}
	return g.done
}

// tell wakes the callers, all at once.
func (g *group) tell() {
	g.told = true
	if g.done != nil {
		close(g.done)
	}
}

// finish tells the callers their numbers, which end with total, or the error.
func (g *group) finish(total int64, err error) {
	if !g.told {
		g.before, g.err = total-g.waited(), err
		g.tell()
	}
}

// expire tells the callers that they are pending. Their additions stay.
func (g *group) expire(pending error) {
	g.anonymous, g.ends, g.gone = g.delta(), nil, nil
	g.err = pending
	g.tell()
}

// part returns a group for a part of what g has.
func (g *group) part() *group {
	return &group{tally: g.tally, writer: g.writer, hour: g.hour, expires: g.expires}
}

// halve splits the group in two: what nobody waits for and the callers, or else half of the callers
// each. It returns nil if there is nothing to split. More callers may join the right group.
func (g *group) halve() *split {
	left, right := g.part(), g.part()
	half := 0
	switch {
	case g.anonymous > 0 && len(g.ends) > 0:
		left.anonymous = g.anonymous
	case len(g.ends) > 1:
		half = len(g.ends) / 2
	default:
		return nil
	}
	left.ends = g.ends[:half:half]
	base := left.waited()
	for _, end := range g.ends[half:] {
		right.ends = append(right.ends, end-base)
	}
	for _, i := range g.gone {
		if i < half {
			left.gone = append(left.gone, i)
		} else {
			right.gone = append(right.gone, i-half)
		}
	}
	left.doneChan()
	right.doneChan()
	g.split = &split{left: left, right: right, callers: half, base: base}
	g.tell()
	return g.split
}

// place is where a caller's addition stands in its group.
type place struct {
	group *group
	index int
	end   int64
}

// wait returns the number of the addition, or the error if it has none. If ended closes first, known
// is false. It needs no lock.
func (p *place) wait(done, ended <-chan struct{}) (number int64, known bool, err error) {
	for {
		if ended == nil { // cheaper than a select
			<-done
		} else {
			select {
			case <-done:
			case <-ended:
				return 0, false, nil
			}
		}
		if number, known, err = p.step(); known {
			return number, true, err
		}
		done = p.group.done
	}
}

// look is wait without waiting, for callers that hold the lock.
func (p *place) look() (number int64, known bool, err error) {
	for p.group.told && !known {
		number, known, err = p.step()
	}
	return number, known, err
}

// step returns what the callers of the group were told. If the group was split, it
// moves the place instead.
func (p *place) step() (number int64, known bool, err error) {
	switch g := p.group; {
	case g.split == nil && g.err != nil:
		return 0, true, g.err
	case g.split == nil:
		return g.before + p.end, true, nil
	case p.index < g.split.callers:
		p.group = g.split.left
	default:
		*p = place{g.split.right, p.index - g.split.callers, p.end - g.split.base}
	}
	return 0, false, nil
}

// leave says that nobody waits at the place any more.
func (p *place) leave() { p.group.gone = append(p.group.gone, p.index) }
