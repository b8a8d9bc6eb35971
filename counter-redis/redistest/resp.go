package redistest

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
)

// readValue returns the bytes of the next value of Redis's protocol: of a reply
// in RESP2 or RESP3, or of a command, which is an array.
func readValue(r *bufio.Reader) ([]byte, error) {
	value, err := r.ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	if len(value) < 3 {
		return nil, fmt.Errorf("redistest: no RESP value: %q", value)
	}
	parts := 0
	switch value[0] {
	case '$', '!', '=': // a length, then as many bytes
		length, err := length(value)
		if err != nil || length < 0 {
			return value, err
		}
		text := make([]byte, length+2)
		_, err = io.ReadFull(r, text)
		return append(value, text...), err
	case '*', '~', '>': // a number of values
		parts, err = length(value)
	case '%': // a number of pairs
		parts, err = length(value)
		parts *= 2
	}
	if err != nil {
		return nil, err
	}
	for range parts { // none of -1
		part, err := readValue(r)
		if err != nil {
			return nil, err
		}
		value = append(value, part...)
	}
	return value, nil
}

// length returns the number on the first line of a value.
func length(line []byte) (int, error) {
	return strconv.Atoi(string(line[1 : len(line)-2]))
}
