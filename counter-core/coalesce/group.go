package coalesce

import "context"

// group is additions that go to the store as one.
type group struct {
	// ends has, for each caller that waits, the sum of the additions up to and
	// with its own. It does not change once the group is on the way.
	ends      []int64
	gone      []int // the callers, by index, that wait no more
	anonymous int64 // what nobody ever waited for; has its numbers before the callers'

	done  chan struct{} // closed once what follows is set
	total int64         // the counter's value after the group
	err   error
	parts [2]*group // nil, or what the group was split into
}

func newGroup() *group { return &group{done: make(chan struct{})} }

// waited is what the callers that wait have added.
func (g *group) waited() int64 {
	if len(g.ends) == 0 {
		return 0
	}
	return g.ends[len(g.ends)-1]
}

func (g *group) delta() int64 { return g.waited() + g.anonymous }

// join adds delta for a caller that waits.
func (g *group) join(delta int64) place {
	end := g.waited() + delta
	g.ends = append(g.ends, end)
	return place{group: g, index: len(g.ends) - 1, end: end}
}

// unheard is what nobody waits for who could be told of an error.
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

// finish tells the callers.
func (g *group) finish(total int64, err error) {
	g.total, g.err = total, err
	close(g.done)
}

// split hands over to two groups: what nobody waits for and the callers, or half
// of the callers each. It returns false where there is nothing to split. Others
// may join the right group.
func (g *group) split() bool {
	left, right := newGroup(), newGroup()
	half := 0
	switch {
	case g.anonymous > 0 && len(g.ends) > 0:
		left.anonymous = g.anonymous
	case len(g.ends) > 1:
		half = len(g.ends) / 2
	default:
		return false
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
	g.parts = [2]*group{left, right}
	close(g.done)
	return true
}

// place is where a caller's addition stands in its group.
type place struct {
	group *group
	index int
	end   int64
}

// wait returns the number of the addition, or why it has none. If the context
// ends before, known is false.
func (p *place) wait(ctx context.Context) (number int64, known bool, err error) {
	for {
		select {
		case <-p.group.done:
		case <-ctx.Done():
			return p.look()
		}
		if number, known, err = p.look(); known {
			return number, true, err
		}
	}
}

// look is wait for one who can't wait. It leaves the place in the group that
// there is to wait for.
func (p *place) look() (number int64, known bool, err error) {
	for {
		select {
		case <-p.group.done:
		default:
			return 0, false, nil
		}
		left, right := p.group.parts[0], p.group.parts[1]
		switch {
		case left == nil && p.group.err != nil:
			return 0, true, p.group.err
		case left == nil:
			return p.group.total - p.group.waited() + p.end, true, nil
		case p.index < len(left.ends):
			p.group = left
		default:
			*p = place{right, p.index - len(left.ends), p.end - left.waited()}
		}
	}
}

// leave says that nobody waits at the place any more.
func (p *place) leave() { p.group.gone = append(p.group.gone, p.index) }
