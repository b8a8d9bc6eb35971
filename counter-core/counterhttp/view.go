package counterhttp

import (
	"context"
	"strconv"
)

// View is what a page may show of its count.
type View struct {
	// Number is the number of this view. For a request that is not a view it is how many
	// there are, but for a HEAD, which tells the number of the next one. It means nothing
	// unless Known.
	Number int64
	// Known is false where the store has told no number, and for the requests it is not
	// asked about: see [Counter.Count].
	Known bool
	// AtLeast says that Number is what is known at the moment: this view is kept,
	// and more may have been counted elsewhere.
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

// ViewOf returns the view that [Counter.Handler] has put into a request's context, the
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
	SkippedMethod   Status = "skipped;reason=method"   // a method that does not count
	SkippedName     Status = "skipped;reason=name"     // the request has no name for a counter
	SkippedPrefetch Status = "skipped;reason=prefetch" // loaded for later, and maybe for nothing
	SkippedHead     Status = "skipped;reason=head"     // nothing was shown
	SkippedEmbedded Status = "skipped;reason=embedded" // loaded as a part of another page, or for a script
	SkippedBot      Status = "skipped;reason=bot"      // by a program that nobody sits at
	SkippedError    Status = "skipped;reason=error"    // the store refuses
)

// What may become of a view where strangers choose what is counted. This package does not
// decide it.
const (
	SkippedRate  Status = "skipped;reason=rate"  // too many from one address
	SkippedSite  Status = "skipped;reason=site"  // of a site that is not counted here
	SkippedLimit Status = "skipped;reason=limit" // there are too many counters for another
)
