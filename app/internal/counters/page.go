// Package counters implements the operations on named counters, without HTTP. The admin
// site, the public addresses and imports all use it.
package counters

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	counter "example.com/herokuapp/counter-core"
)

// Prefixes of the names in the store.
const (
	PagePrefix = "views:" // the views of a page
	SitePrefix = "site:"  // the views of all pages of a host
)

// ErrAddress says that a text is not the address of a page.
var ErrAddress = errors.New("not the address of a page")

// Page is the address of a page in normal form. All spellings of one address have the same
// normal form. The zero value is not a page.
type Page struct {
	// Host is in lower case and ASCII. It has a port unless the port is 80 or 443.
	Host string
	// Path begins with a slash. It has no slash or index.html at its end, and only the
	// escapes that it needs. The kept part of the query follows it.
	Path string
}

// String returns the address, such as example.com/blog, or example.com/ for the root.
func (p Page) String() string { return p.Host + p.Path }

// Counter returns the name of the page's counter.
func (p Page) Counter() string { return PagePrefix + p.Host + p.Path }

// Site returns the name of the counter of the page's site.
func (p Page) Site() string { return SitePrefix + p.Host }

// Escaped returns the address as it appears in the path of one of our URLs, after the surface's
// name. [UnescapePage] and [ParsePage] turn it back into the page. It has no character with a
// special meaning in HTML, Markdown or a shell.
func (p Page) Escaped() string {
	if strings.ContainsAny(p.Host, "[]") || strings.Contains(p.Path, "?") || strings.Contains(p.Path, "//") {
		return escapeAll(p.String(), "") // as a whole, in one segment
	}
	return escapeAll(p.String(), "/:%") // its escapes are its own
}

// escapeAll escapes each byte but those of keep and those that never need it.
func escapeAll(text, keep string) string {
	var escaped strings.Builder
	for i := range len(text) {
		b := text[i]
		if b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || strings.IndexByte("-._~"+keep, b) >= 0 {
			escaped.WriteByte(b)
		} else {
			fmt.Fprintf(&escaped, "%%%02X", b)
		}
	}
	return escaped.String()
}

// ParsePage reads the address of a page: an http or https URL, with or without the scheme.
// A host alone means its root page. The fragment is dropped, and so is the query, except
// for the parameters in keepQuery. The error wraps [ErrAddress] and says what is wrong.
//
// Parsing the result again gives the same page. Where browsers differ from RFC 3986,
// ParsePage follows the URL Standard: a backslash is a slash, http: is followed by any number
// of slashes, and surrounding spaces are dropped.
func ParsePage(address string, keepQuery []string) (Page, error) {
	page, err := parsePage(strings.Trim(address, " \t\r\n"), keepQuery)
	if err == nil && len(PagePrefix)+len(page.Host)+len(page.Path) > counter.MaxNameLen {
		err = fmt.Errorf("it is longer than %d bytes", counter.MaxNameLen-len(PagePrefix))
	}
	if err != nil {
		return Page{}, fmt.Errorf("%.60q is %w: %w", address, ErrAddress, err)
	}
	return page, nil
}

// UnescapePage returns the address of a page that is part of a URL's path. If the address
// is escaped as a whole, as encodeURIComponent does, it is unescaped. Otherwise its escapes
// belong to the address itself.
func UnescapePage(segment string) (string, error) {
	if strings.Contains(segment, "/") || !strings.Contains(segment, "%") {
		return segment, nil
	}
	address, err := url.PathUnescape(segment)
	if err != nil {
		return "", fmt.Errorf("%.60q is %w: %w", segment, ErrAddress, err)
	}
	return address, nil
}

