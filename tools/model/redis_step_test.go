//go:build unix

package model

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"example.com/herokuapp/counter-redis/redistest"
)

// deed is a step that is done to a real server, or to the line to it.
type deed struct {
	name string
	do   func(*world)
}

func (d deed) take(w *world) { d.do(w) }

func (d deed) String() string { return d.name }

// drawStep draws a step that takes little time.
func (r *redis) drawStep() *rapid.Generator[step] {
	moments := rapid.SampledFrom([]time.Duration{0, time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond})
	return rapid.Custom(func(t *rapid.T) step {
		moment := moments.Draw(t, "moment")
		switch kind := rapid.SampledFrom([]string{
			"add", "add", "add", "add", "add", "add", "pass", "pass", "faults", "faults", "mend", "cut", "script flush",
			"client kill", "stop", "restart",
		}).Draw(t, "step"); kind {
		case "add":
			s := drawAdd(t, profile{processes: 2})
			s.patience = min(s.patience, moment) // or never
			return s
		case "faults", "mend":
			var faults redistest.Faults
			if kind == "faults" {
				faults = drawFaults(t, moment)
			}
			return deed{fmt.Sprintf("faults %+v", faults), func(*world) { r.proxy.SetFaults(faults) }}
		case "cut":
			return deed{kind, func(*world) { r.proxy.Cut() }}
		case "script flush":
			return deed{kind, func(w *world) { r.command(w, "script", "flush") }}
		case "client kill":
			return deed{kind, func(w *world) { r.command(w, "client", "kill", "type", "normal", "skipme", "yes") }}
		case "stop": // what is sent meanwhile arrives late
			return deed{fmt.Sprint("stop for ", moment), func(*world) { r.stop(moment) }}
		case "restart":
			return deed{kind, func(*world) { r.restart(moment) }}
		default:
			return pass{moment}
		}
	})
}

func drawFaults(t *rapid.T, delay time.Duration) redistest.Faults {
	shares := rapid.SampledFrom([]float64{0, 0.1, 0.5, 1})
	return redistest.Faults{
		LoseRequests: shares.Draw(t, "requests"), LoseReplies: shares.Draw(t, "replies"), Delay: delay,
		Seed: rapid.Uint64().Draw(t, "seed"), Refuse: rapid.Bool().Draw(t, "refuse"),
	}
}

// command has someone at the server give the command.
func (r *redis) command(w *world, args ...any) {
	if err := r.client.Do(w.ctx, args...).Err(); err != nil {
		w.report.wrong("%v: %v", args, err)
	}
}

func (r *redis) stop(moment time.Duration) {
	r.server.Stop()
	time.Sleep(moment)
	r.server.Continue()
}

// restart kills the server, which has on disk all that it has answered.
func (r *redis) restart(moment time.Duration) {
	r.server.Kill()
	time.Sleep(moment)
	r.server.Restart()
}
