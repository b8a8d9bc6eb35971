package live

import (
	"errors"
	"net/http"
	"time"

	"example.com/herokuapp/app/internal/respond"
)

const (
	// heartbeat keeps an idle stream open. Proxies close a stream that is silent for 30
	// seconds or more (Heroku's router: 55).
	heartbeat = 25 * time.Second
	// writePatience is how long a listener may take to receive an event.
	writePatience = 10 * time.Second
)

// Stream answers with the counter's number as it changes, as server-sent events (HTML
// Standard, section 9.2), until the listener leaves or the hub is closed. hello is sent at
// once, so that the listener knows that it is connected. event returns the event for a
// number. Both end in an empty line.
func (h *Hub) Stream(w http.ResponseWriter, r *http.Request, name, hello string, event func(value int64) string) {
	values, stop, err := h.Listen(name) //nolint:contextcheck // the readings are for all listeners, and outlive one
	if err != nil {
		respond.RetryAfter(w, heartbeat)
		text := "There are too many listeners. Try again later."
		if errors.Is(err, ErrClosed) {
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
	if !send(w, stream, hello) || r.Method == http.MethodHead {
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
			text = event(value)
		case <-beat.C:
		}
		if !send(w, stream, text) {
			return
		}
	}
}

// send returns false if the listener is gone or takes too long.
func send(w http.ResponseWriter, stream *http.ResponseController, text string) bool {
	if err := stream.SetWriteDeadline(time.Now().Add(writePatience)); err != nil {
		return false
	}
	if _, err := w.Write([]byte(text)); err != nil {
		return false
	}
	return stream.Flush() == nil
}
