package cli

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

// encodeJSON is v on one line, harmless and without the escapes for HTML.
func encodeJSON(v any) ([]byte, error) {
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

// jsonName is a name for a JSON string, and what a field beside it with the suffix _b64 holds: nothing
// for UTF-8, else all bytes.
func jsonName(name string) (text, b64 string) {
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

// jsonNames is jsonName of each; b64 has all of them if one is not UTF-8.
func jsonNames(names []string) (text, b64 []string) {
	text = make([]string, len(names))
	odd := false
	for i, n := range names {
		var one string
		text[i], one = jsonName(n)
		odd = odd || one != ""
	}
	for _, n := range names {
		if odd {
			b64 = append(b64, base64.StdEncoding.EncodeToString([]byte(n)))
		}
	}
	return text, b64
}

// optionalName is jsonName, with null for "".
func optionalName(name string) (text *string, b64 string) {
	if name == "" {
		return nil, ""
	}
	s, b64 := jsonName(name)
	return &s, b64
}

// stamp is a time as JSON holds it: RFC 3339 with nanoseconds, in UTC; null if it was never set. Unlike
// time.Time it does not fail for years that a damaged file may carry.
type stamp time.Time

func (s stamp) MarshalJSON() ([]byte, error) {
	t := time.Time(s)
	if t.IsZero() {
		return []byte("null"), nil
	}
	return []byte(`"` + t.UTC().Format(time.RFC3339Nano) + `"`), nil
}

// mtime is a file's time as JSON holds it.
func mtime(t file.Time) stamp { return stamp(t.Time()) }
