//go:build !race

package model

import "os"

// checks is how many scripts each test draws: in CI as many as find what is rare.
func checks() string {
	if os.Getenv("CI") == "true" {
		return "1500"
	}
	return "100"
}
