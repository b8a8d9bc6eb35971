package countertest_test

import (
	"testing"

	"example.com/herokuapp/counter-core/countertest"
)

// The store of the example is what its text says.
func TestExample(t *testing.T) { countertest.Run(t, open) }
