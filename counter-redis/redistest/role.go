package redistest

import "strings"

// role is that of who has opened a connection through a [Proxy].
type role int

const (
	roleClient   role = iota
	roleReplica       // of the server behind the proxy
	roleListener      // is told what happens, or is a sentinel
)

// roleOf returns the role of who gives the command.
func roleOf(command []byte) role {
	switch word(command, 0) {
	case "REPLCONF", "PSYNC", "SYNC":
		return roleReplica
	case "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "MONITOR":
		return roleListener
	case "CLIENT": // the first command of a sentinel
		if word(command, 1) == "SETNAME" && strings.HasPrefix(word(command, 2), "SENTINEL-") {
			return roleListener
		}
	}
	return roleClient
}

// getsIn says that the command is one with which a client gets in.
func getsIn(command []byte) bool {
	switch word(command, 0) {
	case "HELLO", "AUTH", "SELECT", "CLIENT":
		return true
	}
	return false
}
