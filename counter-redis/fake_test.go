package counterredis_test

import (
	"bufio"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// listen serves each connection to a new address with handle, until the test ends.
func listen(t *testing.T, handle func(net.Conn)) (addr string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				handle(conn)
			}()
		}
	}()
	return listener.Addr().String()
}

// answer serves a Redis that knows no HELLO and answers each other command with
// the reply, for what a real server says too rarely. It counts the commands answered.
func answer(t *testing.T, reply string) (addr string, answered *atomic.Int64) {
	t.Helper()
	answered = new(atomic.Int64)
	addr = answerWith(t, func(words []string) string {
		if words[0] == "hello" {
			return "-ERR unknown command `hello`, with args beginning with: `2`, `auth`, "
		}
		answered.Add(1)
		return reply
	})
	return addr, answered
}

const (
	hangUp  = "hang up" // in place of a reply
	silence = "silence" // the same, but the connection stays
)

// answerWith serves a Redis whose reply to a command is that of the function, which gets
// its words, the first in lower case.
func answerWith(t *testing.T, reply func(words []string) string) (addr string) {
	t.Helper()
	return listen(t, func(conn net.Conn) {
		commands := bufio.NewReader(conn)
		for {
			words, err := readCommand(commands)
			if err != nil {
				return
			}
			switch text := reply(words); text {
			case hangUp:
				return
			case silence:
			default:
				if _, err := io.WriteString(conn, text+"\r\n"); err != nil {
					return
				}
			}
		}
	})
}

// readCommand returns the words of the next command a client sent.
func readCommand(r *bufio.Reader) (words []string, err error) {
	header, err := r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(header, "*")))
	if err != nil {
		return nil, err
	}
	for range n { // $length and word for each
		header, err := r.ReadString('\n')
		if err != nil {
			return nil, err
		}
		length, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(header, "$")))
		if err != nil {
			return nil, err
		}
		word := make([]byte, length+2)
		if _, err := io.ReadFull(r, word); err != nil {
			return nil, err
		}
		words = append(words, string(word[:length]))
	}
	if n == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	words[0] = strings.ToLower(words[0])
	return words, nil
}
