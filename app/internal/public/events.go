package public

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/live"
	"example.com/herokuapp/app/internal/respond"
)

const (
	// heartbeat keeps an idle stream open. Proxies close a stream that is silent for 30
	// seconds or more (Heroku's router: 55).
	heartbeat = 25 * time.Second
	// writePatience is how long a listener may take to receive an event.
	writePatience = 10 * time.Second
)

// events streams the number of a page as it changes, as server-sent events (HTML Standard,
// section 9.2).
func (s *Surfaces) events(w http.ResponseWriter, r *http.Request) {
	page, ok := s.pageOf(w, r)
	if !ok {
		return
	}
	values, stop, err := s.hub.Listen(page.Counter()) //nolint:contextcheck // the readings are for all listeners, and outlive one
	if err != nil {
		respond.RetryAfter(w, heartbeat)
		text := "There are too many listeners. Try again later."
		if errors.Is(err, live.ErrClosed) {
			text = "This server is stopping. Try again in a moment."
		}
		respond.WriteProblem(w, http.StatusServiceUnavailable, text)
		return
	}
	defer stop()
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // keeps nginx from holding back events
	stream := http.NewResponseController(w)
	// Sent at once, so that the listener knows that it is connected.
	if !send(w, stream, ": "+page.String()+"\nretry: 5000\n\n") || r.Method == http.MethodHead {
		return
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		text := ":\n\n"
		select {
		case <-r.Context().Done():
			return
		case value, ok := <-values:
			if !ok {
				return
			}
			text = event(page, value)
		case <-beat.C:
		}
		if !send(w, stream, text) {
			return
		}
	}
}

// event returns the event for a number.
func event(page counters.Page, value int64) string {
	data, _ := json.Marshal(struct { // can always be encoded
		Name  string `json:"name"`
		Value int64  `json:"value"`
	}{page.String(), value})
	return fmt.Sprintf("data: %s\n\n", data)
}

// send returns false if the listener is gone or takes too long.
func send(w http.ResponseWriter, stream *http.ResponseController, text string) bool {
	if err := stream.SetWriteDeadline(time.Now().Add(writePatience)); err != nil {
		return false
	}
	if _, err := w.Write([]byte(text)); err != nil { //nolint:gosec // a stream of JSON, that no browser shows
		return false
	}
	return stream.Flush() == nil
}
