//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"time"
)

const (
	// pageTimeout is how long a page may take: far more than the app needs.
	pageTimeout = time.Minute
	// stay is how many pages a client opens, on average, before it goes on to
	// another process.
	stay = 100
	// pendingPause is how long a client waits that got no number: an outage is not
	// to take up all the views of a run.
	pendingPause = 100 * time.Millisecond
)

// client opens the page again and again.
//
// It does not use http.Client, which opens a page twice when a connection that was
// open before ends without an answer.
type client struct {
	fleet  *fleet
	ledger *ledger
	random *rand.Rand

	life   *life // it is connected to; nil: none
	conn   net.Conn
	reader *bufio.Reader
}

// run opens pages until the context ends. The last is waited for.
func (c *client) run(ctx context.Context) {
	defer c.leave()
	for ctx.Err() == nil {
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

// arrive connects to one of the processes, and returns false if it is not there.
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
		_ = c.conn.Close() // nothing is on its way
		c.life = nil
	}
}

// open opens the page once and notes what comes of it.
func (c *client) open() answer {
	life := c.life
	before := life.visits.pending.Load()
	c.ledger.opened.Add(1)
	begin := time.Now()
	got, err := c.ask()
	c.ledger.worst.raise(int64(time.Since(begin)))
	if err != nil {
		life.visits.unanswered.Add(1)
		c.leave()
		return answer{}
	}
	if got.last {
		c.leave()
	}
	switch got.status {
	case viewCounted:
		life.visits.counted.Add(1)
		life.visits.included.raise(before)
		c.ledger.show(got.number, life.number, c.fleet.clock())
	case viewPending:
		life.visits.pending.Add(1)
	case viewUnknown:
		life.visits.unknown.Add(1)
	default:
		life.visits.refused.Add(1)
	}
	return got
}

// The values of the header View-Status of an answer that counts a view, or may.
const (
	viewCounted = "counted"
	viewPending = "pending"
	viewUnknown = "unknown"
)

// answer is what a visitor was told.
type answer struct {
	status string // the header View-Status
	number int64  // of the view, if it was counted; zero: none that can be read
	last   bool   // the connection ends with it
}

// ask sends the request and reads the answer.
func (c *client) ask() (answer, error) {
	if err := c.conn.SetDeadline(time.Now().Add(pageTimeout)); err != nil {
		return answer{}, err
	}
	if _, err := io.WriteString(c.conn, "GET / HTTP/1.1\r\nHost: counter\r\n\r\n"); err != nil {
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
		if got.number, err = readNumber(body); err != nil || response.StatusCode != http.StatusOK {
			got.number = 0 // the ledger takes it for absurd
		}
	}
	return got, nil
}

// readNumber reads the number from a page.
func readNumber(page []byte) (number int64, err error) {
	_, rest, _ := bytes.Cut(page, []byte("<p>This page was viewed "))
	_, err = fmt.Sscanf(string(rest), "%d times.</p>", &number)
	return number, err
}

// pause returns when so much time has passed, or the context has ended.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
