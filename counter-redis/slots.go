package counterredis

import (
	"context"
	"net"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// slotsHook reads replies to CLUSTER SLOTS that go-redis can't. In them, a node's host may
// be null, which means the host of the node that was asked (cluster-preferred-endpoint-type
// unknown-endpoint), or "?" (type hostname, if the node has none).
//
// https://redis.io/docs/latest/commands/cluster-slots/
type slotsHook struct{ node *redis.Client }

// ProcessHook implements [redis.Hook].
func (h slotsHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		slots, ok := cmd.(*redis.ClusterSlotsCmd)
		if ok && err == nil {
			nameByIP(slots.Val())
		}
		if !ok || !missing(err) {
			return err
		}
		reply, err := h.node.Do(ctx, "cluster", "slots").Slice()
		if err != nil {
			return err
		}
		host, _, err := net.SplitHostPort(h.node.Options().Addr)
		if err != nil {
			return err
		}
		var read []redis.ClusterSlot
		for _, part := range reply {
			if slot, ok := readSlot(part, host); ok {
				read = append(read, slot)
			}
		}
		slots.SetVal(read)
		slots.SetErr(nil)
		return nil
	}
}

// nameByIP replaces the "?" of a node without a hostname with its IP address, which the reply
// also has.
func nameByIP(slots []redis.ClusterSlot) {
	for _, slot := range slots {
		for i, node := range slot.Nodes {
			if port, ok := strings.CutPrefix(node.Addr, "?:"); ok && node.NetworkingMetadata["ip"] != "" {
				slot.Nodes[i].Addr = net.JoinHostPort(node.NetworkingMetadata["ip"], port)
			}
		}
	}
}

// readSlot reads one range of slots: its first and last, and then its nodes.
func readSlot(reply any, asked string) (slot redis.ClusterSlot, ok bool) {
	fields, _ := reply.([]any)
	if len(fields) < 3 {
		return slot, false
	}
	start, ok := fields[0].(int64)
	end, ok2 := fields[1].(int64)
	if !ok || !ok2 {
		return slot, false
	}
	slot = redis.ClusterSlot{Start: int(start), End: int(end)}
	for _, field := range fields[2:] {
		node, _ := field.([]any)
		if len(node) < 2 {
			return slot, false
		}
		host, _ := node[0].(string)
		port, ok := node[1].(int64)
		if !ok {
			return slot, false
		}
		if host == "" {
			host = asked
		}
		slot.Nodes = append(slot.Nodes, redis.ClusterNode{Addr: net.JoinHostPort(host, strconv.FormatInt(port, 10))})
	}
	return slot, true
}

// DialHook implements [redis.Hook].
func (slotsHook) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessPipelineHook implements [redis.Hook].
func (slotsHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
