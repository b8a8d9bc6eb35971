package admin_test

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"example.com/herokuapp/app/internal/sitetest"
	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
	"example.com/herokuapp/templates"
)

// Nothing changes until it was asked once more; then it does, once, and is logged.
func TestChangesAreAskedOnceMore(t *testing.T) {
	s := newFilled(t, map[string]int64{"views:/a": 41})
	for _, step := range []struct {
		action, value string
		shown         []string
		before, after int64
	}{
		{"add", "1000", []string{"<h1>Add 1,000?</h1>", "<dd>41</dd>", "<strong>1,041</strong>"}, 41, 1041},
		{"set", "7", []string{"<h1>Set to 7?</h1>", "<dd>1,041</dd>", "<strong>7</strong>"}, 1041, 7},
		{"set", "9223372036854775807", []string{"<strong>9,223,372,036,854,775,807</strong>"}, 7, math.MaxInt64},
		{"reset", "", []string{"<h1>Reset?</h1>", "<strong>0</strong>"}, math.MaxInt64, 0},
	} {
		asked := s.post("/admin/"+step.action, "name", "views:/a", "value", step.value)
		wantPage(t, asked, http.StatusOK, append(step.shown, "views:/a")...)
		s.wantValue(t, "views:/a", step.before)
		s.wantLogged(t)

		done := s.confirm(t, asked)
		want := "/admin/counter?done=" + step.action + "&name=views%3A%2Fa"
		if location := done.Header().Get("Location"); done.Code != http.StatusSeeOther || location != want {
			t.Fatalf("%s: %d to %q; want 303 to %q: %s", step.action, done.Code, location, want, done.Body)
		}
		wantPage(t, s.get(want), http.StatusOK, `role="status"`, "<strong>"+templates.Grouped(step.after)+"</strong>")
		s.wantValue(t, "views:/a", step.after)
		s.wantLogged(t, fmt.Sprintf("%s views:/a %d %d page", step.action, step.before, step.after))

		wantPage(t, s.confirm(t, asked), http.StatusConflict) // a second click
		s.wantValue(t, "views:/a", step.after)
	}
}

