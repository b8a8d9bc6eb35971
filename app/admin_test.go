package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"example.com/herokuapp/counter-redis/redistest"
)

// hidden reads the fields of a form that its reader does not fill in.
func hidden(html string) url.Values {
	fields := url.Values{}
	for _, field := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(html, -1) {
		fields.Set(field[1], field[2])
	}
	return fields
}

// The owner sees, changes, takes away and brings back the counts of two processes,
// in whichever of them, and visitors see it.
func TestOwnerOfTwoProcesses(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	one := startProcess(t, withPassword, withToken, withKey, "REDIS_URL="+redis.URL(), patient)
	two := startProcess(t, withPassword, withToken, withKey, "REDIS_URL="+redis.URL(), patient)
	one.wantView(t, 1)
	cookies := one.letIn(t, adminPassword)
	post := func(p *process, path string, fields url.Values) answer {
		t.Helper()
		return p.send(t, http.MethodPost, path, fields.Encode(), "Cookie", cookies, "Content-Type", "application/x-www-form-urlencoded", "Origin", p.url)
	}
	want := func(what string, got answer, status int, text string) {
		t.Helper()
		if got.status != status || !strings.Contains(got.body, text) {
			t.Fatalf("%s: %d %v %s; want %d and %q", what, got.status, got.header, got.body, status, text)
		}
	}

	asked := post(one, "/admin/set", url.Values{"name": {"counter_key"}, "value": {"1000"}})
	want("to set, at first", asked, http.StatusOK, "1000")
	two.wantView(t, 2)
	asked = post(two, "/admin/set", hidden(asked.body)) // it has changed since: asked again
	want("to set, when it has changed", asked, http.StatusConflict, "1000")
	want("to set", post(two, "/admin/set", hidden(asked.body)), http.StatusSeeOther, "")
	one.wantView(t, 1001)
	if !strings.Contains(two.logged(t), `"before":2,"after":1000`) {
		t.Errorf("what was before and after is not logged:\n%s", two.log())
	}

	token := "Bearer " + adminToken
	want("PUT", one.send(t, http.MethodPut, "/admin/api/counters/views:%2Fblog", `{"value": 41}`, "Authorization", token, "Content-Type", "application/json"), http.StatusOK, "41")
	export := two.send(t, http.MethodGet, "/admin/export?format=csv", "", "Cookie", cookies)
	want("export", export, http.StatusOK, "\n\"counter_key\",\"1001\",\"")
	want("DELETE", one.send(t, http.MethodDelete, "/admin/api/counters/views:%2Fblog", "", "Authorization", token), http.StatusOK, "")
	want("import", two.send(t, http.MethodPost, "/admin/api/import", export.body, "Authorization", token, "Content-Type", "text/csv"), http.StatusOK, "")
	want("list", one.send(t, http.MethodGet, "/admin/api/counters?prefix=views:", "", "Authorization", token), http.StatusOK, `{"name":"views:/blog","value":41}`)

	refused := one.send(t, http.MethodPost, "/admin/reset", url.Values{"name": {"counter_key"}}.Encode(),
		"Cookie", cookies, "Content-Type", "application/x-www-form-urlencoded", "Origin", "https://attacker.example", "Sec-Fetch-Site", "cross-site")
	want("another site's post", refused, http.StatusForbidden, "another site")
	want("log-out", post(one, "/admin/logout", nil), http.StatusSeeOther, "")
	want("after the log-out", post(one, "/admin/reset", url.Values{"name": {"counter_key"}}), http.StatusForbidden, "Log in")
	one.wantView(t, 1002)
}

// SIGTERM ends a running import in time: it answers what it has done, whether more of the
// file was on its way or not, and the process ends in order.
func TestStopDuringAnImport(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/admin/api/import", "/admin/import"} {
		app := startProcess(t, withPassword, withToken, withKey)
		contentType, header, value := "text/csv", "Authorization", "Bearer "+adminToken
		begin := "name,value\n"
		if path == "/admin/import" {
			contentType, header, value = "multipart/form-data; boundary=x", "Cookie", app.letIn(t, adminPassword)
			begin = "--x\r\nContent-Disposition: form-data; name=\"once\"\r\n\r\n" + strings.Repeat("A", 26) +
				"\r\n--x\r\nContent-Disposition: form-data; name=\"mode\"\r\n\r\nset\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n" + begin
		}
		body, sender := io.Pipe()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, app.url+path, body)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", contentType)
		request.Header.Set(header, value)
		answered := make(chan string, 1)
		go func() {
			defer body.Close()
			response, err := http.DefaultTransport.RoundTrip(request)
			if err != nil {
				answered <- err.Error()
				return
			}
			defer response.Body.Close()
			text, err := io.ReadAll(response.Body)
			answered <- fmt.Sprint(response.StatusCode, " ", string(text), err)
		}()
		fmt.Fprint(sender, begin)
		for n := range 600 { // more than go to the store at once
			fmt.Fprintf(sender, "views:/%d,1\n", n)
		}
		for deadline := time.Now().Add(time.Minute); !strings.Contains(app.log(), `"counter":"views:/50"`); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the import does not begin")
			}
		}
		app.stopDrained(t)
		got, changed := <-answered, strings.Count(app.log(), `"msg":"counter changed"`)
		if !strings.HasPrefix(got, "503 ") || !strings.Contains(got, fmt.Sprintf("The program is stopping. The import ended after line %d.", changed+1)) {
			t.Errorf("%s: %d counters changed, and the answer is %s", path, changed, got)
		}
	}
}
