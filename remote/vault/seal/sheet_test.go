package seal

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"snap/internal/long"
)

// TestSheets: what is printed has at most 80 columns and is read back, as it was printed and as it was typed.
func TestSheets(t *testing.T) {
	k := newKeys(t)
	long.Check(t, 100, func(t *rapid.T) {
		s := &Sheet{URL: "s3://" + rapid.StringMatching(`[a-z/.-]{1,200}`).Draw(t, "url"), ID: id, Verify: k.Verify,
			Passphrase: rapid.SampledFrom([]string{"", NewPassphrase(), "my own",
				strings.Repeat("größer als ", 30) + "c"}).Draw(t, "passphrase")}
		text := s.Text()
		for line := range strings.Lines(text) {
			if len([]rune(line)) > 81 {
				t.Fatalf("%q", line)
			}
		}
		for _, typed := range []string{text, strings.ReplaceAll(text, "\n", "\r\n"), strings.ReplaceAll(text, "    ", "")} {
			got, err := ParseSheet(typed)
			if err != nil || !reflect.DeepEqual(got, s) {
				t.Fatalf("%+v, %v, of\n%s", got, err, typed)
			}
		}
	})
	text := (&Sheet{URL: "s3://b", ID: id, Verify: k.Verify}).Text()
	at := strings.Index(text, sheetVerify) + 20
	if _, err := ParseSheet(text[:at] + "x" + text[at+1:]); !errors.Is(err, ErrKey) {
		t.Errorf("a mistyped verify key: %v", err)
	}
	if _, err := ParseSheet("hello\n"); !errors.Is(err, ErrKey) {
		t.Errorf("no sheet: %v", err)
	}
}
