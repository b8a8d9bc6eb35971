package admin

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/respond"
	"example.com/herokuapp/templates"
)

// backupPage answers a browser, apiBackup a script.
func (s *site) backupPage(w http.ResponseWriter, r *http.Request) {
	s.backup(w, r, func(status int, text string) { s.pageProblem(w, r, status, text, templates.AdminName{}) })
}

func (s *site) apiBackup(w http.ResponseWriter, r *http.Request) {
	s.backup(w, r, func(status int, text string) { apiProblem(w, status, text) })
}

// backup sends a copy of the store, and its length first, so that a client notices an incomplete
// copy.
func (s *site) backup(w http.ResponseWriter, r *http.Request, refuse func(status int, text string)) {
	if s.about.Backup == nil {
		refuse(http.StatusNotFound, "Only counts in a file can be copied as a whole. Export the counters instead.")
		return
	}
	copied, err := s.about.Backup.Snapshot(context.WithoutCancel(r.Context()))
	if err != nil {
		s.log.Warn("the store can't be copied", zap.String("request", respond.RequestID(r)), zap.Error(err))
		refuse(http.StatusServiceUnavailable, "The file can't be copied now. The log says why.")
		return
	}
	defer copied.Close()
	size, err := copied.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = copied.Seek(0, io.SeekStart)
	}
	if err != nil {
		refuse(http.StatusServiceUnavailable, "The copy can't be read.")
		return
	}
	download := &download{ResponseWriter: w, deadlines: &deadlines{control: http.NewResponseController(w)}, header: http.Header{
		"Content-Type":        {"application/octet-stream"},
		"Content-Length":      {strconv.FormatInt(size, 10)},
		"Content-Disposition": {fmt.Sprintf(`attachment; filename="counts-%s.db"`, time.Now().UTC().Format("2006-01-02-150405"))},
	}}
	download.begin()
	if r.Method == http.MethodHead {
		return
	}
	if _, err := io.Copy(download, copied); err != nil {
		panic(http.ErrAbortHandler)
	}
}
