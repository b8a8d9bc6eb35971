package main

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestVisit(t *testing.T) {
	const page = "This page was viewed 1 times."
	const health = `{"status":"ok","revision":"` + sourceVersion + `"}`
	tests := []struct {
		name    string
		answers map[string]string
		wantErr string
	}{
		{"good", map[string]string{"/": page, "/healthz": health}, ""},
		{"no page", map[string]string{"/healthz": health}, "GET / answers 404 Not Found"},
		{"viewed before", map[string]string{"/": "viewed 2 times"}, "GET / does not say \"viewed 1 times\":\nviewed 2 times"},
		{
			"not stamped",
			map[string]string{"/": page, "/healthz": `{"status":"ok","revision":"unknown"}`},
			`GET /healthz says that the revision is "unknown", want "` + sourceVersion +
				`": does GO_LINKER_SYMBOL in app.json name the variable?`,
		},
		{"no JSON", map[string]string{"/": page, "/healthz": "ok"}, "GET /healthz: invalid character 'o' looking for beginning of value"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if answer, ok := tt.answers[r.URL.Path]; ok {
					_, _ = w.Write([]byte(answer))
					return
				}
				http.NotFound(w, r)
			}))
			defer server.Close()
			v := visitor{base: server.URL}
			if err := v.visit(t.Context()); message(err) != tt.wantErr {
				t.Errorf("error %q, want %q", message(err), tt.wantErr)
			}
		})
	}
}

func TestDynoEnv(t *testing.T) {
	w := walk{build: "/home", manifest: manifest{Env: map[string]variable{
		"SECRET_KEY": {Generator: "secret"},
		"DEBUG":      {Value: "true"},
		"PORT":       {Value: "1"},
	}}}
	got := w.dynoEnv("8000")
	if secret := got["SECRET_KEY"]; len(secret) < 32 {
		t.Errorf("the secret is %q", secret)
	}
	delete(got, "SECRET_KEY")
	want := map[string]string{
		"DEBUG": "true", "PORT": "8000", "HOST": "127.0.0.1", "HOME": "/home", "PATH": "/usr/local/bin:/usr/bin:/bin:/home/bin",
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWithText(t *testing.T) {
	err := withText(errExited, strings.TrimSpace(strings.Repeat("no\n", 5)+strings.Repeat("yes\n", 20)))
	if want := "exit status 0" + strings.Repeat("\nyes", 20); err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}
