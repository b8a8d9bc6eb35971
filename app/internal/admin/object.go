package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
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
	if strings.ContainsRune(value, utf8.RuneError) && !bytes.ContainsRune(text, utf8.RuneError) &&
		!bytes.Contains(bytes.ToLower(text), []byte(`\ufffd`)) {
		return "", fmt.Errorf("its %q has half a surrogate pair", name)
	}
	return value, nil
}

// numberMember returns a number of the object as it was written.
func numberMember(object map[string]any, name string) (string, error) {
	value, ok := object[name].(json.Number)
	if !ok {
		return "", fmt.Errorf("its %q is no number", name)
	}
	return value.String(), nil
}
