package counter_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	counter "example.com/herokuapp/counter-core"
)

func TestCheckName(t *testing.T) {
	for _, name := range []string{"a", "counter_key", "views:/a b", "{*}", "名前", "\u200b", strings.Repeat("x", counter.MaxNameLen)} {
		if err := counter.CheckName(name); err != nil {
			t.Errorf("CheckName(%q): %v", name, err)
		}
	}
	for name, fault := range map[string]string{
		"":     "empty",
		"\xff": "UTF-8",
		"a\nb": "control character",
		"\x7f": "control character",
		strings.Repeat("x", counter.MaxNameLen+1): "513 bytes long",
	} {
		err := counter.CheckName(name)
		if !errors.Is(err, counter.ErrName) || !strings.Contains(err.Error(), fault) {
			t.Errorf("CheckName(%q): %v; want ErrName, saying %q", name, err, fault)
		}
	}
}

func TestCheckDelta(t *testing.T) {
	for _, delta := range []int64{1, math.MaxInt64} {
		if err := counter.CheckDelta(delta); err != nil {
			t.Errorf("CheckDelta(%d): %v", delta, err)
		}
	}
	for _, delta := range []int64{0, -1, math.MinInt64} {
		if err := counter.CheckDelta(delta); !errors.Is(err, counter.ErrDelta) {
			t.Errorf("CheckDelta(%d): %v; want ErrDelta", delta, err)
		}
	}
}

// pinging is a store that can be pinged.
type pinging struct {
	counter.Store
	err error
}

func (p pinging) Ping(context.Context) error { return p.err }

// decorator adds nothing to the store within.
type decorator struct{ counter.Store }

func (d decorator) Unwrap() counter.Store { return d.Store }

func TestAs(t *testing.T) {
	down := errors.New("down")
	for name, store := range map[string]counter.Store{
		"itself":        pinging{err: down},
		"decorated":     decorator{pinging{err: down}},
		"outer wins":    pinging{Store: decorator{pinging{}}, err: down},
		"twice removed": decorator{decorator{pinging{err: down}}},
	} {
		pinger, ok := counter.As[counter.Pinger](store)
		if !ok || !errors.Is(pinger.Ping(t.Context()), down) {
			t.Errorf("%s: As found %v, %t", name, pinger, ok)
		}
	}
	for name, store := range map[string]counter.Store{
		"nothing":              nil,
		"decorated nothing":    decorator{},
		"no pinger":            decorator{decorator{}},
		"hides what is within": struct{ counter.Store }{pinging{}},
	} {
		if pinger, ok := counter.As[counter.Pinger](store); ok {
			t.Errorf("%s: As found %v", name, pinger)
		}
	}
}

func TestPing(t *testing.T) {
	down := errors.New("down")
	if err := counter.Ping(t.Context(), decorator{pinging{err: down}}); !errors.Is(err, down) {
		t.Errorf("Ping of a store that is down: %v", err)
	}
	if err := counter.Ping(t.Context(), decorator{}); err != nil {
		t.Errorf("Ping of a store that can't tell: %v", err)
	}
}
