package moving

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// asker asks a service and returns the body of its answer. page is sent as the Referer, unless
// it is empty.
type asker func(address, page string) ([]byte, error)

// number is a count that a service writes as a number, or as a text for people.
type number int64

func (n *number) UnmarshalJSON(text []byte) error {
	var written string
	if json.Unmarshal(text, &written) != nil {
		written = string(text)
	}
	count, err := parseNumber(written)
	*n = number(count)
	return err
}

// parseNumber reads a whole number of 0 or more, with or without separators of thousands.
func parseNumber(text string) (int64, error) {
	var digits strings.Builder
	for _, r := range strings.TrimSpace(text) {
		switch {
		case r >= '0' && r <= '9':
			digits.WriteRune(r)
		case digits.Len() == 0 || r != ',' && r != '\'' && !unicode.IsSpace(r):
			return 0, fmt.Errorf("%.40q is not a number of views", text)
		}
	}
	count, err := strconv.ParseInt(digits.String(), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%.40q is not a number of views", text)
	}
	return count, nil
}

// decode reads JSON.
func decode(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return errors.New("its answer is not the JSON that it should be")
	}
	return nil
}

// alone is the answer of a service that has no totals of sites.
func alone(total number, days ...day) answer {
	return answer{total: int64(total), days: days, site: -1}
}

// svgAt reads the number in a badge.
func svgAt(address string) func(asker, key) (answer, error) {
	return func(ask asker, k key) (answer, error) {
		body, err := ask(fmt.Sprintf(address, url.QueryEscape(k.text)), "")
		if err != nil {
			return answer{}, err
		}
		total, err := svgNumber(body)
		return alone(number(total)), err
	}
}

// svgNumber returns the number in an SVG's texts: the last of them that is one.
func svgNumber(body []byte) (int64, error) {
	decoder := xml.NewDecoder(bytes.NewReader(body))
	decoder.Strict = false
	found, seen := int64(-1), ""
	depth := 0 // within text elements
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, errors.New("its answer is not an SVG")
		}
		switch token := token.(type) {
		case xml.StartElement:
			if token.Name.Local == "text" || depth > 0 {
				depth++
			}
		case xml.EndElement:
			depth = max(0, depth-1)
		case xml.CharData:
			if text := strings.TrimSpace(string(token)); depth > 0 && text != "" {
				seen = text
				if count, err := parseNumber(text); err == nil {
					found = count
				}
			}
		}
	}
	if found < 0 {
		return 0, fmt.Errorf("its badge shows %.60q, not a number", seen)
	}
	return found, nil
}

// readField reads a member of a JSON object at an address that contains the key.
func readField(address, name string) func(asker, key) (answer, error) {
	return func(ask asker, k key) (answer, error) {
		return field(ask, fmt.Sprintf(address, escapePath(k.text)), name)
	}
}

// field reads a member of a JSON object.
func field(ask asker, address, name string) (answer, error) {
	body, err := ask(address, "")
	if err != nil {
		return answer{}, err
	}
	var object map[string]json.RawMessage
	if err := decode(body, &object); err != nil {
		return answer{}, err
	}
	var total number
	if total.UnmarshalJSON(object[name]) != nil {
		return answer{}, fmt.Errorf("its answer has no number %q", name)
	}
	return alone(total), nil
}

// escapePath escapes the segments of a path.
func escapePath(path string) string {
	segments := strings.Split(path, "/")
	for i := range segments {
		segments[i] = url.PathEscape(segments[i])
	}
	return strings.Join(segments, "/")
}

func readMiles(ask asker, k key) (answer, error) {
	return field(ask, "https://countapi.mileshilliard.com/api/v1/get/"+strings.TrimPrefix(k.text, "default/"), "value")
}

func readHits(ask asker, k key) (answer, error) {
	body, err := ask("https://hits.sh/api/urns/"+k.text, "") // as escaped as it was pasted
	if err != nil {
		return answer{}, err
	}
	var read struct {
		Total *number
		Items []struct {
			Data []struct {
				Value number
				Day   string
			}
		}
	}
	if err := decode(body, &read); err != nil || read.Total == nil {
		return answer{}, errors.New("its answer has no total")
	}
	var days []day
	for _, item := range read.Items {
		for _, data := range item.Data {
			days = append(days, day{data.Day, int64(data.Value)})
		}
	}
	return alone(*read.Total, days...), nil
}

