package counterfile_test

import (
	"math/rand/v2"
	"path/filepath"
	"testing"
)

// A process that is killed under load, ten times, has shown no number twice, and none
// that the file does not hold.
func TestKilled(t *testing.T) {
	t.Parallel()
	const kills = 10
	path := filepath.Join(t.TempDir(), "counts.db") // on a disk
	shown := newLedger()
	for range kills {
		cmd := loadCommand(t, path, nil)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines, last := 0, 100+rand.IntN(1000)
		shown.read(t, out, func() {
			if lines++; lines == last {
				if err := cmd.Process.Kill(); err != nil {
					t.Error(err)
				}
			}
		})
		if lines < last {
			t.Fatalf("the load has ended by itself after %d numbers: %v", lines, cmd.Wait())
		}
		_ = cmd.Wait() // it was killed

		counts, err := countsIn(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if fault := shown.missing(counts); fault != "" {
			t.Fatal(fault)
		}
		for name, value := range counts {
			if more := value - int64(len(shown.shown[name])); more > kills*loadWorkers {
				t.Fatalf("%s is %d, %d more than were shown", name, value, more)
			}
		}
	}
}
