package config

import "runtime/debug"

// linkedVersion is set by the linker in the programs of a release.
var linkedVersion string //nolint:gochecknoglobals // the linker can set nothing else

// Version is the version of the program, such as v0.2.0, or "(devel)" if it has none.
func Version() string {
	if linkedVersion != "" {
		return linkedVersion
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

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
