package counters

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // time zones, on a machine that has none

	counter "example.com/herokuapp/counter-core"
)

// Step is how long one number of a history counts.
type Step string

// The steps. All but hours follow the calendar of a time zone. Weeks begin on Monday.
const (
	Hourly  Step = "hour"
	Daily   Step = "day"
	Weekly  Step = "week"
	Monthly Step = "month"
)

// MaxSteps is how many steps a [Range] may have.
const MaxSteps = 10_000

// RangeError says why a range of time can't be asked for.
type RangeError string

// Error implements [error].
func (e RangeError) Error() string { return string(e) }

func rangeError(format string, values ...any) error {
	return RangeError(fmt.Sprintf(format, values...))
}

// Range is a run of steps in a time zone. The zero value is not a range.
//
// Stores count in hours of UTC. An hour belongs to the day in which it begins, which
// matters where clocks are half an hour or a quarter off. A day of UTC whose hours are not
// known belongs to the day of the same date.
type Range struct {
	step        Step
	zone        *time.Location
	first, last int64 // in steps since 1970; months since the year 0
}

// LastSteps returns the n steps up to the one that includes the time to.
func LastSteps(n int, step Step, zone *time.Location, to time.Time) Range {
	r := Range{step: step, zone: zone}
	r.last = r.number(to)
	r.first = r.last - int64(n) + 1
	return r
}

func (r Range) check(from, to time.Time) error {
	for _, t := range []time.Time{from, to} {
		if year := t.In(r.zone).Year(); year < 1970 || year > 9999 {
			return rangeError("the year %d is not from 1970 to 9999", year)
		}
	}
	switch {
	case r.first > r.last:
		return RangeError("the option from is later than to")
	case r.Len() > MaxSteps:
		return rangeError("it has %d steps, and an answer at most %d: ask for less, or in longer steps", r.last-r.first+1, MaxSteps)
	}
	return nil
}

// SplitsHours reports whether an hour of UTC can be in two days of the time zone, because its
// offset is not in whole hours.
func (r Range) SplitsHours() bool {
	for _, i := range []int{0, r.Len()} {
		if _, east := r.At(i).In(r.zone).Zone(); east%(60*60) != 0 {
			return true
		}
	}
	return false
}

// Step returns how long each step lasts.
func (r Range) Step() Step { return r.step }

// Zone returns the time zone.
func (r Range) Zone() *time.Location { return r.zone }

// Len returns how many steps there are.
func (r Range) Len() int { return int(min(r.last-r.first+1, 1<<31-1)) }

// At returns when the step i begins, counted from 0. It is an hour in the time zone of the
// range, or a date, which is a time of day 0 in UTC.
func (r Range) At(i int) time.Time {
	n := r.first + int64(i)
	switch r.step {
	case Hourly:
		return counter.Hour(n).Time().In(r.zone)
	case Weekly:
		return dateOf(n*7 + monday)
	case Monthly:
		return time.Date(0, time.Month(n+1), 1, 0, 0, 0, 0, time.UTC)
	default:
		return dateOf(n)
	}
}

// Text returns when the step i begins, as programs read it: 2026-11-26T13:00:00+01:00 for an
// hour, 2026-11-26 for a longer step.
func (r Range) Text(i int) string {
	if r.step == Hourly {
		return r.At(i).Format(time.RFC3339)
	}
	return r.At(i).Format(time.DateOnly)
}

// Index returns the step that includes a time. It is negative or at least Len if none does.
func (r Range) Index(t time.Time) int { return r.index(r.number(t)) }

func (r Range) index(number int64) int {
	return int(max(min(number-r.first, 1<<31-1), -1))
}

// monday is the Monday with which week 0 begins: 29 December 1969.
const monday = -3

// number returns the number of the step that includes the time.
func (r Range) number(t time.Time) int64 {
	if r.step == Hourly {
		return int64(counter.HourOf(t))
	}
	return r.ofDate(t.In(r.zone).Date())
}

// ofDate returns the number of the step, longer than an hour, that includes the date.
func (r Range) ofDate(year int, month time.Month, day int) int64 {
	if r.step == Monthly {
		return int64(year)*12 + int64(month) - 1
	}
	days := floor(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix(), 24*60*60)
	if r.step == Weekly {
		return floor(days-monday, 7)
	}
	return days
}

// ofBucket returns the step that a bucket of a store counts for. ok is false if there is none.
func (r Range) ofBucket(b counter.Bucket) (i int, ok bool) {
	switch {
	case b.Hours == 1:
		i = r.Index(b.Start.Time())
	case r.step == Hourly:
		return 0, false // it is not known which
	default:
		i = r.index(r.ofDate(b.Start.Time().Date()))
	}
	return i, i >= 0 && i < r.Len()
}

