package quote

import "testing"

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"plain.txt":     "plain.txt",
		"with space":    "with space",
		"ünï/日本":        "ünï/日本",
		"it's":          "it's",
		`back\slash`:    `back\slash`,
		"new\nline":     `"new\nline"`,
		"esc\x1b[31m":   `"esc\x1b[31m"`,
		"del\x7f":       `"del\x7f"`,
		"c1\u009b31m":   `"c1\u009b31m"`,
		"bidi\u202etxt": `"bidi\u202etxt"`,
		"iso\u2066x":    `"iso\u2066x"`,
		"mark\u200fx":   `"mark\u200fx"`,
		"alm\u061cx":    `"alm\u061cx"`,
		"sep\u2028x":    `"sep\u2028x"`,
		"bad\xff":       `"bad\xff"`,
		`"quoted"`:      `"\"quoted\""`,
		"a -> b":        `"a -> b"`,
		"\xc2":          `"\xc2"`,
		"�":             "�", // a real replacement character
	} {
		if got := Name(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}
