package counters

import (
	"errors"
	"fmt"
	"strings"

	counter "example.com/herokuapp/counter-core"
)

// Home is the name under which the home page is counted, as in the Django application.
const Home = "counter_key"

// ErrForeign says that a name is not one of the app's: a Redis may be shared with other
// programs, whose keys are neither shown nor changed.
var ErrForeign = errors.New("its counters begin with " + PagePrefix + " or " + SitePrefix + ", but for " + Home)

// CheckName returns nil for a name that the app counts under, and otherwise an error
// that wraps [counter.ErrName], and [ErrForeign] for one of another program.
func CheckName(name string) error {
	if err := counter.CheckName(name); err != nil {
		return err
	}
	if name != Home && !strings.HasPrefix(name, PagePrefix) && !strings.HasPrefix(name, SitePrefix) {
		return fmt.Errorf("%w: %q is not a counter of this app: %w", counter.ErrName, name, ErrForeign)
	}
	return nil
}
