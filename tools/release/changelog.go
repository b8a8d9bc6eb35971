package main

import (
	"errors"
	"strings"
	"time"
)

const unreleased = "## Unreleased\n"

var (
	errNoHeading = errors.New(`CHANGELOG.md has no heading "## Unreleased"`)
	errNothing   = errors.New(`nothing stands under "## Unreleased" in CHANGELOG.md`)
)

// changelog returns the text of a changelog in which what stands under the heading
// for what is unreleased stands under one of the version, made on that date.
func changelog(text, version string, date time.Time) (string, error) {
	before, after, found := strings.Cut("\n"+text, "\n"+unreleased)
	if !found {
		return "", errNoHeading
	}
	news, older, found := strings.Cut("\n"+after, "\n## ")
	if found {
		older = "\n## " + older
	}
	if news = strings.TrimSpace(news); news == "" {
		return "", errNothing
	}
	heading := "## " + version + " - " + date.Format(time.DateOnly) + "\n"
	return strings.TrimPrefix(before+"\n", "\n") + unreleased + "\n" + heading + "\n" + news + "\n" + older, nil
}
