package counterredis

import (
	"slices"
	"strings"

	counter "example.com/herokuapp/counter-core"
)

// A counter's key is its prefix and name with the braces escaped. Redis Cluster chooses a
// key's slot by the text in its braces, which names must not decide. Keys that begin with a
// brace are reserved for records.

func (s *Store) key(name string) string { return escape(s.prefix + name) }

// recordKey returns the key of the writer's record about the counter under a key.
// A Cluster keeps both in one slot.
func recordKey(key, writer string) string { return "{" + key + "}:" + escape(writer) }

// name returns the name of the counter under a key; ok is false where no
// counter can have that key.
func (s *Store) name(key string) (name string, ok bool) {
	text := unescape(key)
	if escape(text) != key {
		return "", false
	}
	name, ok = strings.CutPrefix(text, s.prefix)
	return name, ok && counter.CheckName(name) == nil
}

func escape(text string) string {
	if !strings.ContainsAny(text, "%{}") {
		return text
	}
	return strings.NewReplacer("%", "%25", "{", "%7B", "}", "%7D").Replace(text)
}

func unescape(key string) string {
	if !strings.Contains(key, "%") {
		return key
	}
	return strings.NewReplacer("%25", "%", "%7B", "{", "%7D", "}").Replace(key)
}

// globOf returns a pattern for SCAN that matches the keys that begin with one of the prefixes.
// If there are several prefixes, it also matches some other keys.
func globOf(prefixes []string) string {
	shortest := slices.MinFunc(prefixes, func(a, b string) int { return len(a) - len(b) })
	var pattern strings.Builder
	for i := range len(shortest) {
		var letters []byte // at this place
		for _, prefix := range prefixes {
			if !slices.Contains(letters, prefix[i]) {
				letters = append(letters, prefix[i])
			}
		}
		if len(letters) > 1 {
			pattern.WriteByte('[')
		}
		for _, letter := range letters {
			if len(letters) > 1 || strings.IndexByte("*?[]^\\", letter) >= 0 {
				pattern.WriteByte('\\')
			}
			pattern.WriteByte(letter)
		}
		if len(letters) > 1 {
			pattern.WriteByte(']')
		}
	}
	return pattern.String() + "*"
}

// historyKey returns a key of the history of the counter under a key.
func historyKey(key, part string) string { return "{" + key + "}" + part }
