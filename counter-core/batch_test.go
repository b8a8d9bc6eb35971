package counter_test

import (
	"errors"
	"math"
	"testing"

	counter "example.com/herokuapp/counter-core"
)

func TestMissing(t *testing.T) {
	for _, test := range []struct {
		name                 string
		recorded, delta, sum int64
		want                 int64
		err                  error
	}{
		{"a repeat", 10, 3, 10, 0, nil},
		{"a repeat of nothing", 10, 0, 10, 0, nil},
		{"the next one", 10, 3, 13, 3, nil},
		{"the first one", 0, 3, 3, 3, nil},
		{"after a loss", 10, 3, 20, 10, nil},
		{"nothing, after a loss", 10, 0, 20, 10, nil},
		{"ahead", 10, 3, 9, 0, counter.ErrStale},
		{"ahead of nothing", 10, 0, 9, 0, counter.ErrStale},
		{"behind by less than Delta", 10, 3, 12, 0, counter.ErrStale},
		{"the largest sum", 0, math.MaxInt64, math.MaxInt64, math.MaxInt64, nil},
		{"the largest sum, a repeat", math.MaxInt64, math.MaxInt64, math.MaxInt64, 0, nil},
	} {
		batch := counter.Batch{Name: "a", Writer: "w", Delta: test.delta, Sum: test.sum}
		if got, err := batch.Missing(test.recorded); got != test.want || !errors.Is(err, test.err) {
			t.Errorf("%s: %d, %v; want %d, %v", test.name, got, err, test.want, test.err)
		}
	}
}
