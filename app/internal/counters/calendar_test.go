package counters_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/herokuapp/app/internal/counters"
)

// now is a Thursday.
func now() time.Time { return time.Date(2026, 11, 26, 12, 34, 56, 0, time.UTC) }

// texts returns when the steps of the range begin.
func texts(r counters.Range) (texts []string) {
	for i := range r.Len() {
		texts = append(texts, r.Text(i))
	}
	return texts
}

func TestRangeQuery(t *testing.T) {
	for _, row := range []struct {
		query counters.RangeQuery
		want  string
	}{
		{counters.RangeQuery{From: "2026-11-26", To: "2026-11-26"}, "2026-11-26"},
		{counters.RangeQuery{From: "2026-11-25"}, "2026-11-25 2026-11-26"},
		{counters.RangeQuery{From: "2026-12-31", To: "2027-01-01"}, "2026-12-31 2027-01-01"},
		{counters.RangeQuery{From: "2024-02-28", To: "2024-03-01"}, "2024-02-28 2024-02-29 2024-03-01"},
		{counters.RangeQuery{From: "2026-02", To: "2026-02", Step: "week"}, "2026-01-26 2026-02-02 2026-02-09 2026-02-16 2026-02-23"},
		{counters.RangeQuery{From: "2026-11-22", To: "2026-11-23", Step: "week"}, "2026-11-16 2026-11-23"},
		{counters.RangeQuery{From: "1970-01-01", To: "1970-01-05", Step: "week"}, "1969-12-29 1970-01-05"},
		{counters.RangeQuery{From: "2025-12-31", To: "2026-02-01", Step: "month"}, "2025-12-01 2026-01-01 2026-02-01"},
		{counters.RangeQuery{From: "9999-12-31", To: "9999-12-31", Step: "month"}, "9999-12-01"},
		{counters.RangeQuery{From: "2026-11-26T11:59:59Z", Step: "hour"}, "2026-11-26T11:00:00Z 2026-11-26T12:00:00Z"},
		{counters.RangeQuery{From: "2026-11-26T13:00:00+01:00", To: "2026-11-26T14:59", Step: "hour", Zone: "Europe/Berlin"}, "2026-11-26T13:00:00+01:00 2026-11-26T14:00:00+01:00"},
		{counters.RangeQuery{From: "2026-11-26T13:00:00 01:00", To: "2026-11-26T13:00:00", Step: "hour", Zone: "Europe/Berlin"}, "2026-11-26T13:00:00+01:00"},
		{counters.RangeQuery{From: "2026-11-26T23:30:00Z", To: "2026-11-26T23:30:00Z", Zone: "Europe/Berlin"}, "2026-11-27"},
		{counters.RangeQuery{From: "2026-11-26T00:00:00+14:00", To: "2026-11-26T00:00:00+14:00"}, "2026-11-25"},
		// An hour belongs to the day in which it begins.
		{counters.RangeQuery{From: "2026-11-26T00:15", To: "2026-11-26T00:30", Step: "hour", Zone: "Asia/Kolkata"}, "2026-11-25T23:30:00+05:30 2026-11-26T00:30:00+05:30"},
		{counters.RangeQuery{From: "2026-11-26T00:15", To: "2026-11-26T00:30", Zone: "Asia/Kathmandu"}, "2026-11-26"},
	} {
		r, err := row.query.Parse(now(), counters.UsualSteps)
		if got := strings.Join(texts(r), " "); err != nil || got != row.want {
			t.Errorf("%+v: %s, %v; want %s", row.query, got, err, row.want)
		}
	}
}

