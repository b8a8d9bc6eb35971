package config

import "runtime/debug"

// linkedRevision is set by the linker in builds without Git. Heroku's buildpack sets the
// variable that GO_LINKER_SYMBOL names.
var linkedRevision string //nolint:gochecknoglobals // the linker can set nothing else

// Revision names the commit the program was built from, or "unknown".
func Revision(getenv func(string) string) string {
	if linkedRevision != "" {
		return linkedRevision
	}
	if commit := getenv("HEROKU_SLUG_COMMIT"); commit != "" { // set if dyno metadata is on
		return commit
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	commit, modified := "unknown", ""
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "vcs.revision":
			commit = setting.Value
		case setting.Key == "vcs.modified" && setting.Value == "true":
			modified = ", modified"
		}
	}
	return commit + modified
}
