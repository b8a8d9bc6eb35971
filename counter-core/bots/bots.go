// Package bots recognises bots by their User-Agent: crawlers, link previews, monitors,
// scanners, feed readers, and other programs that no person is using.
//
// It knows the bots in the data package crawler-user-agents, and the health checkers of
// hosts and load balancers. Two kinds of program in that package are not bots here:
// programs that a person runs by hand, such as curl or a language's HTTP library, and
// proxies that fetch an image because somebody looks at it, such as GitHub's.
//
// A User-Agent proves nothing. A program that calls itself a browser is taken for one.
package bots

import (
	"regexp"
	"strings"
	"sync"
)

// maxLen is how many bytes of a User-Agent are examined. The longest listed one has 285.
const maxLen = 1024

// Is reports whether the User-Agent is a bot's. An empty one is not. Only the first 1024
// bytes are examined. After the first call it allocates nothing. It is safe for concurrent
// use.
func Is(userAgent string) bool { return table().match(userAgent) }

var table = sync.OnceValue(func() *automaton { return newAutomaton(needles()) }) //nolint:gochecknoglobals // made at first use, not at import

// needle is a text to look for. In the literal, a ^ at the beginning stands for the
// beginning of the User-Agent, and a $ at the end for its end.
type needle struct {
	literal string
	pattern string // a regular expression that the User-Agent must also match; or empty
}

// prefixLen is how many bytes of a needle the automaton looks for. Few texts contain that
// much without the rest, and the table is a fifth of the size that whole needles need.
const prefixLen = 4

// automaton finds the prefixes of all needles in one pass (Aho and Corasick, "Efficient
// string matching", 1975). Where one ends, the needles that begin so are compared.
type automaton struct {
	class [256]uint8    // of each byte, the frequent ones in few lines of the cache; 0 for those in no prefix
	begin uint16        // the state at the beginning of a text
	next  []row         // by state
	ends  [][]candidate // by state
}

// row has the next state by class, with the flag if a prefix ends in it.
type row [128]uint16

const flag = 1 << 15

// candidate is a needle whose prefix was found.
type candidate struct {
	rest    string         // what follows in the needle
	toEnd   bool           // the text ends there
	pattern *regexp.Regexp // nil if there is none
	bit     uint8          // of the pattern, in what was tried
}

// newAutomaton takes no more than 8 patterns, and prefixes of no more than 127 different
// bytes and 32,767 in all.
func newAutomaton(needles []needle) *automaton {
	a := &automaton{next: make([]row, 1), ends: make([][]candidate, 1)}
	classes, states := uint8(0), uint16(0) // the last of each
	for i := range len(frequent) {
		classes++
		a.class[frequent[i]] = classes
	}
	patterns := 0
	for _, n := range needles {
		literal, toEnd := strings.CutSuffix(n.literal, "$")
		c := candidate{rest: literal[min(len(literal), prefixLen):], toEnd: toEnd}
		if n.pattern != "" {
			c.pattern, c.bit = regexp.MustCompile(n.pattern), 1<<patterns
			patterns++
		}
		// At first the rows are a tree, in which 0 stands for no branch.
		state := uint16(0)
		for i := range len(literal) - len(c.rest) {
			class := &a.class[literal[i]]
			if *class == 0 {
				classes++
				*class = classes
			}
			branch := &a.next[state][*class]
			if *branch == 0 {
				states++
				*branch, state = states, states
				a.next, a.ends = append(a.next, row{}), append(a.ends, nil)
			} else {
				state = *branch
			}
		}
		a.ends[state] = append(a.ends[state], c)
	}
	a.link()
	a.begin = a.next[0][a.class['^']]
	a.class['^'] = 0 // in a text it is a byte like any other
	return a
}

// frequent are the bytes that browsers' agents have most of.
const frequent = " /.0123456789;()eoilanktrMsAKWHcpbS"

// link makes the tree a table: where a state has no branch, it goes on as the state of its
// longest proper suffix does, and what ends in that state ends in both. The states are
// done in the order of their depth, suffixes first.
func (a *automaton) link() {
	suffixes := make([]uint16, len(a.next))
	queue := []uint16{0}
	for len(queue) > 0 {
		state := queue[0]
		queue = queue[1:]
		for class := range a.next[state] {
			branch, onward := &a.next[state][class], uint16(0)
			if state != 0 {
				onward = a.next[suffixes[state]][class]
			}
			child := *branch
			if child == 0 {
				*branch = onward
				continue
			}
			suffixes[child] = onward &^ flag
			a.ends[child] = append(a.ends[child], a.ends[onward&^flag]...)
			if len(a.ends[child]) > 0 {
				*branch |= flag
			}
			queue = append(queue, child)
		}
	}
}

// match reports whether a needle is in the text.
func (a *automaton) match(text string) bool {
	whole := text
	text = text[:min(len(text), maxLen)]
	state, tried := a.begin, uint8(0)
	for i := range len(text) {
		state = a.next[state][a.class[text[i]]&127]
		if state&flag == 0 {
			continue
		}
		state &^= flag
		for _, c := range a.ends[state] {
			if !strings.HasPrefix(text[i+1:], c.rest) || c.toEnd && i+1+len(c.rest) != len(whole) || tried&c.bit != 0 {
				continue
			}
			if c.pattern == nil || c.pattern.MatchString(text) {
				return true
			}
			tried |= c.bit // once is enough
		}
	}
	return false
}
