package counterfile_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The load runs under strace, which records every write to the file and every sync, and
// makes some fail. From the record the test makes what the disk may hold if the power
// fails at any point: all that was synced, and any part of what was not.

// A run makes loadWorkers times so many additions.
const tracedAdds = 80

func TestPowerLoss(t *testing.T) {
	t.Parallel()
	trace := record(t, nil)
	for image := range trace.images(400) {
		if fault := image.fault(t); fault != "" {
			t.Fatalf("cut after %d of %d calls: %s", image.at, len(trace.calls), fault)
		}
	}
}

// The test can fail: without Sync it does.
func TestPowerLossUnsynced(t *testing.T) {
	t.Parallel()
	trace := record(t, nil, unsyncVariable+"=1")
	for image := range trace.images(400) {
		if image.fault(t) != "" {
			return
		}
	}
	t.Error("nothing is lost in 400 power losses without Sync")
}

// While the disk fails or hangs, and when it works again, nothing is lost or counted twice. A
// sync that fails may have written nothing, and the next one may take for written what
// is not.
func TestFailingDisk(t *testing.T) {
	for _, inject := range []string{
		"fdatasync:error=EIO:when=5+7",
		"pwrite64:error=ENOSPC:when=20+31",
		"fsync:error=EIO:when=1+3",
		"fsync,fdatasync,pwrite64:error=EIO:when=20+31",
		"ftruncate:error=ENOSPC:when=1+2",
		"fdatasync:delay_enter=1500000:when=9+200", // longer than an attempt
	} {
		t.Run(inject, func(t *testing.T) {
			t.Parallel()
			trace := record(t, []string{"-e", "inject=" + inject})
			if trace.injected == 0 {
				t.Error("no call has failed, or was late")
			}
			for image := range trace.images(50) {
				if fault := image.fault(t); fault != "" {
					t.Fatalf("cut after %d of %d calls: %s", image.at, len(trace.calls), fault)
				}
			}
		})
	}
}

// call is one that the load made: a write to the file, a sync, or a number shown.
type call struct {
	name   string
	data   []byte
	at     int64
	failed bool
}

type trace struct {
	path     string
	start    []byte // what the file held
	calls    []*call
	injected int // how many calls strace made fail, or delayed
}

