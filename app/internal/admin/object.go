package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// readObject reads one JSON object whose members are those named, each once, and
// strings or numbers. It is stricter than json.Unmarshal, which takes
// "VALUE" for "value", the last of two, and any bytes for a string.
func readObject(text []byte, members ...string) (map[string]any, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("it is not valid UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	token := func() (json.Token, error) {
		token, err := decoder.Token()
		if err != nil {
			return nil, errors.New("it is no whole JSON object")
		}
		return token, nil
	}
	if open, err := token(); err != nil || open != json.Delim('{') {
		return nil, errors.New("it is no JSON object")
	}
	object := map[string]any{}
	for {
		key, err := token()
		if err != nil {
			return nil, err
		}
		if key == json.Delim('}') {
			break
		}
		name, _ := key.(string)
		if !slices.Contains(members, name) {
			return nil, fmt.Errorf("it has a member %.40q, which means nothing here", name)
		}
		if _, ok := object[name]; ok {
			return nil, fmt.Errorf("it has two members %q", name)
		}
		value, err := token()
		if err != nil {
			return nil, err
		}
		switch value.(type) {
		case string, json.Number:
			object[name] = value
		default:
			return nil, fmt.Errorf("its %q is neither a string nor a number", name)
		}
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	for _, name := range members {
		if _, ok := object[name]; !ok {
			return nil, fmt.Errorf("it has no member %q", name)
		}
	}
	return object, nil
}

// textMember returns a string of the object. Half a surrogate pair, which the
// decoder replaces, is refused: another name would come of it.
func textMember(object map[string]any, name string, text []byte) (string, error) {
	value, ok := object[name].(string)
	if !ok {
		return "", fmt.Errorf("its %q is no string", name)
	}
	if strings.ContainsRune(value, utf8.RuneError) && hasHalfSurrogate(text) {
		return "", fmt.Errorf("its %q has half a surrogate pair", name)
	}
	return value, nil
}

// hasHalfSurrogate finds in JSON an escape that is half of a pair whose other half is
// not there.
func hasHalfSurrogate(text []byte) bool {
	for {
		at := bytes.IndexByte(text, '\\')
		if at < 0 {
			return false
		}
		text = text[at:]
		first, ok := unicodeEscape(text)
		switch second, _ := unicodeEscape(text[min(6, len(text)):]); {
		case !ok:
			text = text[min(2, len(text)):] // such as \\
		case !utf16.IsSurrogate(first):
			text = text[6:]
		case utf16.DecodeRune(first, second) == utf8.RuneError:
			return true
		default:
			text = text[12:]
		}
	}
}

// unicodeEscape returns the code unit that text begins with as \u and four digits.
func unicodeEscape(text []byte) (unit rune, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	number, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(number), err == nil
}

// numberMember returns a number of the object as it was written.
func numberMember(object map[string]any, name string) (string, error) {
	value, ok := object[name].(json.Number)
	if !ok {
		return "", fmt.Errorf("its %q is no number", name)
	}
	return value.String(), nil
}
