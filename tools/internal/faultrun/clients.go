//go:build unix

package faultrun

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"time"
)

const (
	// pageTimeout limits the time of a page. It is far more than the app needs.
	pageTimeout = time.Minute
	// stay is how many pages a client opens, on average, before it moves to another process.
	stay = 100
	// pendingPause is how long a client waits after a page without a number, so that an
	// outage does not use up all the views of a run.
	pendingPause = 100 * time.Millisecond
)

// client opens a surface again and again.
//
// It does not use http.Client, which asks again, and so opens a page twice, if a reused connection
// ends without an answer.
type client struct {
	fleet   *Fleet
	surface int // its index in the run
	ledger  *ledger
	random  *rand.Rand
	every   time.Duration // from one page to the next; 0 means as fast as it can

	life   *life // it is connected to; may be nil
	conn   net.Conn
	reader *bufio.Reader
}

// run opens pages until the context ends. It waits for the last one.
func (c *client) run(ctx context.Context) {
	defer c.leave()
	next := time.Now().Add(time.Duration(c.random.Float64() * float64(c.every)))
	for ctx.Err() == nil {
		if c.every > 0 {
			pause(ctx, time.Until(next))
			next = later(time.Now(), next.Add(c.every)) // don't hurry after an outage
		}
		if c.life == nil && !c.arrive(ctx) {
			pause(ctx, time.Millisecond)
			continue
		}
		if got := c.open(); got.status == viewPending {
			pause(ctx, pendingPause)
		}
		if c.random.IntN(stay) == 0 {
			c.leave()
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// arrive connects to one of the processes. It returns false if that process can't be reached.
func (c *client) arrive(ctx context.Context) bool {
	life := c.fleet.pick(c.random)
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", life.address)
	if err != nil {
		return false
	}
	c.life, c.conn, c.reader = life, conn, bufio.NewReader(conn)
	return true
}

func (c *client) leave() {
	if c.life != nil {
		_ = c.conn.Close() // nothing is in flight
		c.life = nil
	}
}

// open opens the page once and records the outcome. It opens nothing if the process was emptied.
func (c *client) open() answer {
	c.fleet.gate.RLock()
	defer c.fleet.gate.RUnlock()
	life := c.life
	if life.emptied {
		c.leave()
		return answer{}
	}
	visits := &life.visits[c.surface]
	before := visits.pending.Load()
	c.ledger.opened.Add(1)
	begin := time.Now()
	got, err := c.ask()
	c.ledger.worst.raise(int64(time.Since(begin)))
	if err != nil {
		visits.unanswered.Add(1)
		c.leave()
		return answer{}
	}
	if got.last {
		c.leave()
	}
	switch got.status {
	case viewCounted:
		visits.counted.Add(1)
		visits.included.raise(before)
		if got.number > 0 {
			got.number += life.before[c.surface]
		}
		c.ledger.show(got.number, life.number, c.fleet.clock())
	case viewPending:
		visits.pending.Add(1)
	case viewUnknown:
		visits.unknown.Add(1)
	default:
		visits.refused.Add(1)
	}
	return got
}

// The values of the header View-Status of an answer whose view is counted, or may be.
const (
	viewCounted = "counted"
	viewPending = "pending"
	viewUnknown = "unknown"
)

// answer is what a visitor was told.
type answer struct {
	status string // the header View-Status
	number int64  // of the view, if it was counted; zero if it can't be read
	last   bool   // the connection ends with it
}

// ask sends the request and reads the answer.
func (c *client) ask() (answer, error) {
	if err := c.conn.SetDeadline(time.Now().Add(pageTimeout)); err != nil {
		return answer{}, err
	}
	surface := &c.fleet.surfaces[c.surface]
	if _, err := fmt.Fprintf(c.conn, "%s %s HTTP/1.1\r\nHost: counter\r\n\r\n", surface.method, surface.path); err != nil {
		return answer{}, err
	}
	response, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	got := answer{status: response.Header.Get("View-Status"), last: response.Close}
	if got.status == viewCounted {
		if got.number, err = surface.read(body); err != nil || response.StatusCode != http.StatusOK {
			got.number = 0 // which the ledger reports as absurd
		}
	}
	return got, nil
}

// pause returns when that time has passed, or the context has ended.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
