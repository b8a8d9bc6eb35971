package admin

import (
	"errors"
	"fmt"
	"strings"

	"example.com/herokuapp/app/internal/web"
	counter "example.com/herokuapp/counter-core"
)

// viewsPrefix begins the names of all the app's counters but the home page's.
const viewsPrefix = "views:"

// errForeign says that the name is none of the app's: a Redis may be shared with
// other programs, whose keys are neither shown nor changed.
var errForeign = errors.New("only " + web.HomeCounter + " and names that begin with " + viewsPrefix + " are")

// checkName returns nil for a name that the app counts under.
func checkName(name string) error {
	if err := counter.CheckName(name); err != nil {
		return err
	}
	if name != web.HomeCounter && !strings.HasPrefix(name, viewsPrefix) {
		return fmt.Errorf("%w: %q is no counter of this app: %w", counter.ErrName, name, errForeign)
	}
	return nil
}
