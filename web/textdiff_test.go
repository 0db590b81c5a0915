package web

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestDiffAppliedToAGivesB: what a difference shows of each side is that side, whatever is left out is equal.
func TestDiffAppliedToAGivesB(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.Custom(func(t *rapid.T) string {
			lines := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "one two three", "one 2 three", "", "x\r",
				"\xff"}),
				0, 40).Draw(t, "lines")
			s := strings.Join(lines, "\n")
			if s != "" && rapid.Bool().Draw(t, "ends") {
				s += "\n"
			}
			return s
		})
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		la, lb := linesOf(a, b)
		plus, minus, told := 0, 0, 0
		var ga, gb []string
		for _, l := range compareLines(la, lb) {
			s := l.Parts[0].Text
			if l.Mark != addedLine {
				if ga = append(ga, s); l.A != len(ga) {
					t.Fatalf("line %d is called %d", len(ga), l.A)
				}
			}
			if l.Mark != removedLine {
				if gb = append(gb, s); l.B != len(gb) {
					t.Fatalf("line %d is called %d", len(gb), l.B)
				}
			}
		}
		if strings.Join(ga, "\n") != strings.Join(la, "\n") || strings.Join(gb, "\n") != strings.Join(lb, "\n") {
			t.Fatalf("%q, %q: %q, %q", la, lb, ga, gb)
		}
		d, ok := diffTexts(a, b)
		if !ok || a == b && len(d.Hunks) > 0 || a != b && a != "" && b != "" && len(d.Hunks) == 0 {
			t.Fatalf("%q, %q: %v", a, b, d)
		}
		for _, h := range d.Hunks {
			for _, l := range h.Lines {
				switch l.Mark {
				case addedLine:
					plus++
				case removedLine:
					minus++
				}
				whole := ""
				for _, p := range l.Parts {
					if p != noNewline {
						whole += p.Text
						continue
					}
					if told++; l.A != len(la) && l.B != len(lb) || l.B == 0 && strings.HasSuffix(a, "\n") ||
						l.A == 0 && strings.HasSuffix(b, "\n") {
						t.Fatalf("%q, %q: line %+v is said to have no end", a, b, l)
					}
				}
				if l.A > 0 && whole != la[l.A-1] || l.B > 0 && whole != lb[l.B-1] {
					t.Fatalf("%q: %q, %q", whole, la, lb)
				}
			}
		}
		if differ := strings.HasSuffix(a, "\n") != strings.HasSuffix(b, "\n"); a != "" && b != "" && differ != (told == 1) {
			t.Fatalf("%q, %q: the end of the last line is told %d times", a, b, told)
		}
		if plus != d.Plus || minus != d.Minus {
			t.Fatalf("%d %d, %d %d", plus, minus, d.Plus, d.Minus)
		}
	})
}

// TestNoNewlineAtTheEnd: it is told of the text that lacks it, whatever became of its last line.
func TestNoNewlineAtTheEnd(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"x\n", "x", "-x|+x (no newline at the end)"},
		{"x", "x\n", "-x (no newline at the end)|+x"},
		{"x\r\n", "x\r\na", " x|+a (no newline at the end)"},
		{"x\na", "x\n", " x|-a (no newline at the end)"},
		{"x", "x\ny\n", "-x (no newline at the end)|+x|+y"},
		{"x\ny\n", "x", "-x|+x (no newline at the end)|-y"},
		{"x", "x\ny", " x|+y"},
		{"x\ny", "z\ny", "-x|+z| y"},
		{"one two three\n", "one 2 three", "-one two three|+one 2 three (no newline at the end)"},
		{"", "x", "+x"},
	} {
		d, _ := diffTexts(c.a, c.b)
		var got []string
		for _, h := range d.Hunks {
			for _, l := range h.Lines {
				s := string(l.Mark)
				for _, p := range l.Parts {
					s += p.Text
				}
				got = append(got, s)
			}
		}
		if s := strings.Join(got, "|"); s != c.want {
			t.Errorf("%q, %q: %s; want %s", c.a, c.b, s, c.want)
		}
	}
}

func TestManyPlacesAreFound(t *testing.T) {
	var a, b []string
	for i := range 4000 {
		s := strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i/26)
		a, b = append(a, s), append(b, s)
		if i%4 == 0 {
			b[i] += " more"
		}
	}
	d, ok := diffTexts(strings.Join(a, "\n"), strings.Join(b, "\n"))
	if !ok || d.Plus != 1000 || d.Minus != 1000 {
		t.Errorf("%v +%d -%d", ok, d.Plus, d.Minus)
	}
}

func TestWordsAreMarked(t *testing.T) {
	d, _ := diffTexts("2 eggs and salt\n", "3 eggs and salt\n")
	l := d.Hunks[0].Lines
	if len(l) != 2 || l[0].Parts[0] != (part{"2", true}) || l[1].Parts[0] != (part{"3", true}) || l[1].Parts[1].Changed {
		t.Errorf("%v", d)
	}
}