// A day of hours has those that begin in it, also where clocks change, and where that is at
// midnight.
func TestHoursOfADay(t *testing.T) {
	for _, row := range []struct {
		zone, day   string
		hours       int
		first, last string
	}{
		{"", "2026-11-26", 24, "2026-11-26T00:00:00Z", "2026-11-26T23:00:00Z"},
		{"Europe/Berlin", "2026-03-29", 23, "2026-03-29T00:00:00+01:00", "2026-03-29T23:00:00+02:00"},
		{"Europe/Berlin", "2026-10-25", 25, "2026-10-25T00:00:00+02:00", "2026-10-25T23:00:00+01:00"},
		{"America/Sao_Paulo", "2018-11-04", 23, "2018-11-04T01:00:00-02:00", "2018-11-04T23:00:00-02:00"}, // no midnight
		{"America/Sao_Paulo", "2018-02-17", 25, "2018-02-17T00:00:00-02:00", "2018-02-17T23:00:00-03:00"}, // 23:00 twice
		{"Africa/Cairo", "2023-04-28", 23, "2023-04-28T01:00:00+03:00", "2023-04-28T23:00:00+03:00"},
		{"America/Havana", "2026-11-01", 25, "2026-11-01T00:00:00-04:00", "2026-11-01T23:00:00-05:00"}, // midnight twice
		{"Asia/Kolkata", "2026-11-26", 24, "2026-11-26T00:30:00+05:30", "2026-11-26T23:30:00+05:30"},
		{"Asia/Kathmandu", "2026-11-26", 24, "2026-11-26T00:45:00+05:45", "2026-11-26T23:45:00+05:45"},
		{"Australia/Lord_Howe", "2026-04-05", 25, "2026-04-05T00:00:00+11:00", "2026-04-05T23:30:00+10:30"}, // half an hour longer
		{"Australia/Lord_Howe", "2026-10-04", 23, "2026-10-04T00:30:00+10:30", "2026-10-04T23:00:00+11:00"},
		{"Pacific/Kiritimati", "2026-11-26", 24, "2026-11-26T00:00:00+14:00", "2026-11-26T23:00:00+14:00"},
		{"America/St_Johns", "2010-11-06", 25, "2010-11-06T00:30:00-02:30", "2010-11-06T23:30:00-03:30"}, // 00:01 became 23:01
	} {
		query := counters.RangeQuery{From: row.day, To: row.day, Step: "hour", Zone: row.zone}
		r, err := query.Parse(now(), counters.UsualSteps)
		if err != nil {
			t.Errorf("%s: %v", row.zone, err)
			continue
		}
		if first, last := r.Text(0), r.Text(r.Len()-1); r.Len() != row.hours || first != row.first || last != row.last {
			t.Errorf("%s, %s: %d hours, %s to %s; want %d, %s to %s", row.zone, row.day, r.Len(), first, last, row.hours, row.first, row.last)
		}
	}
}

func TestRangeQueryDefaults(t *testing.T) {
	for step, want := range map[string][2]string{
		"":      {"2026-10-28", "2026-11-26"},
		"hour":  {"2026-11-24T13:00:00Z", "2026-11-26T12:00:00Z"},
		"day":   {"2026-10-28", "2026-11-26"},
		"week":  {"2026-09-07", "2026-11-23"},
		"month": {"2025-12-01", "2026-11-01"},
	} {
		r, err := counters.RangeQuery{Step: step}.Parse(now(), counters.UsualSteps)
		if err != nil || r.Text(0) != want[0] || r.Text(r.Len()-1) != want[1] || r.Index(now()) != r.Len()-1 {
			t.Errorf("%q: %v, %v; want %s", step, texts(r), err, want)
		}
	}
	r, err := counters.RangeQuery{To: "2026-01-02"}.Parse(now(), func(counters.Step) int { return 2 })
	if got := texts(r); err != nil || !slices.Equal(got, []string{"2026-01-01", "2026-01-02"}) {
		t.Errorf("%s, %v", got, err)
	}
}

