package filter

import (
	"unicode"
	"unicode/utf8"
)

// A char is one character of a name: a code point, or, above all of these, a byte that is no UTF-8. So names of any
// bytes have characters, and no byte that is no text is taken for one that is.
type char = rune

const rawBytes char = utf8.MaxRune + 1 // the char of a raw byte b is rawBytes + b

// firstChar is the first character of s, which is not empty, and the bytes it takes.
func firstChar(s string) (c char, n int) {
	if s[0] < utf8.RuneSelf {
		return char(s[0]), 1
	}
	c, n = utf8.DecodeRuneInString(s)
	if c == utf8.RuneError && n == 1 {
		c = rawBytes + char(s[0])
	}
	return c, n
}

// appendChar appends the bytes of c.
func appendChar(b []byte, c char) []byte {
	if c >= rawBytes {
		return append(b, byte(c-rawBytes))
	}
	return utf8.AppendRune(b, c)
}

// otherCase is the next character that differs from c in case alone; in the end c itself comes again.
func otherCase(c char) char {
	if c >= rawBytes {
		return c
	}
	return unicode.SimpleFold(c)
}
