package redistest

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// member is a node of a Cluster as another, or itself, describes it.
type member struct {
	id        string
	flags     []string
	primary   string // the id of its primary, or "-" if it is one itself
	epoch     int64
	connected bool
	ranges    []string // of slots: 5, 7-9
}

// members returns the nodes as this one describes them.
func (n *Node) members(ctx context.Context) ([]member, error) {
	text, err := n.ask(ctx, "cluster", "nodes").Text()
	if err != nil {
		return nil, err
	}
	var members []member
	for line := range strings.Lines(text) {
		// id address flags primary ping pong epoch link slots…
		words := strings.Fields(line)
		if len(words) < 8 {
			return nil, fmt.Errorf("CLUSTER NODES: %q", line)
		}
		epoch, err := strconv.ParseInt(words[6], 10, 64)
		if err != nil {
			return nil, err
		}
		members = append(members, member{
			id: words[0], flags: strings.Split(words[2], ","), primary: words[3],
			epoch: epoch, connected: words[7] == "connected", ranges: words[8:],
		})
	}
	return members, nil
}

func (m member) is(flag string) bool { return slices.Contains(m.flags, flag) }

// slots yields the slots that the member serves, without those that are moving.
func (m member) slots() iter.Seq[int] {
	return func(yield func(int) bool) {
		for _, text := range m.ranges {
			from, to, ok := strings.Cut(text, "-")
			if !ok {
				to = from
			}
			first, err := strconv.Atoi(from)
			last, err2 := strconv.Atoi(to)
			if err != nil || err2 != nil {
				continue
			}
			for slot := first; slot <= last; slot++ {
				if !yield(slot) {
					return
				}
			}
		}
	}
}

// roles returns which slots or which primary each member serves. It is an error if a member is
// missing, down, or serves neither.
func (c *Cluster) roles(members []member) (string, error) {
	if len(members) != len(c.nodes) {
		return "", fmt.Errorf("it knows %d nodes; want %d", len(members), len(c.nodes))
	}
	var roles []string
	for _, m := range members {
		healthy := m.connected && !slices.ContainsFunc(m.flags, func(flag string) bool {
			return flag != "myself" && flag != "master" && flag != "slave"
		})
		if !healthy || m.is("master") == (len(m.ranges) == 0) {
			return "", fmt.Errorf("a node is %v", m)
		}
		roles = append(roles, fmt.Sprint(m.id, m.primary, m.ranges))
	}
	slices.Sort(roles)
	return strings.Join(roles, "\n"), nil
}
