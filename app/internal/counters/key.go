package counters

import (
	"fmt"
	"slices"
	"strings"
)

// ParseKey returns the page that stands for a key of another service. Its counter is
// views:service/key, with the key in the normal form of a path, so every surface can name
// it. The error wraps [ErrAddress] and says what is wrong.
func ParseKey(service, key string) (Page, error) {
	segments := strings.Split(key, "/")
	if slices.Contains(segments, ".") || slices.Contains(segments, "..") {
		return Page{}, fmt.Errorf("%.60q is %w: no part of it may be . or .. alone", key, ErrAddress)
	}
	// In the path of an address, these would not be a part of the key.
	key = strings.NewReplacer("%", "%25", "?", "%3F", "#", "%23", `\`, "%5C").Replace(key)
	page, err := ParsePage(service+"/"+key, nil)
	if err == nil && page.Path == "/" {
		err = fmt.Errorf("%w: the key is empty", ErrAddress)
	}
	return page, err
}
