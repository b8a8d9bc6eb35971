package admin_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"example.com/herokuapp/app/internal/sitetest"
	counter "example.com/herokuapp/counter-core"
	counterfile "example.com/herokuapp/counter-file"
	countermemory "example.com/herokuapp/counter-memory"
)

func TestBackup(t *testing.T) {
	store, err := counterfile.Open(filepath.Join(t.TempDir(), "counts.db"), counterfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	sitetest.Set(t, store, "views:/a", 41)
	site := newSite(t, store)
	for _, path := range []string{"/admin/backup", "/admin/api/backup"} {
		got := site.get(path)
		body := got.Body.Bytes()
		if got.Code != http.StatusOK || got.Header().Get("Content-Length") != strconv.Itoa(len(body)) ||
			!strings.HasPrefix(got.Header().Get("Content-Disposition"), `attachment; filename="counts-2`) {
			t.Fatalf("%s: %d, %v", path, got.Code, got.Header())
		}
		copied := filepath.Join(t.TempDir(), "copy.db")
		if err := os.WriteFile(copied, body, 0o600); err != nil {
			t.Fatal(err)
		}
		restored, err := counterfile.Open(copied, counterfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if value, err := restored.Get(t.Context(), "views:/a"); err != nil || value != 41 {
			t.Errorf("%s: the copy has %d, %v; want 41", path, value, err)
		}
		if err := restored.Close(); err != nil {
			t.Error(err)
		}
	}
	if html := site.get("/admin/import").Body.String(); !strings.Contains(html, `href="/admin/backup"`) {
		t.Error("no link to the backup")
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if got := site.get("/admin/api/backup"); got.Code != http.StatusServiceUnavailable {
		t.Errorf("a store that can't be copied: %d", got.Code)
	}
}

func TestNoBackup(t *testing.T) {
	site := newSite(t, counter.Store(countermemory.New()))
	if got := site.get("/admin/api/backup"); got.Code != http.StatusNotFound || !strings.Contains(got.Body.String(), "Export") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if html := site.get("/admin/import").Body.String(); strings.Contains(html, "/admin/backup") {
		t.Error("a link to a backup")
	}
}
