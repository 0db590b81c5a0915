package filter

import (
	"strings"
	"unicode/utf8"
)

// segment is what a glob says about one name.
type segment struct {
	kind kind
	lit  string  // literal, prefix, suffix
	toks []token // wild
	fold bool    // large and small letters are the same; wild only
}

type kind byte

const (
	literal  kind = iota // lit
	prefix               // lit*
	suffix               // *lit
	anything             // *
	wild                 // toks
	stars                // `**`: any number of names, handled by whoever holds the segments
)

// newSegment finds the cheapest way to match these tokens.
func newSegment(toks []token) segment {
	if len(toks) == 1 && toks[0].op == opStars {
		return segment{kind: stars}
	}
	var lit []byte
	others := 0
	for _, t := range toks {
		if t.op == opChar {
			lit = appendChar(lit, t.c)
		} else {
			others++
		}
	}
	star := func(t token) bool { return t.op == opStar || t.op == opStars }
	text := utf8.Valid(lit) // else what is written may be a part of a character of the name
	switch {
	case others == 0:
		return segment{kind: literal, lit: string(lit)}
	case others == 1 && len(toks) == 1 && star(toks[0]):
		return segment{kind: anything}
	case others == 1 && text && star(toks[0]):
		return segment{kind: suffix, lit: string(lit)}
	case others == 1 && text && star(toks[len(toks)-1]):
		return segment{kind: prefix, lit: string(lit)}
	}
	return segment{kind: wild, toks: toks}
}

func (s *segment) match(name string) bool {
	switch s.kind {
	case literal:
		return name == s.lit
	case prefix:
		return strings.HasPrefix(name, s.lit)
	case suffix:
		return strings.HasSuffix(name, s.lit)
	case anything:
		return true
	}
	return matchWild(s.toks, name, s.fold)
}

// matchWild matches a whole name. Only the last star met is ever extended: what an earlier one
// could reach by growing, the last can reach as well. So it takes len(toks) × len(name) steps at
// most, also for `a*a*a*b`.
func matchWild(toks []token, name string, fold bool) bool {
	t, n := 0, 0
	star, from := -1, 0 // the last star, and where what follows it was tried
	for n < len(name) || t < len(toks) {
		if t < len(toks) {
			if op := toks[t].op; op == opStar || op == opStars {
				star, from = t, n
				t++
				continue
			}
			if n < len(name) {
				if c, size := firstChar(name[n:]); toks[t].match(c, fold) {
					t, n = t+1, n+size
					continue
				}
			}
		}
		if star < 0 || from == len(name) {
			return false
		}
		_, size := firstChar(name[from:])
		from += size
		t, n = star+1, from
	}
	return true
}

func (t token) match(c char, fold bool) bool {
	if t.op == opAny {
		return true
	}
	found := t.has(c)
	if fold {
		for other := otherCase(c); other != c && !found; other = otherCase(other) {
			found = t.has(other)
		}
	}
	return found != (t.op == opClass && t.set.negated)
}

// has reports whether the token names c.
func (t token) has(c char) bool {
	if t.op == opClass {
		return t.set.has(c)
	}
	return t.c == c
}
