package coalesce

// Event is something that no caller is told, or not every one concerned.
type Event struct {
	Kind Kind
	// Name is the counter; empty for Failing and Recovered.
	Name string
	// Additions is how many it is about; zero for Failing and Recovered.
	Additions int64
	// Err is the cause; nil for Healed and Recovered.
	Err error
}

// Kind says what an [Event] is about.
type Kind int

// The kinds of events.
const (
	// Failing: calls to the store fail, repeated ones too; additions are kept from now on.
	Failing Kind = iota + 1
	// Recovered: all that had failed is answered.
	Recovered
	// Healed: the store had lost additions, and has counted them again.
	Healed
	// Refused: the store refuses kept additions whose callers are gone, and won't
	// ever count them. Those of an outage count together or, if the counter is
	// full, not at all.
	Refused
	// GivenUp: nobody can tell any more whether the additions were counted, because
	// the store did not answer for too long. They are not sent again.
	GivenUp
)

// String returns the kind in lower case, for logs.
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
	default:
		return "unknown"
	}
}
