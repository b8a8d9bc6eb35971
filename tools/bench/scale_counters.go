package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// holding is what it costs a store to hold many counters. Times are in seconds, and 0 if there
// is nothing to measure.
type holding struct {
	Name                 string
	Import, Export       float64
	List, Overview       float64 // the first page of 100 counters; the first answer of the admin site's first page
	Start                float64 // of a process with a store that has them
	Bytes                float64 // a counter, in the store
	Process, ProcessIdle float64 // MiB of memory after the import; after that start
}

// Credentials of a measured process, which only this machine can reach.
const (
	adminToken    = "a-token-of-32-letters-for-a-bench" //nolint:gosec // see above
	adminPassword = "a long password for a bench"
)

// measureStores holds so many counters in each store.
func (b *bench) measureStores(ctx context.Context, counters int) ([]holding, error) {
	file := filepath.Join(b.dir, "counters.csv")
	if err := writeCounters(file, counters); err != nil {
		return nil, err
	}
	data := filepath.Join(b.dir, "many.db")
	var all []holding
	for _, s := range []struct {
		name, env string
		size      func() (float64, error) // of the store, in bytes; nil if it is the process
	}{
		{"memory", "", nil},
		{"file", "DATA_FILE=" + data, func() (float64, error) { return sizeOf(data) }},
		{"redis", "REDIS_URL=redis://" + b.redis.addr, func() (float64, error) { return b.usedMemory(ctx) }},
	} {
		fmt.Fprintf(b.progress, "%d counters in %s\n", counters, s.name)
		h, err := b.hold(ctx, file, counters, s.env, s.size)
		if err != nil {
			return nil, fmt.Errorf("%d counters in %s: %w", counters, s.name, err)
		}
		h.Name = s.name
		all = append(all, h)
	}
	return all, nil
}

// writeCounters writes a file of counters for an import.
func writeCounters(file string, counters int) (err error) {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "name,value")
	for i := range counters {
		fmt.Fprintf(w, "views:example.com/a-page-of-a-blog/%d,%d\n", i, i+1)
	}
	return w.Flush()
}

// hold measures one store.
func (b *bench) hold(ctx context.Context, file string, counters int, env string, size func() (float64, error)) (h holding, err error) {
	variables := []string{anyRate, "ADMIN_TOKEN=" + adminToken, "ADMIN_PASSWORD=" + adminPassword, "IMPORT_LIMIT=" + strconv.Itoa(counters), env}
	app, err := start(ctx, variables, filepath.Join(b.dir, "app"), nil)
	if err != nil {
		return h, err
	}
	defer func() { app.end() }()
	emptyProcess, err := app.memory()
	if err != nil {
		return h, err
	}
	var empty float64
	if size != nil {
		if empty, err = size(); err != nil {
			return h, err
		}
	}
	owner, err := logIn(ctx, app.addr)
	if err != nil {
		return h, err
	}
	if h.Import, err = timed(func() error { return owner.importAll(ctx, file, counters) }); err != nil {
		return h, err
	}
	process, err := app.memory()
	if err != nil {
		return h, err
	}
	h.Process = process / (1 << 20)
	h.Bytes = (process - emptyProcess) / float64(counters)
	if size != nil {
		full, err := size()
		if err != nil {
			return h, err
		}
		h.Bytes = (full - empty) / float64(counters)
	}
	// If the store outlives its process, measure the rest in one that has not just imported.
	if size != nil {
		app.end()
		h.Start, err = timed(func() (err error) {
			app, err = start(ctx, variables, filepath.Join(b.dir, "app"), nil)
			return err
		})
		if err != nil {
			return h, err
		}
		if owner, err = logIn(ctx, app.addr); err != nil {
			return h, err
		}
		if process, err = app.memory(); err != nil {
			return h, err
		}
		h.ProcessIdle = process / (1 << 20)
	}
	for _, m := range []struct {
		seconds *float64
		do      func() error
	}{
		{&h.List, func() error { _, err := owner.get(ctx, "/admin/api/counters?limit=100"); return err }},
		{&h.Overview, func() error { _, err := owner.get(ctx, "/admin/"); return err }},
		{&h.Export, func() error {
			lines, err := owner.get(ctx, "/admin/api/export?format=csv")
			if err == nil && lines != counters+1 {
				err = fmt.Errorf("the export has %d lines; want %d", lines, counters+1)
			}
			return err
		}},
	} {
		if *m.seconds, err = timed(m.do); err != nil {
			return h, err
		}
	}
	return h, nil
}

// owner is the owner of the app.
type owner struct {
	base   string
	client *http.Client
}

// logIn logs in to the admin site.
func logIn(ctx context.Context, addr string) (owner, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return owner{}, err
	}
	o := owner{"http://" + addr, &http.Client{
		Jar: jar, Timeout: 15 * time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // nobody is to see the overview yet
	}}
	form := url.Values{"password": {adminPassword}}
	err = o.do(ctx, http.MethodPost, "/admin/login", "application/x-www-form-urlencoded", strings.NewReader(form.Encode()), http.StatusSeeOther, nil)
	return o, err
}

// do sends a request and calls read with the answer's body. The answer must have the status.
func (o owner) do(ctx context.Context, method, path, contentType string, body io.Reader, status int, read func(io.Reader) error) error {
	request, err := http.NewRequestWithContext(ctx, method, o.base+path, body)
	if err != nil {
		return err
	}
	if strings.HasPrefix(path, "/admin/api/") {
		request.Header.Set("Authorization", "Bearer "+adminToken)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := o.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != status {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 1000)) // to be shown
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text)
	}
	if read == nil {
		return nil
	}
	return read(response.Body)
}

// get reads an answer and returns the number of its lines.
func (o owner) get(ctx context.Context, path string) (lines int, err error) {
	err = o.do(ctx, http.MethodGet, path, "", http.NoBody, http.StatusOK, func(body io.Reader) error {
		scanner := bufio.NewScanner(body)
		scanner.Buffer(nil, 16<<20)
		for scanner.Scan() {
			lines++
		}
		return scanner.Err()
	})
	return lines, err
}

// importAll imports the file. Each of its counters must be new.
func (o owner) importAll(ctx context.Context, file string, counters int) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	return o.do(ctx, http.MethodPost, "/admin/api/import?mode=set", "text/csv", f, http.StatusOK, func(body io.Reader) error {
		var report struct{ Changed int }
		if err := json.NewDecoder(body).Decode(&report); err != nil {
			return err
		}
		if report.Changed != counters {
			return fmt.Errorf("the import set %d counters of %d", report.Changed, counters)
		}
		return nil
	})
}

// usedMemory returns how many bytes Redis uses.
func (b *bench) usedMemory(ctx context.Context) (float64, error) {
	info, err := b.client.InfoMap(ctx, "memory").Result()
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(info["Memory"]["used_memory"], 64)
}

// sizeOf returns the size of a file, 0 if there is none yet.
func sizeOf(file string) (float64, error) {
	info, err := os.Stat(file)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return float64(info.Size()), nil
}

// memory returns how many bytes of memory the process has.
func (p process) memory() (float64, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/status")
	if err != nil {
		return 0, fmt.Errorf("memory, which needs Linux: %w", err)
	}
	_, rest, _ := strings.Cut(string(text), "\nVmRSS:")
	var kib float64
	if _, err := fmt.Sscanf(rest, "%f kB", &kib); err != nil {
		return 0, fmt.Errorf("memory of a process: %w", err)
	}
	return kib * 1024, nil
}
