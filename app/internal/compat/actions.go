package compat

import "strings"

// action is what a request does with the counter that it names.
type action int

const (
	count  action = iota
	read          // tells the number
	ignore        // does not ask for the number
	set           // sets the counter, if the owner asks
	add           // adds to the counter, if the owner asks
	deny          // what nobody may do
)

func reads(*call) action   { return read }
func ignores(*call) action { return ignore }
func denies(*call) action  { return deny }

// onlyCamo counts what GitHub's proxy for images asks for, and only reads for others.
func onlyCamo(c *call) action {
	if strings.HasPrefix(c.UserAgent(), "github-camo") {
		return count
	}
	return read
}

// unless counts if a parameter does not say that the request only reads.
func unless(parameter string) func(*call) action {
	return func(c *call) action {
		if is(c.param(parameter)) {
			return read
		}
		return count
	}
}

// shows counts, unless the request only shows what it is given.
func shows(c *call) action {
	if c.values.Has("num") || c.segment("name") == "demo" {
		return ignore
	}
	return count
}

func sets(*call) action { return set }
func adds(*call) action { return add }
