//go:build unix

package main

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"example.com/herokuapp/tools/internal/faultrun"
)

// Each store, for a short while.
func TestRun(t *testing.T) {
	cfg := config{top: "../..", logs: t.TempDir(), long: 30 * time.Second, rate: 200, stores: stores(), seed: rand.Uint64()}
	var out strings.Builder
	faults, err := run(t.Context(), t, cfg, &out, t.Output())
	t.Log(out.String())
	if err != nil {
		t.Fatal(err)
	}
	if len(faults) > 0 {
		t.Errorf("%q", faults)
	}
	for _, want := range []string{"memory, one process", "file, one process", "single, appendonly yes", "goroutines", "open files"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks %q", want)
		}
	}
}

// watched returns a watch of a process whose gauges are as given, second by second.
func watched(long int, gauge func(second int) []float64) *watch {
	w := newWatch(time.Duration(long) * time.Second)
	w.names[1] = "app 1"
	for second := range long {
		if values := gauge(second); values != nil {
			w.samples = append(w.samples, sample{1, time.Duration(second) * time.Second, values})
		}
	}
	return w
}

func TestJudge(t *testing.T) {
	for name, tt := range map[string]struct {
		gauge func(second int) []float64
		want  string // in the only fault; empty: none
	}{
		"flat":               {func(int) []float64 { return []float64{40, 20, 15} }, ""},
		"warming up":         {func(s int) []float64 { return []float64{min(float64(s), 25), 20, 15} }, ""},
		"an outage":          {func(s int) []float64 { return []float64{40, map[bool]float64{true: 900, false: 20}[s%5 == 0], 15} }, ""},
		"memory grows":       {func(s int) []float64 { return []float64{40 + float64(s), 20, 15} }, "memory grew"},
		"a goroutine leaks":  {func(s int) []float64 { return []float64{40, 20 + float64(s), 15} }, "goroutines grew"},
		"files stay open":    {func(s int) []float64 { return []float64{40, 20, 15 + float64(s)} }, "open files grew"},
		"ends in the middle": {func(s int) []float64 { return map[bool][]float64{true: {40, 20, 15}}[s < 60] }, "no process could be watched"},
		"begins too late":    {func(s int) []float64 { return map[bool][]float64{true: {40, 20, 15}}[s > 60] }, "no process could be watched"},
	} {
		_, faults := watched(100, tt.gauge).judge()
		if tt.want == "" && len(faults) > 0 || tt.want != "" && (len(faults) != 1 || !strings.Contains(faults[0], tt.want)) {
			t.Errorf("%s: %q; want %q", name, faults, tt.want)
		}
	}
}

func TestReadGauges(t *testing.T) {
	const text = "# TYPE go_goroutines gauge\ngo_goroutines 12\nprocess_open_fds 9\nprocess_resident_memory_bytes 4.194304e+07\nother{a=\"b\"} 1\n"
	values, err := readGauges(strings.NewReader(text))
	if err != nil || len(values) != 3 || values[0] != 40 || values[1] != 12 || values[2] != 9 {
		t.Errorf("%v, %v; want 40, 12 and 9", values, err)
	}
	for _, wrong := range []string{"", "go_goroutines 12\n", text + "go_goroutines 12\n", strings.Replace(text, " 12", " twelve", 1)} {
		if values, err := readGauges(strings.NewReader(wrong)); err == nil {
			t.Errorf("%q: %v; want an error", wrong, values)
		}
	}
}

// Only what is known, and comes while or soon after the store has failed, is explained.
func TestExplain(t *testing.T) {
	at := func(second int) time.Time { return time.Unix(int64(second), 0) }
	faults := []faultrun.Struck{{Kind: "server killed", From: at(100), To: at(103)}, {Kind: "app killed", From: at(200), To: at(201)}}
	for name, tt := range map[string]struct {
		line faultrun.Line
		want bool
	}{
		"during it":              {faultrun.Line{At: at(101), Event: "failing", Message: "reworded"}, true},
		"soon after":             {faultrun.Line{At: at(110), Message: "the number of a page is not known"}, true},
		"before":                 {faultrun.Line{At: at(99), Event: "failing"}, false},
		"long after":             {faultrun.Line{At: at(150), Event: "failing"}, false},
		"the app was not ending": {faultrun.Line{At: at(200), Event: "failing"}, false},
		"an answer was cut off":  {faultrun.Line{At: at(200), Message: "metrics: error encoding and sending metric family:write"}, true},
		"not known":              {faultrun.Line{At: at(101), Message: "http: superfluous response.WriteHeader call"}, false},
		"given up":               {faultrun.Line{At: at(101), Event: "given_up", Message: "the number of a page is not known"}, false},
	} {
		explained, unexplained := explain([]faultrun.Line{tt.line}, faults)
		if (explained == 1) != tt.want || (len(unexplained) == 0) != tt.want {
			t.Errorf("%s: %d explained, %d not; want explained: %t", name, explained, len(unexplained), tt.want)
		}
	}
}

func TestParse(t *testing.T) {
	for args, ok := range map[string]bool{
		"":                                true,
		"-for 20s -rate 100 -seed 1":      true,
		"-stores file":                    true,
		"-for 1s":                         false,
		"-rate 1":                         false,
		"-stores none":                    false,
		"-stores file,file":               false,
		"20s":                             false,
		"-stores memory,file,single more": false,
	} {
		if err := command().Parse(strings.Fields(args), t.Output()); (err == nil) != ok {
			t.Errorf("soak %s: %v", args, err)
		}
	}
}
