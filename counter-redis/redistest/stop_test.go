package redistest

import (
	"fmt"
	"runtime"
	"testing"
)

// stopping is a test that records how it was stopped.
type stopping struct {
	testing.TB

	failed bool
	text   string
}

func (s *stopping) Fatal(args ...any) {
	s.failed, s.text = true, fmt.Sprint(args...)
	runtime.Goexit()
}

func (s *stopping) Skip(args ...any) {
	s.text = fmt.Sprint(args...)
	runtime.Goexit()
}

// stopsStart returns how Start stopped the test it was given.
func stopsStart(t *testing.T, args ...string) *stopping {
	t.Helper()
	s := &stopping{TB: t}
	ended := make(chan struct{})
	started := false
	go func() {
		defer close(ended)
		Start(s, args...)
		started = true
	}()
	<-ended
	if started {
		t.Fatal("Start did not stop the test")
	}
	return s
}
