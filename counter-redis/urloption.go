package counterredis

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The longest time that an option may have. Anything longer is a mistake, or overflows an
// int64 of nanoseconds.
const maxTime = 366 * 24 * time.Hour

// optionsFault returns what is wrong with the URL's options for [redis.ParseURL], or "". It
// names the option but never its value.
//
// go-redis ignores some of these faults, and only Redis notices others, at each command.
func optionsFault(u *url.URL) string {
	query := u.Query()
	for _, name := range slices.Sorted(maps.Keys(query)) {
		values := query[name]
		check, known := optionCheck(name)
		switch {
		case !known:
			return unknownOption(name)
		case len(values) > 1: // of which go-redis takes the last
			return "its option " + name + " is given twice"
		case values[0] == "": // as if it were not given
		case name == "skip_verify" && u.Scheme != "rediss":
			return "its option skip_verify is for rediss:// alone"
		default:
			if fault := check(values[0]); fault != "" {
				return "its option " + name + " is not " + fault
			}
		}
	}
	for _, pair := range [][2]string{
		{"min_idle_conns", "pool_size"}, {"min_idle_conns", "max_idle_conns"}, {"min_idle_conns", "max_active_conns"},
	} {
		less, _ := strconv.Atoi(query.Get(pair[0])) // they are numbers, or not given
		more, _ := strconv.Atoi(query.Get(pair[1]))
		if more > 0 && less > more {
			return "its option " + pair[0] + " is more than its " + pair[1]
		}
	}
	for _, names := range [][2]string{{"idle_timeout", "conn_max_idle_time"}, {"max_conn_age", "conn_max_lifetime"}} {
		if query.Has(names[0]) && query.Has(names[1]) {
			return "its option " + names[0] + " is the old name of " + names[1] + ", which it also has"
		}
	}
	if database := strings.Trim(u.Path, "/"); u.Scheme != "unix" && database != "" && query.Get("db") != "" {
		path, _ := strconv.Atoi(database)
		option, _ := strconv.Atoi(query.Get("db"))
		if path != option {
			return "it names two databases, one in its path and one by the option db"
		}
	}
	return ""
}

// optionNames are the options of [redis.ParseURL].
func optionNames() []string {
	return []string{
		"client_name", "conn_max_idle_time", "conn_max_lifetime", "conn_max_lifetime_jitter", "db", "dial_timeout",
		"idle_timeout", "max_active_conns", "max_concurrent_dials", "max_conn_age", "max_idle_conns", "max_retries",
		"max_retry_backoff", "min_idle_conns", "min_retry_backoff", "pipeline_pool_size", "pipeline_read_buffer_size",
		"pipeline_write_buffer_size", "pool_fifo", "pool_size", "pool_timeout", "protocol", "read_timeout", "skip_verify",
		"write_timeout",
	}
}

// optionCheck returns a function that checks values of an option. It returns what a wrong
// value should be, and "" for a right one.
func optionCheck(name string) (check func(value string) string, known bool) {
	switch name {
	case "db":
		return integer(0, 1<<31-1), true
	case "protocol":
		return integer(2, 3), true
	case "client_name":
		return clientName, true
	case "pool_size":
		return integer(1, maxConns), true
	case "min_idle_conns", "max_idle_conns", "max_active_conns", "max_concurrent_dials":
		return integer(0, maxConns), true
	case "pipeline_pool_size": // -1: none
		return integer(-1, maxConns), true
	case "pipeline_read_buffer_size", "pipeline_write_buffer_size":
		return integer(0, 64<<20), true
	case "max_retries": // which is ignored
		return integer(-1, 1<<31-1), true
	case "dial_timeout", "pool_timeout":
		return duration(false), true
	case "read_timeout", "write_timeout", "conn_max_idle_time", "idle_timeout", "conn_max_lifetime", "max_conn_age",
		"conn_max_lifetime_jitter", "min_retry_backoff", "max_retry_backoff":
		return duration(true), true
	case "pool_fifo", "skip_verify":
		return boolean, true
	default:
		return nil, false
	}
}

func integer(least, most int) func(string) string {
	return func(value string) string {
		if n, err := strconv.Atoi(value); err != nil || n < least || n > most {
			return "a whole number within " + strconv.Itoa(least) + " and " + strconv.Itoa(most)
		}
		return ""
	}
}

// duration checks a time that go-redis reads: a number of seconds, or one with its unit.
func duration(canBeNone bool) func(string) string {
	return func(value string) string {
		if canBeNone && (value == "0" || value == "-1") {
			return ""
		}
		d, err := time.ParseDuration(value)
		if seconds, errSeconds := strconv.Atoi(value); errSeconds == nil {
			d, err = 0, nil
			if 0 < seconds && seconds <= int(maxTime/time.Second) {
				d = time.Duration(seconds) * time.Second
			}
		}
		if err == nil && time.Millisecond <= d && d <= maxTime {
			return ""
		}
		if canBeNone {
			return "a time from 1ms on, like 500ms or 2s, or -1 for none"
		}
		return "a time from 1ms on, like 500ms or 2s"
	}
}

func boolean(value string) string {
	if slices.Contains([]string{"true", "false", "1", "0"}, value) {
		return ""
	}
	return "true or false"
}

// clientName checks a name as CLIENT SETNAME does.
func clientName(value string) string {
	if strings.ContainsFunc(value, func(r rune) bool { return r < '!' || r > '~' }) {
		return "a name without spaces, line breaks and characters beyond ASCII"
	}
	return ""
}

// unknownOption names the option that was probably meant. It does not quote the unknown one,
// which may be the rest of a password with a question mark.
func unknownOption(name string) string {
	for _, known := range append(optionNames(), "addr", "master_name", "max_redirects") {
		if near(name, known) {
			return "an option after the ? is unknown; is " + known + " meant?"
		}
	}
	return "an option after the ? is unknown"
}

// near reports whether two names differ only in case, hyphens and up to two letters.
func near(name, known string) bool {
	name = strings.ReplaceAll(strings.ToLower(name), "-", "_")
	if strings.ReplaceAll(name, "_", "") == strings.ReplaceAll(known, "_", "") {
		return true
	}
	start, end := 0, 0
	for start < min(len(name), len(known)) && name[start] == known[start] {
		start++
	}
	for end < min(len(name), len(known))-start && name[len(name)-1-end] == known[len(known)-1-end] {
		end++
	}
	return max(len(name), len(known))-start-end <= 2 && len(known) > 4
}