func TestRangeQueriesThatAreRefused(t *testing.T) {
	for want, query := range map[string]counters.RangeQuery{
		"the option from is later than to":                                                   {From: "2026-11-27", To: "2026-11-26"},
		`the option step is "year": use hour, day, week or month`:                            {Step: "year"},
		`the option step is "Day": use`:                                                      {Step: "Day"},
		`the option tz is "../../etc/passwd": write`:                                         {Zone: "../../etc/passwd"},
		`the option tz is "/etc/localtime": write`:                                           {Zone: "/etc/localtime"},
		`the option tz is "Local": write`:                                                    {Zone: "Local"},
		`the option tz is "Europe\\Berlin": write`:                                           {Zone: `Europe\Berlin`},
		`the option tz is "Europe/Atlantis": write`:                                          {Zone: "Europe/Atlantis"},
		`the option tz is "Europe": write`:                                                   {Zone: "Europe"},
		`the option tz is "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": write`:                 {Zone: strings.Repeat("a", 5000)},
		"the year 0 is not from 1970 to 9999":                                                {From: "0000-01-01"},
		"the year 1969 is not from 1970 to 9999":                                             {From: "1969-12-31"},
		`the option to is "100000-01-01": write a day such as 2026-11-26, or a time such as`: {To: "100000-01-01"},
		`the option from is "2026-02-30": write`:                                             {From: "2026-02-30"},
		`the option from is "yesterday": write`:                                              {From: "yesterday"},
		`the option from is "1": write`:                                                      {From: "1"},
		"it has 438288 steps, and an answer at most 10000: ask for less":                     {From: "1977-01-01", To: "2026-12-31", Step: "hour"},
		"it has 10001 steps":                                                                 {From: "2000-01-01", To: "2027-05-19"},
	} {
		r, err := query.Parse(now(), counters.UsualSteps)
		if !isRangeError(err) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: %d, %v; want %s", query, r.Len(), err, want)
		}
	}
	if _, err := (counters.RangeQuery{From: "2000-01-01", To: "2027-05-18"}).Parse(now(), counters.UsualSteps); err != nil {
		t.Errorf("10000 steps: %v", err)
	}
}

func isRangeError(err error) bool {
	_, ok := errors.AsType[counters.RangeError](err)
	return ok
}

// FuzzRangeQuery: whatever is asked for is refused with a short line, or is a range whose steps
// follow one another and include all that was meant.
func FuzzRangeQuery(f *testing.F) {
	f.Add("2026-11-26", "2026-11-27", "day", "Europe/Berlin")
	f.Add("2026-11-26T13:00:00+01:00", "", "hour", "Asia/Kolkata")
	f.Add("2011-12-29", "2011-12-31", "day", "Pacific/Apia") // the 30th was left out
	f.Add("1970-01-01", "1970-01-01", "week", "Pacific/Kiritimati")
	f.Add("9999-12", "9999-12", "month", "America/Sao_Paulo")
	f.Add("0000-01-01", "99999-01-01", "hour", "../../etc/passwd")
	f.Add("2018-11-04T00:30", "2018-11-04T00:30:00", "hour", "America/Sao_Paulo")
	f.Fuzz(func(t *testing.T, from, to, step, zone string) {
		query := counters.RangeQuery{From: from, To: to, Step: step, Zone: zone}
		r, err := query.Parse(now(), counters.UsualSteps)
		if err != nil {
			if !isRangeError(err) || len(err.Error()) > 400 || strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' }) {
				t.Errorf("%+v: %q", query, err)
			}
			return
		}
		if r.Len() < 1 || r.Len() > counters.MaxSteps {
			t.Fatalf("%+v: %d steps", query, r.Len())
		}
		for i := range r.Len() {
			if i > 0 && !r.At(i).After(r.At(i-1)) {
				t.Fatalf("%+v: %s follows %s", query, r.Text(i), r.Text(i-1))
			}
		}
		if r.Step() == counters.Hourly && r.Index(r.At(r.Len()-1)) != r.Len()-1 {
			t.Errorf("%+v: the last hour is not the last", query)
		}
	})
}
