//go:build unix

package faultrun

import (
	"reflect"
	"testing"
)

// The judge goes by fields. Whatever a message says, a line about additions counts, or
// is strange, which is a breach: nothing that is reworded or forgotten disarms it.
func TestAppLog(t *testing.T) {
	tests := []struct {
		name, line string
		want       appLog // but for strange, which is to be the line
		strange    bool
	}{
		{"counted", `{"msg":"request","view_status":"counted"}`, appLog{views: map[string]tally{"": {counted: 1}}}, false},
		{"pending, reworded", `{"msg":"GET /","path":"/","view_status":"pending"}`, appLog{views: map[string]tally{"/": {pending: 1}}}, false},
		{"unknown", `{"msg":"request","view_status":"unknown"}`, appLog{views: map[string]tally{"": {unknown: 1}}}, false},
		{"no view", `{"msg":"request","view_status":""}`, appLog{}, false},
		{"failing", `{"msg":"the store fails","event":"failing"}`, appLog{}, false},
		{"recovered", `{"msg":"the store answers","event":"recovered"}`, appLog{}, false},
		{"healed", `{"msg":"lost","event":"healed","counter":"a","additions":2}`, appLog{healed: 2}, false},
		{"refused", `{"msg":"refused","event":"refused","counter":"a","additions":3}`, appLog{dropped: 3}, false},
		{"given up", `{"msg":"given up","event":"given_up","counter":"a","additions":4}`, appLog{dropped: 4}, false},
		{"given up, reworded", `{"msg":"nobody can tell","event":"given_up","additions":4}`, appLog{dropped: 4}, false},
		{"left", `{"msg":"not applied","event":"left","counter":"a","additions":5}`, appLog{dropped: 5}, false},
		{"no event", `{"msg":"additions are given up: nobody can tell whether they were counted","additions":4}`, appLog{}, true},
		{"no known event", `{"msg":"given up","event":"abandoned","additions":4}`, appLog{}, true},
		{"no additions", `{"msg":"given up","event":"given_up"}`, appLog{}, true},
		{"additions as text", `{"msg":"given up","event":"given_up","additions":"4"}`, appLog{}, true},
		{"lines lost", `{"msg":"lines were lost","event":"lines_lost","requests":6,"other":0,"unwritten":0}`, appLog{lost: 6}, false},
		{"other lines lost", `{"msg":"lines were lost","event":"lines_lost","requests":6,"other":1,"unwritten":0}`, appLog{lost: 6}, true},
		{"a panic", `panic: runtime error`, appLog{}, true},
		{"another line", `{"msg":"counts are kept in","store":"redis"}`, appLog{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.strange {
				tt.want.strange = tt.line
			}
			var got appLog
			if _, _ = got.read([]byte(tt.line + "\n")); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%s:\ngot  %+v\nwant %+v", tt.line, got, tt.want)
			}
			dropped := past{name: "app 1", killed: true, log: got}
			if breaches := (&Outcome{lives: []past{dropped}}).Breaches(); (len(breaches) > 0) != (tt.strange || got.dropped > 0) {
				t.Errorf("%s: breaches %q", tt.line, breaches)
			}
		})
	}
}

func TestAppLogServing(t *testing.T) {
	var got appLog
	if address, request := got.read([]byte(`{"msg":"listening","address":"127.0.0.1:80"}`)); address != "127.0.0.1:80" || request {
		t.Errorf("address %q, a request: %t", address, request)
	}
}
