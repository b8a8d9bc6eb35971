package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what an attacker must not guess, and of what fits a header.
const (
	minPassword = 12 // characters
	maxPassword = 1024
	minKey      = 32 // bytes, of a token too
)

// newKey is a command, not a value: one that an example shows would be used.
const newKey = "$(openssl rand -hex 32)"

// setSecret is [set] for a variable of which no error may show the value.
func setSecret(field *string, getenv func(string) string, variable string, check func(string) error, example string) error {
	text := getenv(variable)
	if text == "" {
		return nil
	}
	err := check(text)
	if strings.HasPrefix(text, "$(") {
		err = errors.New("is a command that no shell has run")
	}
	if err != nil {
		return &Error{Variable: variable, Fault: err.Error(), Example: example}
	}
	*field = text
	return nil
}

// checkPassword refuses what can be guessed, and what a form or a header would
// change on its way.
func checkPassword(text string) error {
	switch {
	case !utf8.ValidString(text):
		return errors.New("is no text in UTF-8")
	case utf8.RuneCountInString(text) < minPassword:
		return fmt.Errorf("is shorter than %d characters", minPassword)
	case len(text) > maxPassword:
		return fmt.Errorf("is longer than %d bytes", maxPassword)
	case strings.ContainsFunc(text, unicode.IsControl):
		return errors.New("is not one line: it has control characters")
	case strings.TrimSpace(text) != text:
		return errors.New("is not trimmed: it begins or ends with a space")
	}
	return nil
}

// checkToken refuses what is too short to be unguessable, and what a header can't hold.
func checkToken(text string) error {
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("is not of visible ASCII characters alone")
	}
	return checkKey(text)
}

func checkKey(text string) error {
	if len(text) < minKey {
		return fmt.Errorf("is shorter than %d bytes", minKey)
	}
	return nil
}
