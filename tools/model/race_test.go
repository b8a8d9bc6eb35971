//go:build race

package model

// checks is how many scripts each test draws: few, which is enough for a data race.
func checks() string { return "25" }