// record runs the load under strace. All must be counted once, whatever fails.
func record(t *testing.T, options []string, env ...string) *trace {
	t.Helper()
	path := newPath(t)
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	start, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(filepath.Dir(path), "strace.log")
	before := append([]string{
		"strace", "-f", "--seccomp-bpf", "-qq", "-y", "-xx", "-s", "1000000", "-o", log,
		"-e", "trace=pwrite64,ftruncate,fsync,fdatasync,write", "-e", "signal=none",
	}, options...)
	cmd := loadCommand(t, path, before, append(env, addsVariable+"="+strconv.Itoa(tracedAdds))...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v; tools/testdeps installs strace", err)
	}
	shown := newLedger()
	shown.read(t, out, func() {})
	if err := cmd.Wait(); err != nil {
		t.Fatalf("the load: %v", err)
	}
	counts, err := countsIn(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	want := loadCounts(tracedAdds)
	for name := range want {
		if counts[name] != want[name] {
			t.Errorf("%s is %d; want %d", name, counts[name], want[name])
		}
	}
	return parse(t, log, path, start)
}

// parse reads strace's log. A call that another thread interrupts is on two lines.
func parse(t *testing.T, log, path string, start []byte) *trace {
	t.Helper()
	file, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	tr := &trace{path: path, start: start}
	began := map[string]*call{} // by thread
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		thread, line, _ := strings.Cut(lines.Text(), " ")
		line = strings.TrimLeft(line, " ")
		if strings.HasPrefix(line, "<...") {
			c := began[thread]
			delete(began, thread)
			tr.end(c, line)
			continue
		}
		c := newCall(t, line, path)
		tr.begin(c)
		if strings.HasSuffix(line, "<unfinished ...>") {
			began[thread] = c
		} else {
			tr.end(c, line)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return tr
}

// begin adds a call that has an effect from its beginning on.
func (tr *trace) begin(c *call) {
	if c != nil && !strings.HasSuffix(c.name, "sync") {
		tr.calls = append(tr.calls, c)
	}
}

// end adds a call that has its effect at its end.
func (tr *trace) end(c *call, line string) {
	if c == nil {
		return
	}
	c.failed = strings.Contains(line, " = -1 ")
	if c.failed || strings.Contains(line, "(DELAYED)") {
		tr.injected++
	}
	if strings.HasSuffix(c.name, "sync") {
		tr.calls = append(tr.calls, c)
	}
}

// newCall returns the call of a line, or nil if it is not of the file nor to stdout.
func newCall(t *testing.T, line, path string) *call {
	t.Helper()
	name, arguments, _ := strings.Cut(line, "(")
	c := &call{name: name}
	fd, arguments, _ := strings.Cut(arguments, "<")
	where, rest, _ := strings.Cut(arguments, ">")
	if name == "write" {
		if fd != "1" {
			return nil
		}
	} else if string(unescape(where)) != path {
		return nil
	}
	switch name {
	case "write", "pwrite64":
		_, rest, _ = strings.Cut(rest, `"`)
		text, rest, _ := strings.Cut(rest, `"`)
		c.data = unescape(text)
		if name == "pwrite64" {
			if _, err := fmt.Sscanf(rest, ", %d, %d", new(int), &c.at); err != nil {
				t.Fatalf("%v: %.200q", err, rest)
			}
		}
	case "ftruncate":
		if _, err := fmt.Sscanf(rest, ", %d", &c.at); err != nil {
			t.Fatalf("%v: %.200q", err, rest)
		}
	}
	return c
}

// unescape reads text that is all \xNN. There are many megabytes of it, which the race detector need not watch.
//
//go:norace
func unescape(text string) []byte {
	nibble := func(c byte) byte {
		if c >= 'a' {
			return c - 'a' + 10
		}
		return c - '0'
	}
	raw := make([]byte, len(text)/len(`\xNN`))
	for i := range raw {
		raw[i] = nibble(text[4*i+2])<<4 | nibble(text[4*i+3])
	}
	return raw
}

// image is what a disk may hold after a power loss.
type image struct {
	path  string // to write it to
	at    int    // after how many calls
	data  []byte
	shown *ledger
}

const sector = 512

// images yields what disks may hold, cut at random points.
func (tr *trace) images(n int) func(func(*image) bool) {
	return func(yield func(*image) bool) {
		cuts := make([]int, len(tr.calls)+1)
		for range n {
			cuts[rand.IntN(len(cuts))]++
		}
		disk := append([]byte(nil), tr.start...)
		var unsynced []*call
		shown := newLedger()
		for at := range cuts {
			for range cuts[at] {
				if !yield(&image{tr.path + "-image", at, cut(disk, unsynced), shown}) {
					return
				}
			}
			if at == len(tr.calls) {
				return
			}
			switch c := tr.calls[at]; {
			case c.name == "write":
				shown.show(string(c.data))
			case !strings.HasSuffix(c.name, "sync"):
				if !c.failed {
					unsynced = append(unsynced, c)
				}
			case c.failed: // the system forgets that it has not written this
				unsynced = nil
			default:
				for _, c := range unsynced {
					disk = c.apply(disk, func() bool { return true })
				}
				unsynced = nil
			}
		}
	}
}

// cut returns the disk with none, some or all sectors of what was not synced.
func cut(disk []byte, unsynced []*call) []byte {
	disk = append([]byte(nil), disk...)
	part := []float64{0, 0.5, 0.9, 1}[rand.IntN(4)]
	for _, c := range unsynced {
		disk = c.apply(disk, func() bool { return rand.Float64() < part })
	}
	return disk
}

// apply applies those sectors of a write that written says.
func (c *call) apply(disk []byte, written func() bool) []byte {
	if c.name == "ftruncate" {
		return resize(disk, int(c.at), written())
	}
	for i := 0; i < len(c.data); i += sector {
		end := min(i+sector, len(c.data))
		if written() {
			at := int(c.at) + i
			disk = resize(disk, max(len(disk), at+end-i), true)
			copy(disk[at:], c.data[i:end])
		}
	}
	return disk
}

func resize(disk []byte, size int, do bool) []byte {
	if !do || size == len(disk) {
		return disk
	}
	if size < len(disk) {
		return disk[:size]
	}
	return append(disk, make([]byte, size-len(disk))...)
}

// fault says what is wrong with what the disk holds, if anything is.
func (i *image) fault(t *testing.T) string {
	t.Helper()
	if err := os.WriteFile(i.path, i.data, 0o600); err != nil {
		t.Fatal(err)
	}
	counts, err := countsIn(t.Context(), i.path)
	if err != nil {
		return err.Error()
	}
	return i.shown.missing(counts)
}
