package admin_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"example.com/herokuapp/counter-core/coalesce"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// While a real Redis hangs, and while it is gone, the owner is told what is known, nothing
// is changed that can't be, and what is added is counted once when it is back.
func TestOutage(t *testing.T) {
	for name, outage := range map[string]struct{ begin, end func(*redistest.Server) }{
		"hangs":   {(*redistest.Server).Stop, (*redistest.Server).Continue},
		"is gone": {(*redistest.Server).Kill, (*redistest.Server).Restart},
	} {
		t.Run(name, func(t *testing.T) {
			redis := redistest.Start(t)
			inner, err := counterredis.Open(t.Context(), redis.URL(), counterredis.Options{})
			if err != nil {
				t.Fatal(err)
			}
			store := coalesce.New(inner, coalesce.Options{})
			defer store.Close()
			s := newSite(t, store)
			if w := s.confirm(t, s.post("/admin/set", "name", "counter_key", "value", "41")); w.Code != http.StatusSeeOther {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			wantPage(t, s.get("/admin/counters"), http.StatusOK, "redis "+redis.Addr(), "<dd>yes</dd>")
			add := s.post("/admin/add", "name", "counter_key", "value", "1000")
			set := s.post("/admin/set", "name", "counter_key", "value", "5")

			outage.begin(redis)
			if w := s.confirm(t, add); !strings.Contains(w.Header().Get("Location"), "done=pending") {
				t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
			}
			wantPage(t, s.confirm(t, set), http.StatusServiceUnavailable, "Nothing was changed")
			wantPage(t, s.get("/admin/counters"), http.StatusServiceUnavailable, "can&#39;t be listed now", "<dd>no</dd>", "<dd>1,000 (the store does not answer)</dd>")
			wantProblem(t, s.do(http.MethodDelete, "/admin/api/counters/counter_key", "", nil), http.StatusServiceUnavailable, "Nothing was changed")
			wantProblem(t, s.get("/admin/api/export?format=csv"), http.StatusServiceUnavailable, "does not answer")
			done := s.send(t, "", csvType, "name,value\nviews:/a,1\n", http.StatusServiceUnavailable)
			if done.Changed != 0 || done.Refused != 1 || done.Stopped == "" {
				t.Errorf("%+v", done)
			}

			outage.end(redis)
			for deadline := time.Now().Add(time.Minute); store.Stats().Pending > 0 && time.Now().Before(deadline); {
				time.Sleep(10 * time.Millisecond)
			}
			if values, err := redis.Client().MGet(t.Context(), "counter_key", "views:/a").Result(); fmt.Sprint(values) != "[1041 <nil>]" {
				t.Errorf("Redis has %v, %v; want [1041 <nil>]", values, err)
			}
			if lines := s.logs.FilterMessage("addition to a counter is pending").Len(); lines != 1 {
				t.Errorf("%d lines say that the addition is pending; want 1", lines)
			}
			s.wantLogged(t, "set counter_key 0 41 page")
		})
	}
}
