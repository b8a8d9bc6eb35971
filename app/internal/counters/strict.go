package counters

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// ParseSetting reads the value to set a counter to, from a text such as {"value": 41}.
func ParseSetting(text []byte) (int64, error) {
	var object struct {
		Value member[json.RawMessage] `json:"value"`
	}
	if err := decode(text, &object, []string{"value"}); err != nil {
		return 0, err
	}
	return ParseValue(Set, string(object.Value.value))
}

// decode reads text into the struct that object points to. Each field of the struct is a
// [member] with one of the names. decode is stricter than json.Unmarshal: text must be one
// object in valid UTF-8 that has these members, and maybe some of the optional ones, each once
// and in this spelling.
func decode(text []byte, object any, names []string, optional ...string) error {
	if !utf8.Valid(text) {
		return errors.New("it is not valid UTF-8")
	}
	members := map[string]json.RawMessage{}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&members); err != nil || members == nil {
		return errors.New("it is not a JSON object")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON object")
	}
	for name := range members {
		if !slices.Contains(names, name) && !slices.Contains(optional, name) {
			return fmt.Errorf("it has the unknown member %.40q", name)
		}
	}
	for _, name := range names {
		if _, ok := members[name]; !ok {
			return fmt.Errorf("it has no member %q", name)
		}
	}
	return json.Unmarshal(text, object)
}

// member is a member of a JSON object that may occur only once.
type member[T string | json.RawMessage] struct {
	value T
	seen  bool
}

func (m *member[T]) UnmarshalJSON(text []byte) error {
	if m.seen {
		return errors.New("it has the same member twice")
	}
	m.seen = true
	err := json.Unmarshal(text, &m.value)
	value, isText := any(m.value).(string)
	switch {
	case isText && (err != nil || string(text) == "null"):
		return fmt.Errorf("%.40s is not a string", text)
	case hasHalfSurrogate(value, string(text)):
		return errors.New("it has half a surrogate pair")
	}
	return err
}

// hasHalfSurrogate reports whether text, which was decoded to value, has an escape of half a
// surrogate pair without the other half. json.Unmarshal replaces it with U+FFFD, which would
// make a different name.
func hasHalfSurrogate(value, text string) bool {
	replacements := strings.Count(value, "\ufffd")
	if replacements == 0 {
		return false
	}
	meant := strings.Count(text, "\ufffd")
	for _, escape := range regexp.MustCompile(`\\(?:u.{4}|.)`).FindAllString(text, -1) {
		if strings.EqualFold(escape, `\ufffd`) {
			meant++
		}
	}
	return replacements > meant
}
