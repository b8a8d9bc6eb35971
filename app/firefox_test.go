package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// firefox is a Firefox without a window, driven by its own protocol, Marionette:
// https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html.
type firefox struct {
	conn   net.Conn
	reader *bufio.Reader
	mu     sync.Mutex
	id     int
}

// startFirefox starts a Firefox that ends with the test. The hosts resolve to this machine.
func startFirefox(t *testing.T, hosts ...string) *firefox {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), browserTimeout)
	t.Cleanup(cancel)
	profile := t.TempDir()
	preferences := fmt.Sprintf(`user_pref("marionette.port", 0);
user_pref("network.dns.localDomains", %q);
user_pref("dom.security.https_first", false);
user_pref("intl.accept_languages", "en-US");
user_pref("browser.startup.page", 0);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("browser.aboutwelcome.enabled", false);
`, strings.Join(hosts, ","))
	if err := os.WriteFile(filepath.Join(profile, "user.js"), []byte(preferences), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, findProgram(t, "firefox-esr", "firefox-esr", "firefox"), "--headless", "--no-remote", "--profile", profile, "--marionette")
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir()) // it keeps more than its profile
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second // for its children, which hold the pipe
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address, exited := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(exited)
		for lines := bufio.NewScanner(output); lines.Scan(); {
			if _, port, ok := strings.Cut(lines.Text(), "Marionette\tINFO\tListening on port "); ok {
				address <- net.JoinHostPort("127.0.0.1", port)
			}
		}
		_ = cmd.Wait() // killed, as a rule
	}()
	t.Cleanup(func() { // before the profile is removed
		cancel()
		<-exited
	})
	f := &firefox{}
	select {
	case to := <-address:
		f.conn, err = new(net.Dialer).DialContext(ctx, "tcp", to)
	case <-exited:
		t.Fatal("Firefox ended before it could be driven")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.conn.Close() })
	context.AfterFunc(ctx, func() { _ = f.conn.Close() })
	f.reader = bufio.NewReader(f.conn)
	if _, err := f.receive(); err != nil { // its greeting
		t.Fatal(err)
	}
	if _, err := f.call("WebDriver:NewSession", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
		"timeouts": map[string]any{"script": browserTimeout.Milliseconds(), "pageLoad": browserTimeout.Milliseconds()},
	}}}); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *firefox) open(url string) error {
	_, err := f.call("WebDriver:Navigate", map[string]any{"url": url})
	return err
}

func (f *firefox) evaluate(expression string) (json.RawMessage, error) {
	result, err := f.call("WebDriver:ExecuteScript", map[string]any{
		"script": "return window.eval(arguments[0])", "args": []any{expression}, // as the page's own scripts
	})
	if err != nil {
		return nil, err
	}
	var of struct{ Value json.RawMessage }
	err = json.Unmarshal(result, &of)
	return of.Value, err
}

// call has Firefox obey a command.
func (f *firefox) call(command string, parameters map[string]any) (json.RawMessage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.id++
	message, err := json.Marshal([]any{0, f.id, command, parameters})
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(f.conn, "%d:%s", len(message), message); err != nil {
		return nil, err
	}
	answer, err := f.receive()
	if err != nil {
		return nil, err
	}
	var kind, id int
	var fault *struct{ Error, Message string }
	var result json.RawMessage
	if err := json.Unmarshal(answer, &[]any{&kind, &id, &fault, &result}); err != nil || id != f.id {
		return nil, fmt.Errorf("call %d is answered with %s: %w", f.id, answer, err)
	}
	if fault != nil {
		return nil, fmt.Errorf("%s: %s: %s", command, fault.Error, fault.Message)
	}
	return result, nil
}

// receive reads one message, which stands behind its length and a colon.
func (f *firefox) receive() ([]byte, error) {
	prefix, err := f.reader.ReadString(':')
	if err != nil {
		return nil, err
	}
	length, err := strconv.Atoi(strings.TrimSuffix(prefix, ":"))
	if err != nil {
		return nil, err
	}
	message := make([]byte, length)
	_, err = io.ReadFull(f.reader, message)
	return message, err
}
