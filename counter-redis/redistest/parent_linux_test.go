package redistest

import (
	"bufio"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// orphanEnv makes this test the parent that is to be killed.
const orphanEnv = "REDISTEST_ORPHAN"

func TestServerEndsWithTestBinary(t *testing.T) {
	if os.Getenv(orphanEnv) != "" {
		server := Start(t)
		if _, err := os.Stdout.WriteString(orphanEnv + " " + server.Addr() + "\n"); err != nil {
			t.Fatal(err)
		}
		select {} // until it is killed
	}

	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), binary, "-test.run=^TestServerEndsWithTestBinary$")
	// It is killed before it can remove its folder: give it one that this test removes.
	cmd.Env = append(os.Environ(), orphanEnv+"=1", "TMPDIR="+t.TempDir())
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // that it was killed
	}
	t.Cleanup(kill)
	var addr string
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if said, ok := strings.CutPrefix(lines.Text(), orphanEnv+" "); ok {
			addr = said
			break
		}
	}
	if addr == "" {
		t.Fatal("the parent started no server")
	}

	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	kill()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	// Nothing but the end of the server ends the connection.
	if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read of a connection to an orphan: %v; want its end", err)
	}
}
