package countermemory_test

import (
	"testing"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/countertest"
	countermemory "example.com/herokuapp/counter-memory"
)

func TestConformance(t *testing.T) {
	countertest.Run(t, func(*testing.T) counter.Store { return countermemory.New() })
}

func TestConformanceOfZeroValue(t *testing.T) {
	countertest.Run(t, func(*testing.T) counter.Store { return new(countermemory.Store) })
}
