package main

import (
	"fmt"
	"path"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// checkVersion says why the version can't be the next one after those of the tags,
// which may be of any module.
func checkVersion(version string, tags []string) error {
	switch {
	case !semver.IsValid(version) || semver.Canonical(version) != version || module.IsPseudoVersion(version):
		return fmt.Errorf("%q is no version such as v0.2.0", version)
	case semver.Major(version) != "v0" && semver.Major(version) != "v1":
		return fmt.Errorf("%s: from v2 on, the path of each module would have to end with /%s", version, semver.Major(version))
	}
	highest := ""
	for _, tag := range tags {
		last := path.Base(tag)
		if last == version {
			return fmt.Errorf("the tag %s exists", tag)
		}
		if semver.IsValid(last) && semver.Canonical(last) == last && semver.Compare(last, highest) > 0 {
			highest = last
		}
	}
	if semver.Compare(version, highest) < 0 {
		return fmt.Errorf("%s is not higher than the last version, %s", version, highest)
	}
	return nil
}
