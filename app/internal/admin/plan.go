package admin

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"example.com/herokuapp/app/internal/counters"
)

// A plan is what a page has shown for the owner to confirm: the finds to bring. It travels in
// the form, so that any process can carry it out and no number is read twice. It needs no
// signature: the owner may import any numbers.
const (
	// maxPlan is the size limit of a plan in a form, maxPlanPlain once it is unpacked, in bytes.
	maxPlan      = 16 << 20
	maxPlanPlain = 256 << 20
)

var errPlan = errors.New("this form can't be read: begin again")

func encodePlan(finds []counters.Find) (string, error) {
	var text strings.Builder
	encoder := base64.NewEncoder(base64.RawURLEncoding, &text)
	packed := gzip.NewWriter(encoder)
	lines := json.NewEncoder(packed)
	for _, find := range finds {
		if err := lines.Encode(find); err != nil {
			return "", err
		}
	}
	if err := packed.Close(); err != nil {
		return "", err
	}
	if err := encoder.Close(); err != nil {
		return "", err
	}
	if text.Len() > maxPlan {
		return "", errors.New("this is too much to be shown and confirmed at once: bring it in parts")
	}
	return text.String(), nil
}

func decodePlan(text string, limit int) ([]counters.Find, error) {
	packed, err := gzip.NewReader(base64.NewDecoder(base64.RawURLEncoding, bytes.NewReader([]byte(text))))
	if err != nil {
		return nil, errPlan
	}
	lines := json.NewDecoder(io.LimitReader(packed, maxPlanPlain))
	var finds []counters.Find
	for {
		var find counters.Find
		err := lines.Decode(&find)
		if errors.Is(err, io.EOF) {
			return finds, nil
		}
		if err != nil || len(finds) > 2*limit+2 || find.Check() != nil {
			return nil, errPlan
		}
		finds = append(finds, find)
	}
}
