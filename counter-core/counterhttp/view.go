package counterhttp

import (
	"context"
	"strconv"
)

// View is what a page may show of its count.
type View struct {
	// Number is the number of this view. If the request is not a view, it is the number of
	// views so far, and for a HEAD request the number of the next view. It means nothing
	// unless Known.
	Number int64
	// Known is false if the number could not be read, or if the store was not asked: see
	// [Counter.Count].
	Known bool
	// AtLeast says that Number is a lower bound: this view is kept, and other processes may
	// have counted more.
	AtLeast bool
	// Status is what became of the view.
	Status Status
}

// String returns the number, as "42" or "at least 42", or "?" if it is not known.
func (v View) String() string {
	number := strconv.FormatInt(v.Number, 10)
	switch {
	case !v.Known:
		return "?"
	case v.AtLeast:
		return "at least " + number
	default:
		return number
	}
}

// ViewOf returns the view that [Counter.Handler] put into a request's context. Without one,
// it returns the zero View.
func ViewOf(ctx context.Context) View {
	view, _ := ctx.Value(viewKey{}).(View)
	return view
}

type viewKey struct{}

// StatusHeader is the response header with the [Status].
const StatusHeader = "View-Status"

// Status says whether a request was counted, and if not, why.
type Status string

// What becomes of a view.
const (
	Counted         Status = "counted"
	Pending         Status = "pending"                 // kept: it will be counted when the store answers
	Unknown         Status = "unknown"                 // the store was asked to count, and did not answer
	SkippedMethod   Status = "skipped;reason=method"   // a method that does not count
	SkippedName     Status = "skipped;reason=name"     // the request has no name for a counter
	SkippedPrefetch Status = "skipped;reason=prefetch" // loaded in advance, perhaps in vain
	SkippedHead     Status = "skipped;reason=head"     // nothing was shown
	SkippedEmbedded Status = "skipped;reason=embedded" // loaded as a part of another page, or for a script
	SkippedBot      Status = "skipped;reason=bot"      // requested by a bot
	SkippedError    Status = "skipped;reason=error"    // the store refuses
)

// Further statuses, for programs in which strangers choose what is counted. This package
// never sets them.
const (
	SkippedRate  Status = "skipped;reason=rate"  // too many from one address
	SkippedSite  Status = "skipped;reason=site"  // the site is not counted here
	SkippedLimit Status = "skipped;reason=limit" // no more counters may be created
)
