package redistest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// maxLength is the length of the longest text, in bytes. Redis takes less.
const maxLength = 1 << 30

// appendValue appends the bytes of the next value of Redis's protocol: of a reply
// in RESP2 or RESP3, or of a command, which is an array.
func appendValue(dst []byte, r *bufio.Reader) ([]byte, error) {
	start := len(dst)
	dst, err := appendLine(dst, r)
	if err != nil {
		return dst, err
	}
	line := dst[start:]
	if len(line) < 3 {
		return dst, fmt.Errorf("redistest: no RESP value: %q", line)
	}
	parts := 0
	switch line[0] {
	case '$', '!', '=': // a length, then as many bytes
		length, err := length(line)
		if err != nil || length < 0 {
			return dst, err
		}
		text := len(dst)
		dst = slices.Grow(dst, length+2)[:text+length+2]
		_, err = io.ReadFull(r, dst[text:])
		return dst, err
	case '*', '~', '>': // a number of values
		parts, err = length(line)
	case '%': // a number of pairs
		parts, err = length(line)
		parts *= 2
	}
	for range parts { // none of -1
		if err != nil {
			break
		}
		dst, err = appendValue(dst, r)
	}
	return dst, err
}

// appendLine appends the bytes up to the end of the line.
func appendLine(dst []byte, r *bufio.Reader) ([]byte, error) {
	for {
		part, err := r.ReadSlice('\n')
		dst = append(dst, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return dst, err
		}
	}
}

// length returns the number on the first line of a value.
func length(line []byte) (int, error) {
	n, err := strconv.Atoi(string(line[1 : len(line)-2]))
	if err == nil && n > maxLength {
		err = fmt.Errorf("redistest: a value of length %d", n)
	}
	return n, err
}

// word returns the command's word with the number, from zero, in capitals: its name, or one of
// the first arguments. It is empty if the command has fewer words.
func word(command []byte, number int) string {
	// *3 $4 AUTH $4 user $6 secret
	for range 2*number + 2 {
		_, command, _ = bytes.Cut(command, []byte("\r\n"))
	}
	text, _, _ := bytes.Cut(command, []byte("\r\n"))
	return string(bytes.ToUpper(text))
}
