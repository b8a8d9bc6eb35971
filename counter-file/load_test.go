package counterfile_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
	counterfile "example.com/herokuapp/counter-file"
)

// The test binary is also the program that is killed, and whose disk fails.
const (
	loadVariable   = "COUNTERFILE_TEST_LOAD" // the file to count in
	unsyncVariable = "COUNTERFILE_TEST_UNSYNCED"
	addsVariable   = "COUNTERFILE_TEST_ADDS"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(loadVariable); path != "" {
		if err := load(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const loadWorkers = 8

// load adds to counters, many at once, and prints each number that a caller gets. It
// ends by itself, with all counted, if it is told how many additions to make.
func load(path string) error {
	openFile := func(path string) (*counterfile.Store, error) { return counterfile.Open(path, counterfile.Options{}) }
	if os.Getenv(unsyncVariable) != "" {
		openFile = counterfile.OpenUnsynced
	}
	file, err := openFile(path)
	for range 10 { // the disk may be failing
		if err == nil {
			break
		}
		file, err = openFile(path)
	}
	if err != nil {
		return err
	}
	adds := -1
	if text := os.Getenv(addsVariable); text != "" {
		if _, err := fmt.Sscan(text, &adds); err != nil {
			return err
		}
	}
	store := coalesce.New(file, coalesce.Options{Wait: time.Minute, History: true})
	var wg sync.WaitGroup
	for w := range loadWorkers {
		wg.Go(func() {
			for i := 0; i != adds; i++ {
				name := loadName(w, i)
				if number, err := counter.Inc(context.Background(), store, name); err == nil {
					fmt.Fprintf(os.Stdout, "%s %d\n", name, number) // one write
				}
			}
		})
	}
	wg.Wait()
	return store.Close()
}

// loadName is one hot counter or one of many.
func loadName(worker, i int) string {
	if i%2 == 0 {
		return "hot"
	}
	return fmt.Sprintf("views:example.com/a/page/with/a/long/name/%d", (i*31+worker*7)%211)
}

// loadCounts is what all additions come to.
func loadCounts(adds int) map[string]int64 {
	counts := map[string]int64{}
	for w := range loadWorkers {
		for i := range adds {
			counts[loadName(w, i)]++
		}
	}
	return counts
}

// loadCommand is a command that runs load, by way of the words before, if any.
func loadCommand(t *testing.T, path string, before []string, env ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	words := append(before, self)
	cmd := exec.CommandContext(t.Context(), words[0], words[1:]...)
	cmd.Env = append(append(os.Environ(), loadVariable+"="+path), env...)
	cmd.Stderr = os.Stderr
	return cmd
}

// ledger is the numbers that were shown.
type ledger struct {
	shown   map[string]map[int64]bool
	highest map[string]int64
}

func newLedger() *ledger {
	return &ledger{shown: map[string]map[int64]bool{}, highest: map[string]int64{}}
}

// show writes down a line of load's, and returns false if the number was shown before.
func (l *ledger) show(line string) bool {
	name, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	var number int64
	if _, err := fmt.Sscan(text, &number); err != nil {
		panic(line)
	}
	if l.shown[name] == nil {
		l.shown[name] = map[int64]bool{}
	}
	if l.shown[name][number] {
		return false
	}
	l.shown[name][number] = true
	l.highest[name] = max(l.highest[name], number)
	return true
}

// read reads complete lines until there are no more.
func (l *ledger) read(t *testing.T, r io.Reader, each func()) {
	t.Helper()
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		if !l.show(line) {
			t.Errorf("shown twice: %s", line)
		}
		each()
	}
}

// missing returns a counter whose value is below a number shown, if there is one.
func (l *ledger) missing(counts map[string]int64) string {
	for name, number := range l.highest {
		if counts[name] < number {
			return fmt.Sprintf("%s is %d, and %d was shown", name, counts[name], number)
		}
	}
	return ""
}

// countsIn opens the file and returns what it holds. All of it must be in the history.
func countsIn(ctx context.Context, path string) (_ map[string]int64, err error) {
	store, err := counterfile.OpenUnsynced(path)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	counts := map[string]int64{}
	var names []string
	for entry, err := range store.List(ctx, "") {
		if err != nil {
			return nil, err
		}
		counts[entry.Name] = entry.Value
		names = append(names, entry.Name)
	}
	histories, errs := store.Histories(ctx, names, 0, counter.MaxHour)
	for i, name := range names {
		if errs[i] != nil {
			return nil, errs[i]
		}
		if known := sumOf(histories[i]); known != counts[name] {
			return nil, fmt.Errorf("%s is %d, and its history comes to %d", name, counts[name], known)
		}
	}
	return counts, nil
}

// sumOf returns the sum of a counter's history.
func sumOf(history []counter.Bucket) (sum int64) {
	for _, b := range history {
		sum += b.Count
	}
	return sum
}
