package counterredis

import (
	"cmp"
	"strconv"
	"strings"
)

// facts are a server's answers to INFO and CONFIG GET, by name. Whatever the server does not
// tell is missing.
type facts map[string]string

// warnings returns a sentence for each danger to the counters. The sentences contain no
// changing numbers. waits says that writes wait for replicas.
func (f facts) warnings(waits bool) []string {
	if f["role"] == "slave" {
		// Its other settings don't matter, because it refuses to count.
		return []string{"role is slave: this Redis is a replica, which refuses to count and may be behind. " +
			"Give the URL of the primary. If Sentinels name this one, leave out those that are out of date."}
	}
	var found []string
	for _, warning := range []string{f.policy(), f.evicted(), f.memory(), f.durability(waits), f.snapshot(), f.appendFile()} {
		if warning != "" {
			found = append(found, warning)
		}
	}
	return found
}

// policy looks at what Redis removes when its memory is full.
func (f facts) policy() string {
	policy := cmp.Or(f["maxmemory_policy"], f["maxmemory-policy"])
	switch {
	case policy == "", policy == "noeviction", f["maxmemory"] == "0": // without a limit, memory is never full
		return ""
	case strings.HasPrefix(policy, "volatile-"):
		return "maxmemory-policy is " + policy + ": when its memory is full, Redis evicts what expires: the records that keep a " +
			"repeated batch from counting twice, and the hours of histories. Set maxmemory-policy to noeviction."
	default:
		return "maxmemory-policy is " + policy + ": when its memory is full, Redis evicts counters, which then begin at zero. " +
			"Set maxmemory-policy to noeviction."
	}
}

// evicted looks at whether Redis has already removed keys.
func (f facts) evicted() string {
	if evicted, ok := f.number("evicted_keys"); !ok || evicted == 0 {
		return ""
	}
	return "evicted_keys is above zero: Redis has evicted keys since it started, and counters may be among them. " +
		"Set maxmemory-policy to noeviction; CONFIG RESETSTAT sets evicted_keys back."
}

// memory looks at how full the memory is.
func (f facts) memory() string {
	used, ok := f.number("used_memory")
	limit, ok2 := f.number("maxmemory")
	if !ok || !ok2 || limit == 0 || used <= 0.9*limit {
		return ""
	}
	return "used_memory is above 90 % of maxmemory: when memory is full, Redis refuses to count, or evicts if maxmemory-policy says so. " +
		"Raise maxmemory, or remove what is not needed."
}

// durability looks at what a crash of Redis or of its machine would lose. Replicas keep what
// the machine had not written, unless the primary restarts: then they copy the primary, even if
// it has less.
func (f facts) durability(waits bool) string {
	const mend = "Set appendonly to yes and appendfsync to always, or choose a plan that keeps each write on disk."
	aof, known := f.appendOnly()
	save, snapshots := f["save"]
	switch {
	case !known:
		return ""
	case !aof && !snapshots:
		return "appendonly is no: when Redis stops, what was counted since its last snapshot is lost, and all if it takes none. " + mend
	case !aof && save == "":
		return "appendonly is no and save is empty: Redis keeps nothing on disk, and every count is lost when it stops. " + mend
	case !aof:
		return "appendonly is no: when Redis crashes, what was counted since its last snapshot is lost. " + mend
	case waits:
		return ""
	}
	switch f["appendfsync"] {
	case "everysec":
		return "appendfsync is everysec: when the machine of Redis crashes, what was counted in the last second or two is lost. " +
			"Set appendfsync to always, or let writes wait for replicas."
	case "no":
		return "appendfsync is no: when the machine of Redis crashes, what was counted in about the last " +
			"half minute is lost. Set appendfsync to always, or let writes wait for replicas."
	default:
		return ""
	}
}

// appendOnly reports whether Redis writes an append-only file, and whether that is known. While
// Redis loads the file, aof_enabled is 0.
func (f facts) appendOnly() (on, known bool) {
	enabled, known := f["aof_enabled"]
	if loading := cmp.Or(f["loading"], "0"); known && (enabled != "0" || loading == "0") {
		return enabled != "0", true
	}
	appendonly, known := f["appendonly"]
	return appendonly != "no", known
}

// snapshot looks at whether the last snapshot was written.
func (f facts) snapshot() string {
	if f["rdb_last_bgsave_status"] != "err" {
		return ""
	}
	return "rdb_last_bgsave_status is err: Redis could not write its last snapshot, and may refuse to count until it can. " +
		"See its log for why, such as a full disk, and then send BGSAVE."
}

// appendFile looks at whether the last write to the append-only file succeeded.
func (f facts) appendFile() string {
	if f["aof_last_write_status"] != "err" {
		return ""
	}
	return "aof_last_write_status is err: Redis could not write its append-only file, and refuses to count until it can. " +
		"See its log for why, such as a full disk."
}

// number returns a fact that is a number.
func (f facts) number(name string) (float64, bool) {
	value, err := strconv.ParseFloat(f[name], 64)
	return value, err == nil
}
