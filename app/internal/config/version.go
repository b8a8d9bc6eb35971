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
