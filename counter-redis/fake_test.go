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
	addr = listen(t, func(conn net.Conn) {
		commands := bufio.NewReader(conn)
		for {
			verb, err := readCommand(commands)
			if err != nil {
				return
			}
			text := "-ERR unknown command `hello`, with args beginning with: `2`, `auth`, \r\n"
			if verb != "hello" {
				answered.Add(1)
				text = reply + "\r\n"
			}
			if _, err := io.WriteString(conn, text); err != nil {
				return
			}
		}
	})
	return addr, answered
}

// readCommand returns the first word of the next command a client sent.
func readCommand(r *bufio.Reader) (string, error) {
	var verb string
	lines := 1
	for i := 0; i < lines; i++ { // *words, then $length and word for each
		line, err := r.ReadString('\n')
		if err != nil {
			return "", err
		}
		line = strings.TrimSpace(line)
		switch i {
		case 0:
			words, err := strconv.Atoi(strings.TrimPrefix(line, "*"))
			if err != nil {
				return "", err
			}
			lines += 2 * words
		case 2:
			verb = strings.ToLower(line)
		}
	}
	return verb, nil
}
