package coalesce

// Event reports what callers of a [Store] are not told, or not all of those it concerns.
type Event struct {
	Kind Kind
	// Name is the counter. It is empty for Failing and Recovered, which concern the store.
	Name string
	// Additions is the number of views or other units concerned: the sum of the deltas. It is
	// zero for Failing and Recovered.
	Additions int64
	// Err is the cause. It is nil for Healed, Recovered and Fell.
	Err error
}

// Kind says what an [Event] is about.
type Kind int

// The kinds of events.
const (
	// Failing: calls to the store fail, and so do their repeats. From now on additions are
	// kept.
	Failing Kind = iota + 1
	// Recovered: every batch that had failed has been answered.
	Recovered
	// Healed: the store had lost additions, and has counted them again.
	Healed
	// Refused: the store has refused additions whose callers no longer wait, and will never
	// count them. The additions of an outage are counted together or, if the counter can't
	// hold them all, not at all.
	Refused
	// GivenUp: the store did not answer for so long that nobody can tell whether the
	// additions were counted. They are not sent again.
	GivenUp
	// Fell: the counter is lower than it was, by Additions, although this Store did not make it so.
	// Something else has set, moved or removed it, or the store has lost what it had.
	Fell
)

// String returns the kind as logs have it, such as given_up.
func (k Kind) String() string {
	switch k {
	case Failing:
		return "failing"
	case Recovered:
		return "recovered"
	case Healed:
		return "healed"
	case Refused:
		return "refused"
	case GivenUp:
		return "given_up"
	case Fell:
		return "fell"
	default:
		return "unknown"
	}
}
