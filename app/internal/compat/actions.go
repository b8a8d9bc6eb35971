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
	deny          // nobody may do it
)

func reads(*call) action   { return read }
func ignores(*call) action { return ignore }
func denies(*call) action  { return deny }

// onlyCamo counts requests of GitHub's image proxy. Others only read.
func onlyCamo(c *call) action {
	if strings.HasPrefix(c.UserAgent(), "github-camo") {
		return count
	}
	return read
}

// unless counts, unless a parameter says that the request only reads.
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
