package templates

import (
	"html/template"
	"math"
	"math/rand/v2"
	"testing"
)

// The page cut once is the page that html/template renders, whatever the number.
func TestHomeIsAsRendered(t *testing.T) {
	pages, err := New()
	if err != nil {
		t.Fatal(err)
	}
	page := pages.all.Lookup("home.html")
	numbers := []int64{0, 1, -1, 42, -3, math.MaxInt64, math.MinInt64}
	for digits, number := 1, int64(1); digits <= 18; digits++ {
		number *= 10
		numbers = append(numbers, number-1, number, number+1, -number)
	}
	for range 1000 {
		numbers = append(numbers, int64(rand.Uint64())>>rand.IntN(63))
	}
	for _, number := range numbers {
		for _, data := range []Home{{}, {AtLeast: true}, {Stats: true}, {AtLeast: true, Stats: true}} {
			data.Views = number
			want, err := render(page, data)
			if err != nil {
				t.Fatal(err)
			}
			if got := pages.Home(data); string(got) != string(want) {
				t.Fatalf("%+v: got\n%s\nwant\n%s", data, got, want)
			}
		}
	}
}

// A page that can't be cut is refused at the start, not shown wrong.
func TestHomeShowsTheNumberOnce(t *testing.T) {
	for _, text := range []string{"no number", "{{.Views}} and {{.Views}}", "{{.Missing}}"} {
		page := template.Must(template.New("home.html").Parse(text))
		if _, err := cutHome(page, Home{}); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}
