package redistest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// errMute reports that a server is known not to answer.
var errMute = errors.New("the server is killed or stopped")

// ask sends the server a command and returns its reply.
func (s *Server) ask(ctx context.Context, args ...any) *redis.Cmd {
	if s.mute() {
		cmd := redis.NewCmd(ctx, args...)
		cmd.SetErr(errMute)
		return cmd
	}
	if s.asking == nil {
		s.asking = redis.NewClient(&redis.Options{
			Addr: s.Addr(), Protocol: 2, DisableIdentity: true, MaxRetries: -1, PoolSize: 1,
			DialTimeout: time.Second, DialerRetries: 1, ReadTimeout: 5 * time.Second, PipelinePoolSize: -1,
			MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		})
		s.tb.Cleanup(func() { _ = s.asking.Close() }) // nothing depends on it
	}
	return s.asking.Do(ctx, args...)
}

// mute reports whether the server can't answer, so that nobody need wait for it.
func (s *Server) mute() bool {
	select {
	case <-s.process.ended:
		return true
	default:
		return s.stopped
	}
}

// replication returns the fields of INFO replication.
func (s *Server) replication(ctx context.Context) (map[string]string, error) {
	text, err := s.ask(ctx, "info", "replication").Text()
	return fields(text), err
}

// fields returns the values of lines of the form name:value.
func fields(text string) map[string]string {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":"); ok {
			values[name] = value
		}
	}
	return values
}

// await calls until it returns no error, and fails the test if that takes longer than patience.
func await(tb testing.TB, what string, try func(ctx context.Context) error) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		err := try(ctx)
		if err == nil {
			return
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			tb.Fatalf("redistest: %s: %v", what, last)
		}
	}
}
