package counters

import (
	"errors"
	"fmt"
	"strings"

	counter "example.com/herokuapp/counter-core"
)

// Home is the name of the home page's counter, as in the Django application.
const Home = "counter_key"

// ErrForeign says that a name does not belong to the app. A Redis may be shared with other
// programs, whose keys are neither shown nor changed.
var ErrForeign = errors.New("its counters begin with " + PagePrefix + " or " + SitePrefix + ", except " + Home)

// CheckName returns nil for a name that the app uses. Otherwise the error wraps
// [counter.ErrName], and also [ErrForeign] for a name of another program.
func CheckName(name string) error {
	if err := counter.CheckName(name); err != nil {
		return err
	}
	if name != Home && !strings.HasPrefix(name, PagePrefix) && !strings.HasPrefix(name, SitePrefix) {
		return fmt.Errorf("%w: %q is not a counter of this app: %w", counter.ErrName, name, ErrForeign)
	}
	return nil
}