// span returns a span of hours that includes all hours that count for the range, and the days
// of UTC with the same dates. It may include a few more.
func (r Range) span() (from, to counter.Hour) {
	if r.step == Hourly {
		from, to = counter.Hour(r.first), counter.Hour(r.last)
	} else {
		from, to = counter.HourOf(r.At(0))-offset, counter.HourOf(r.At(r.Len()))-1+offset
	}
	return max(from, 0), min(to, counter.MaxHour)
}

// offset is the largest difference between a local time and UTC, in hours.
const offset = 15

func dateOf(days int64) time.Time { return time.Unix(days*24*60*60, 0).UTC() }

// floor returns n/d, rounded down.
func floor(n, d int64) int64 {
	if n%d < 0 {
		return n/d - 1
	}
	return n / d
}

// RangeQuery is a [Range] as an address asks for it. Empty fields have defaults.
type RangeQuery struct {
	// From and To are times such as 2026-11-26T13:00:00+01:00 or 2026-11-26T13:00, days such as
	// 2026-11-26, or months such as 2026-11. All of a day or a month is included. To defaults
	// to now, and From to some steps before To.
	From, To string
	// Step is the name of a [Step]. The default is [Daily].
	Step string
	// Zone is the name of a time zone, such as Europe/Berlin. The default is UTC.
	Zone string
}

// Parse returns the range that is asked for at the time now. Without From it has as many
// steps as usual says. The error is a [RangeError].
func (q RangeQuery) Parse(now time.Time, usual func(Step) int) (Range, error) {
	zone, err := ParseZone(q.Zone)
	if err != nil {
		return Range{}, err
	}
	r := Range{step: Daily, zone: zone}
	if q.Step != "" {
		r.step = Step(q.Step)
	}
	switch r.step {
	case Hourly, Daily, Weekly, Monthly:
	default:
		return Range{}, rangeError("the option step is %.40q: use hour, day, week or month", q.Step)
	}
	to := now
	if q.To != "" {
		if _, to, err = r.parseTime("to", q.To); err != nil {
			return Range{}, err
		}
	}
	r.last = r.number(to)
	if q.From == "" {
		r.first = r.last - int64(usual(r.step)) + 1
		return r, r.check(to, to)
	}
	from, _, err := r.parseTime("from", q.From)
	if err != nil {
		return Range{}, err
	}
	r.first = r.number(from)
	return r, r.check(from, to)
}

// UsualSteps is how many steps a history has by default.
func UsualSteps(step Step) int {
	switch step {
	case Hourly:
		return 48
	case Weekly, Monthly:
		return 12
	default:
		return 30
	}
}

// parseTime returns a time in the first step that a text means, and a time in the last.
func (r Range) parseTime(option, text string) (first, last time.Time, err error) {
	if len(text) == len("2026-11-26T13:00:00+01:00") {
		text = strings.Replace(text, " ", "+", 1) // in an address, a plus sign means a space
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, t, nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if t, err := time.ParseInLocation(layout, text, r.zone); err == nil {
			return t, t, nil
		}
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return r.begin(day), r.begin(day.AddDate(0, 0, 1)).Add(-time.Hour), nil
	}
	if month, err := time.Parse("2006-01", text); err == nil {
		return r.begin(month), r.begin(month.AddDate(0, 1, 0)).Add(-time.Hour), nil
	}
	return first, last, rangeError("the option %s is %.40q: write a day such as 2026-11-26, or a time such as 2026-11-26T13:00:00+01:00", option, text)
}

// begin returns when the first hour of a date begins in the time zone. Where clocks change at
// midnight, that need not be 00:00.
func (r Range) begin(date time.Time) time.Time {
	day := Range{step: Daily, zone: r.zone}
	wanted := day.ofDate(date.Date())
	hour := counter.HourOf(date) - 2*offset
	for day.number(hour.Time()) < wanted {
		hour++
	}
	return hour.Time()
}

// ParseZone returns the time zone with a name, such as Europe/Berlin, or UTC without a name.
// The error is a [RangeError].
func ParseZone(name string) (*time.Location, error) {
	plain := len(name) <= 64 && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_+-/", r)
	})
	if plain && name != "Local" { // which is the machine's
		if zone, err := time.LoadLocation(name); err == nil {
			return zone, nil
		}
	}
	return nil, rangeError("the option tz is %.40q: write the name of a time zone such as Europe/Berlin", name)
}
