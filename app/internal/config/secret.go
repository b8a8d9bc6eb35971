package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The minimums keep an attacker from guessing; the maximum fits a header.
const (
	minPassword = 12 // characters
	maxPassword = 1024
	minKey      = 32 // bytes, also of a token
)

// newKey is a command, not a value: somebody would use a value copied from an example.
const newKey = "$(openssl rand -hex 32)"

// setSecret is [set] for a variable whose value must not appear in an error.
func setSecret(field *string, getenv func(string) string, variable string, check func(string) error, example string) error {
	text := getenv(variable)
	if text == "" {
		return nil
	}
	err := check(text)
	if strings.HasPrefix(text, "$(") {
		err = errors.New("is a shell command instead of its output")
	}
	if err != nil {
		return &Error{Variable: variable, Fault: err.Error(), Example: example}
	}
	*field = text
	return nil
}

// checkPassword refuses passwords that can be guessed, or that a form or a header would
// change.
func checkPassword(text string) error {
	switch {
	case !utf8.ValidString(text):
		return errors.New("is not valid UTF-8")
	case utf8.RuneCountInString(text) < minPassword:
		return fmt.Errorf("is shorter than %d characters", minPassword)
	case len(text) > maxPassword:
		return fmt.Errorf("is longer than %d bytes", maxPassword)
	case strings.ContainsFunc(text, unicode.IsControl):
		return errors.New("is not one line: it contains a control character")
	case strings.TrimSpace(text) != text:
		return errors.New("is not trimmed: it begins or ends with a space")
	}
	return nil
}

// checkToken refuses tokens that can be guessed or that a header can't hold.
func checkToken(text string) error {
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("is not only visible ASCII characters")
	}
	return checkKey(text)
}

func checkKey(text string) error {
	if len(text) < minKey {
		return fmt.Errorf("is shorter than %d bytes", minKey)
	}
	return nil
}
