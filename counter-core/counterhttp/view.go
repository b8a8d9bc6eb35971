package counterhttp

import (
	"context"
	"strconv"
)

// View is what a page may show of its count.
type View struct {
	// Number is the number of this view, or for a HEAD that of the next. Zero where
	// the request has none: see Status.
	Number int64
	// AtLeast says that Number is what is known at the moment: this view is kept,
	// and more may have been counted elsewhere.
	AtLeast bool
	// Status is what became of the view.
	Status Status
}

// String returns the number, as "42" or "at least 42".
func (v View) String() string {
	number := strconv.FormatInt(v.Number, 10)
	if v.AtLeast {
		return "at least " + number
	}
	return number
}

// ViewOf returns the view that [Handler] has put into a request's context, the
// zero View if it has not.
func ViewOf(ctx context.Context) View {
	view, _ := ctx.Value(viewKey{}).(View)
	return view
}

type viewKey struct{}

// StatusHeader is the header of an answer that holds its [Status].
const StatusHeader = "View-Status"

// Status says whether a request was counted, and if not, why.
type Status string

// What becomes of a view.
const (
	Counted         Status = "counted"
	Pending         Status = "pending"                 // kept: it will be counted when the store answers
	Unknown         Status = "unknown"                 // the store was asked to count, and did not answer
	SkippedHead     Status = "skipped;reason=head"     // nothing was shown
	SkippedPrefetch Status = "skipped;reason=prefetch" // loaded for later, and maybe for nothing
	SkippedMethod   Status = "skipped;reason=method"   // neither GET nor HEAD
	SkippedName     Status = "skipped;reason=name"     // the request has no name for a counter
	SkippedError    Status = "skipped;reason=error"    // the store refuses
)