func parsePage(address string, keepQuery []string) (Page, error) {
	if !utf8.ValidString(address) {
		return Page{}, errors.New("it is not valid UTF-8")
	}
	rest, _, _ := strings.Cut(address, "#")
	rest, query, _ := strings.Cut(rest, "?")
	rest = strings.ReplaceAll(rest, `\`, "/")
	scheme, after, _ := strings.Cut(rest, ":")
	switch web := strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"); {
	case web && strings.HasPrefix(after, "/"): // with any number of slashes: proxies merge two into one
		rest = strings.TrimLeft(after, "/")
	case isScheme(scheme) && strings.HasPrefix(after, "//"):
		return Page{}, fmt.Errorf("its scheme is %s, not http or https", scheme)
	default:
		rest = strings.TrimPrefix(rest, "//")
	}
	host, path, _ := strings.Cut(rest, "/")
	host, err := normalHost(host)
	if err != nil {
		return Page{}, err
	}
	return Page{Host: host, Path: normalPath("/"+path) + normalQuery(query, keepQuery)}, nil
}

// isScheme reports whether the text is a scheme, not the beginning of a path with a colon.
func isScheme(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '+' && r != '-' && r != '.'
	})
}

// normalHost returns a host and its port in normal form.
func normalHost(host string) (string, error) {
	host, err := url.PathUnescape(host)
	if err != nil {
		return "", err
	}
	if strings.Contains(host, "@") {
		return "", errors.New("it contains a login: leave out everything before the @")
	}
	port := ""
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host, port = host[:i], host[i+1:]
	}
	if port != "" {
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil || number == 0 {
			return "", errors.New("its port is not a number from 1 to 65535")
		}
		port = ":" + strconv.FormatUint(number, 10)
	}
	if port == ":80" || port == ":443" { // the defaults of http and https, whatever the scheme
		port = ""
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		addr, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		if err != nil || !strings.HasSuffix(host, "]") || !addr.Is6() || addr.Zone() != "" {
			return "", errors.New("its host is not an IPv6 address in brackets")
		}
		return "[" + addr.String() + "]" + port, nil
	}
	if !isPlainHost(host) {
		if host, err = lookUp(host); err != nil {
			return "", err
		}
	}
	return host + port, nil
}

// lookUp returns the host that a browser looks up for the one in an address.
func lookUp(host string) (string, error) {
	// Browsers also accept hosts with underscores.
	profile := idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(false))
	ascii, err := profile.ToASCII(host)
	if again, errAgain := profile.ToASCII(ascii); err == nil && (errAgain != nil || again != ascii) {
		err = cmp.Or(errAgain, errors.New("it has no normal form"))
	}
	if err != nil {
		return "", fmt.Errorf("its host can't be looked up: %w", err)
	}
	ascii = strings.TrimSuffix(ascii, ".")
	if ascii == "" {
		return "", errors.New("it has no host")
	}
	for label := range strings.SplitSeq(ascii, ".") {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, notInHost) {
			return "", fmt.Errorf("%.40q can't be a part of a host", label)
		}
	}
	if len(ascii) > 253 {
		return "", errors.New("its host is longer than 253 bytes")
	}
	return ascii, nil
}

// isPlainHost reports whether a host is certainly in normal form, so that the costly rules of
// IDNA can be skipped.
func isPlainHost(host string) bool {
	if host == "" || len(host) > 253 {
		return false
	}
	start := 0 // of the label
	for i := range len(host) {
		switch c := host[i]; {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
		case c == '-' && i > start && i+1 < len(host) && host[i-1] != '-' && host[i+1] != '.': // two are a part of IDNA
		case c == '.' && i > start:
			start = i + 1
		default:
			return false
		}
		if i-start >= 63 {
			return false
		}
	}
	return start < len(host)
}

func notInHost(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

// normalPath returns a path in normal form.
func normalPath(path string) string {
	path = removeDots(unescape(path))
	for {
		shorter := strings.TrimSuffix(strings.TrimRight(path, "/"), "/index.html")
		if shorter == path {
			break
		}
		path = shorter
	}
	if path == "" {
		return "/"
	}
	return path
}

// unescape replaces each escape that is not needed by its character. It writes the others,
// such as escaped slashes and bytes that are not UTF-8, in upper case.
func unescape(path string) string {
	if isPlainPath(path) {
		return path
	}
	var plain strings.Builder
	for i := 0; i < len(path); {
		r, size, escaped := nextRune(path[i:])
		switch {
		case escaped && !isPlain(r) || r <= ' ' || r == 0x7f:
			for _, b := range unhex(path[i:i+size], escaped) {
				fmt.Fprintf(&plain, "%%%02X", b)
			}
		case r == '%':
			plain.WriteString("%25")
		default:
			plain.WriteRune(r)
		}
		i += size
	}
	return plain.String()
}

// isPlainPath reports whether unescape leaves a path as it is.
func isPlainPath(path string) bool {
	for i := range len(path) {
		if c := path[i]; c <= ' ' || c >= 0x7f || c == '%' {
			return false
		}
	}
	return true
}

// nextRune returns the first character of the path, escaped or not, and its length in the
// path. The character is [utf8.RuneError] for escapes that are not valid UTF-8.
func nextRune(path string) (r rune, size int, escaped bool) {
	if !isEscape(path) {
		r, size = utf8.DecodeRuneInString(path)
		return r, size, false
	}
	bytes := make([]byte, 0, utf8.UTFMax)
	for i := 0; i < 3*utf8.UTFMax && isEscape(path[i:]); i += 3 {
		bytes = append(bytes, unhex(path[i:i+3], true)...)
	}
	r, n := utf8.DecodeRune(bytes)
	if r == utf8.RuneError && n == 3 {
		n = 1 // an escaped U+FFFD: keep the escapes
	}
	return r, 3 * n, true
}

// isPlain reports whether a character is not escaped in the normal form of a path.
func isPlain(r rune) bool {
	return r != utf8.RuneError && r > ' ' && (r < 0x7f || r > 0x9f) && !strings.ContainsRune(`%/\?#`, r)
}

func isEscape(text string) bool {
	return len(text) >= 3 && text[0] == '%' && isHex(text[1]) && isHex(text[2])
}

func isHex(b byte) bool {
	return b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'f'
}

// unhex returns the bytes of a text of escapes.
func unhex(text string, escaped bool) []byte {
	if !escaped {
		return []byte(text)
	}
	plain, _ := url.PathUnescape(text) // only valid escapes: no error
	return []byte(plain)
}

// removeDots resolves the segments . and .. as in RFC 3986, section 5.2.4.
func removeDots(path string) string {
	if !strings.Contains(path, "/.") {
		return path
	}
	segments := strings.Split(path, "/")
	kept := segments[:1] // the empty segment before the first slash
	for i, segment := range segments[1:] {
		switch segment {
		case "..":
			kept = kept[:max(len(kept)-1, 1)]
		case ".":
		default:
			kept = append(kept, segment)
			continue
		}
		if i == len(segments)-2 {
			kept = append(kept, "")
		}
	}
	return strings.Join(kept, "/")
}

// normalQuery returns the kept parameters, sorted by name, with a ? before them. It reads any
// query, as browsers do: a semicolon is part of a value, and so is a % without an escape.
func normalQuery(query string, keep []string) string {
	if query == "" || len(keep) == 0 {
		return ""
	}
	kept := url.Values{}
	for parameter := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(parameter, "=")
		if name = unescapeQuery(name); slices.Contains(keep, name) {
			kept.Add(name, unescapeQuery(value))
		}
	}
	if len(kept) == 0 {
		return ""
	}
	return "?" + kept.Encode()
}

// unescapeQuery unescapes a name or a value of a query.
func unescapeQuery(text string) string {
	var valid strings.Builder
	for i := range len(text) {
		valid.WriteByte(text[i])
		if text[i] == '%' && !isEscape(text[i:]) {
			valid.WriteString("25")
		}
	}
	plain, _ := url.QueryUnescape(valid.String())
	return plain
}

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