func readHitsCounter(ask asker, k key) (answer, error) {
	body, err := ask("https://hitscounter.dev/api/history?url="+url.QueryEscape(k.text), "")
	if err != nil {
		return answer{}, err
	}
	var read struct {
		Total   *number `json:"total_hits"`
		History []struct {
			Count number `json:"hit_count"`
			Date  string `json:"hit_date"`
		}
	}
	if err := decode(body, &read); err != nil || read.Total == nil {
		return answer{}, errors.New("its answer has no total_hits")
	}
	var days []day
	for _, item := range read.History {
		days = append(days, day{item.Date, int64(item.Count)})
	}
	return alone(*read.Total, days...), nil
}

func readVisitorBadge(ask asker, k key) (answer, error) {
	body, err := ask("https://api.visitorbadge.io/api/status?path="+url.QueryEscape(k.text), "")
	if err != nil {
		return answer{}, err
	}
	var read struct {
		Total *number
		Daily []struct {
			Title string
			Total number
		} `json:"dailyResults"`
	}
	if err := decode(body, &read); err != nil || read.Total == nil {
		return answer{}, errors.New("its answer has no total")
	}
	var days []day
	for _, item := range read.Daily {
		days = append(days, day{item.Title, int64(item.Total)})
	}
	return alone(*read.Total, days...), nil
}

func readCounterAPI(ask asker, k key) (answer, error) {
	base := "https://api.counterapi.dev/v1/" + escapePath(k.text)
	found, err := field(ask, base+"/", "count")
	if err != nil {
		return answer{}, err
	}
	body, err := ask(base+"/list?group_by=day", "")
	if err != nil {
		return found, nil //nolint:nilerr // the total is known, and the history is an extra
	}
	var list []struct {
		Count number
		Date  string
	}
	if decode(body, &list) == nil {
		for _, item := range list {
			found.days = append(found.days, day{item.Date, int64(item.Count)})
		}
	}
	return found, nil
}

// pair is the answer of services that count a page and its site.
type pair struct {
	Page *number `json:"page_pv"`
	Site *number `json:"site_pv"`
}

func (p pair) answer() (answer, error) {
	if p.Page == nil {
		return answer{}, errors.New("its answer has no page_pv")
	}
	found := alone(*p.Page)
	if p.Site != nil {
		found.site = int64(*p.Site)
	}
	return found, nil
}

func readVercount(ask asker, k key) (answer, error) {
	body, err := ask("https://events.vercount.one/api/v2/log?url="+url.QueryEscape("https://"+k.page.String()), "")
	if err != nil {
		return answer{}, err
	}
	var read struct{ Data pair }
	if err := decode(body, &read); err != nil {
		return answer{}, err
	}
	return read.Data.answer()
}

// readBusuanzi also counts a view, because the service can't be read otherwise. The answer is a
// call of a function that the request names.
func readBusuanzi(ask asker, k key) (answer, error) {
	body, err := ask("https://busuanzi.ibruce.info/busuanzi?jsonpCallback=F", "https://"+k.page.String())
	if err != nil {
		return answer{}, err
	}
	call := regexp.MustCompile(`F\((\{[^{}]*\})\)`).FindSubmatch(body)
	if call == nil {
		return answer{}, errors.New("its answer is not the call that it should be")
	}
	var read pair
	if err := decode(call[1], &read); err != nil {
		return answer{}, err
	}
	return read.answer()
}

func readGoat(ask asker, k key) (answer, error) {
	code, path, _ := strings.Cut(k.text, "/")
	base := "https://" + code + ".goatcounter.com/counter/"
	found, err := field(ask, base+url.PathEscape("/"+path)+".json", "count")
	if err != nil {
		return answer{}, err
	}
	if all, err := field(ask, base+"TOTAL.json", "count"); err == nil {
		found.site = all.total
	}
	return found, nil
}
