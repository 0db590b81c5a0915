// Package wire has what snap prints for programs. As JSON: a type for every document and line of docs/json.md, made
// from a result by a function New…, and how names, times and hashes stand in them. Fields are only added, never renamed
// or removed. [Metrics] is the status of a destination as Prometheus reads it.
package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"snap/internal/file"
	"snap/internal/quote"
)

// Encode is v on one line, harmless and without the escapes for HTML.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	line := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if quote.Harmless(string(line)) {
		return line, nil
	}
	out := make([]byte, 0, len(line)+16)
	for _, r := range string(line) { // the encoder left no invalid UTF-8
		if quote.Dangerous(r) {
			out = fmt.Appendf(out, `\u%04x`, r)
		} else {
			out = utf8.AppendRune(out, r)
		}
	}
	return out, nil
}

// Name is a name for a JSON string, and what a field beside it with the suffix _b64 holds: nothing
// for UTF-8, else all bytes.
func Name(name string) (text, b64 string) {
	if utf8.ValidString(name) {
		return name, ""
	}
	b := make([]byte, 0, len(name)+8)
	for i := 0; i < len(name); {
		r, n := utf8.DecodeRuneInString(name[i:])
		if r == utf8.RuneError && n == 1 {
			b = fmt.Appendf(b, `\x%02x`, name[i])
		} else {
			b = append(b, name[i:i+n]...)
		}
		i += n
	}
	return string(b), base64.StdEncoding.EncodeToString([]byte(name))
}

// Names is Name of each; b64 has all of them if one is not UTF-8.
func Names(names []string) (text, b64 []string) {
	text = make([]string, len(names))
	odd := false
	for i, n := range names {
		var one string
		text[i], one = Name(n)
		odd = odd || one != ""
	}
	for _, n := range names {
		if odd {
			b64 = append(b64, base64.StdEncoding.EncodeToString([]byte(n)))
		}
	}
	return text, b64
}

// OptionalName is Name, with null for "".
func OptionalName(name string) (text *string, b64 string) {
	if name == "" {
		return nil, ""
	}
	s, b64 := Name(name)
	return &s, b64
}

// Time is a time as JSON holds it: RFC 3339 with nanoseconds, in UTC; null if it was never set. Unlike
// time.Time it does not fail for years that a damaged file may carry.
type Time time.Time

// MarshalJSON is RFC 3339, or null.
func (s Time) MarshalJSON() ([]byte, error) {
	t := time.Time(s)
	if t.IsZero() {
		return []byte("null"), nil
	}
	return []byte(`"` + t.UTC().Format(time.RFC3339Nano) + `"`), nil
}

// FileTime is a file's time as JSON holds it.
func FileTime(t file.Time) Time { return Time(t.Time()) }