// What is counted while the owner thinks is told before it is replaced, and added to.
func TestCounterThatChangesMeanwhile(t *testing.T) {
	s := newFilled(t, map[string]int64{"views:/a": 41})
	view := func() {
		if _, err := counter.Inc(t.Context(), s.store, "views:/a"); err != nil {
			t.Fatal(err)
		}
	}
	asked := s.post("/admin/add", "name", "views:/a", "value", "100")
	view()
	s.confirm(t, asked)
	s.wantLogged(t, "add views:/a 42 142 page")

	asked = s.post("/admin/set", "name", "views:/a", "value", "5")
	view()
	again := s.confirm(t, asked)
	wantPage(t, again, http.StatusConflict, "from 142 to 143", "<dd>143</dd>")
	s.wantValue(t, "views:/a", 143)
	view() // visitors are quicker than the owner, who has been told
	if w := s.confirm(t, again); w.Code != http.StatusSeeOther {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	s.wantLogged(t, "set views:/a 144 5 page")
}

func TestChangesThatCantBe(t *testing.T) {
	s := newFilled(t, map[string]int64{"views:/a": 41, "session:1": 1})
	for _, test := range []struct {
		action, name, value string
		status              int
		text                string
	}{
		{"set", "views:/a", "-1", http.StatusUnprocessableEntity, "is not a whole number from 0 to 9223372036854775807"},
		{"set", "views:/a", "", http.StatusUnprocessableEntity, "is not a whole number"},
		{"set", "views:/a", "1.5", http.StatusUnprocessableEntity, `value="1.5"`},
		{"set", "views:/a", "+1", http.StatusUnprocessableEntity, "is not a whole number"},
		{"set", "views:/a", "-0", http.StatusUnprocessableEntity, "is not a whole number"},
		{"set", "views:/a", "9223372036854775808", http.StatusUnprocessableEntity, "is not a whole number"},
		{"set", "views:/a", `"><script>`, http.StatusUnprocessableEntity, "&#34;&gt;&lt;script&gt;"},
		{"add", "views:/a", "0", http.StatusUnprocessableEntity, "from 1 to"},
		{"add", "views:/a", "9223372036854775767", http.StatusConflict, "would exceed 9223372036854775807"},
		{"set", "session:1", "5", http.StatusNotFound, "its counters begin with views: or site:, except counter_key"},
		{"reset", "session:1", "", http.StatusNotFound, "is not a counter of this app"},
		{"reset", "", "", http.StatusBadRequest, "it is empty"},
		{"reset", "views:\n", "", http.StatusBadRequest, "control character"},
		{"reset", "views:\xff", "", http.StatusBadRequest, "not valid UTF-8"},
		{"reset", "views:" + strings.Repeat("a", 507), "", http.StatusBadRequest, "513 bytes"},
	} {
		w := s.post("/admin/"+test.action, "name", test.name, "value", test.value, "seen", "41", "once", strings.Repeat("A", 26))
		wantPage(t, w, test.status, test.text)
		if strings.Contains(w.Body.String(), "<script>") {
			t.Errorf("not escaped: %s", w.Body)
		}
	}
	wantPage(t, s.post("/admin/set", "name", "views:/a", "value", "5", "seen", "41", "once", ""), http.StatusConflict)
	wantPage(t, s.post("/admin/set", "name", "views:/a", "value", strings.Repeat("1", 20<<10)), http.StatusBadRequest)
	s.wantValue(t, "views:/a", 41)
	s.wantValue(t, "session:1", 1)
	s.wantLogged(t)
}

// A store that does not do what it is asked is told of in words, and its outcome is not made up.
func TestChangesTheStoreRefuses(t *testing.T) {
	for _, test := range []struct {
		err    error
		action string
		status int
		text   string
	}{
		{&counter.PendingError{Err: errors.New("away")}, "set", http.StatusServiceUnavailable, "Nothing was changed"},
		{&counter.PendingError{Err: errors.New("away")}, "add", http.StatusSeeOther, ""},
		{fmt.Errorf("%w: timeout", counter.ErrUnknown), "set", http.StatusGatewayTimeout, "Nobody can tell"},
		{fmt.Errorf("%w: timeout", counter.ErrUnknown), "add", http.StatusGatewayTimeout, "Nobody can tell"},
		{counter.ErrType, "add", http.StatusConflict, "is not a counter"},
		{counter.ErrOverflow, "add", http.StatusConflict, "would exceed"},
		{errors.New("secret"), "reset", http.StatusServiceUnavailable, "does not answer"},
	} {
		store := countermemory.New()
		sitetest.Set(t, store, "counter_key", 5)
		s := newSite(t, refusing{store, test.err})
		w := s.confirm(t, s.post("/admin/"+test.action, "name", "counter_key", "value", "3"))
		if test.status == http.StatusSeeOther {
			wantPage(t, s.get(w.Header().Get("Location")), http.StatusOK, "is kept, and will be counted once")
		} else {
			wantPage(t, w, test.status, test.text)
		}
		if strings.Contains(w.Body.String(), "secret") {
			t.Errorf("the store's own words are shown: %s", w.Body)
		}
		s.wantLogged(t)
	}
}

// A Redis that is away can be asked to add, for the decorator keeps it, once the
// value was seen.
func TestCounterOfAStoreThatIsAway(t *testing.T) {
	s := newSite(t, sitetest.Broken{Err: &counter.PendingError{Err: errors.New("away")}})
	wantPage(t, s.get("/admin/counter?name=counter_key"), http.StatusServiceUnavailable, "not known at the moment")
	wantPage(t, s.post("/admin/add", "name", "counter_key", "value", "3"), http.StatusServiceUnavailable, `value="3"`)
	w := s.post("/admin/add", "name", "counter_key", "value", "3", "seen", "5", "once", strings.Repeat("A", 26))
	if w.Code != http.StatusSeeOther || !strings.Contains(w.Header().Get("Location"), "done=pending") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

// However many clicks arrive at once, one adds.
func TestManyClicksAtOnce(t *testing.T) {
	s := newFilled(t, nil)
	asked := s.post("/admin/add", "name", "views:/a", "value", "10")
	var clicking sync.WaitGroup
	var done atomic.Int64
	for range 16 {
		clicking.Go(func() {
			if s.confirm(t, asked).Code == http.StatusSeeOther {
				done.Add(1)
			}
		})
	}
	clicking.Wait()
	if s.wantValue(t, "views:/a", 10); done.Load() != 1 {
		t.Errorf("%d clicks were carried out; want 1", done.Load())
	}
}
