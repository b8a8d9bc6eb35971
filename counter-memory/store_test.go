package countermemory_test

import (
	"testing"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
	"example.com/herokuapp/counter-core/countertest"
	countermemory "example.com/herokuapp/counter-memory"
)

func TestConformance(t *testing.T) {
	countertest.Run(t, func(*testing.T) counter.Store { return countermemory.New() })
}

func TestConformanceGathered(t *testing.T) {
	countertest.Run(t, func(*testing.T) counter.Store { return coalesce.New(countermemory.New(), coalesce.Options{}) })
}

func TestConformanceOfZeroValue(t *testing.T) {
	countertest.Run(t, func(*testing.T) counter.Store { return new(countermemory.Store) })
}
