package admin_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
)

// connection is an answer with the deadlines of its connection.
type connection struct {
	*httptest.ResponseRecorder

	mu          sync.Mutex // importers put off the deadlines at once, as a net.Conn lets them
	read, write time.Time
}

func (c *connection) SetReadDeadline(deadline time.Time) error  { return c.set(&c.read, deadline) }
func (c *connection) SetWriteDeadline(deadline time.Time) error { return c.set(&c.write, deadline) }

func (c *connection) set(field *time.Time, deadline time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	*field = deadline
	return nil
}

// trickle sends a line each second until one comes too late for the connection.
type trickle struct {
	*connection
	lines []string
}

func (s *trickle) Read(p []byte) (int, error) {
	time.Sleep(time.Second)
	switch {
	case time.Now().After(s.read):
		return 0, io.ErrUnexpectedEOF
	case len(s.lines) == 0:
		return 0, io.EOF
	}
	line := s.lines[0]
	s.lines = s.lines[1:]
	return copy(p, line), nil
}

// Lines of which nothing is imported put off the deadlines as others do.
func TestImportOfNothingSlowly(t *testing.T) {
	for name, line := range map[string]string{"refused": "other,1\n", "empty": "\n", "too long": strings.Repeat("a", 4000)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newFilled(t, nil)
				c := &connection{ResponseRecorder: httptest.NewRecorder()}
				lines := []string{"name,value\n"}
				for range 60 {
					lines = append(lines, line)
				}
				r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://example.com/admin/api/import",
					&trickle{c, append(lines, "\nviews:/a,1\n")})
				r.Header.Set("Content-Type", csvType)
				s.ServeHTTP(c, r)
				s.wantValue(t, "views:/a", 1)
				if time.Now().After(c.write) {
					t.Errorf("the answer comes too late: %s", c.Body)
				}
			})
		})
	}
}

// away is a store that hangs, and keeps what is added.
type away struct{ counter.Store }

func (away) Add(ctx context.Context, _ string, _ int64) (int64, error) {
	<-ctx.Done()
	return 0, &counter.PendingError{Err: ctx.Err()}
}

// Additions that a store keeps while it hangs are not waited for one by one, and the
// report of them arrives.
func TestImportIntoAStoreThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, away{countermemory.New()})
		var body strings.Builder
		body.WriteString("name,value\n")
		for n := range 1000 {
			fmt.Fprintf(&body, "views:/%d,1\n", n)
		}
		c := &connection{ResponseRecorder: httptest.NewRecorder()}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://example.com/admin/api/import?mode=add",
			strings.NewReader(body.String()))
		r.Header.Set("Content-Type", csvType)
		start := time.Now()
		s.ServeHTTP(c, r)
		if !strings.Contains(c.Body.String(), `"pending":1000`) {
			t.Errorf("%d %s", c.Code, c.Body)
		}
		if took := time.Since(start); took > 20*time.Second || time.Now().After(c.write) {
			t.Errorf("it took %s", took)
		}
	})
}
