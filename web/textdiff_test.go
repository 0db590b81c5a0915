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
		la, lb := splitLines(a), splitLines(b)
		plus, minus := 0, 0
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
					if p.Text != " (no newline at the end)" {
						whole += p.Text
					}
				}
				if l.A > 0 && whole != la[l.A-1] || l.B > 0 && whole != lb[l.B-1] {
					t.Fatalf("%q: %q, %q", whole, la, lb)
				}
			}
		}
		if plus != d.Plus || minus != d.Minus {
			t.Fatalf("%d %d, %d %d", plus, minus, d.Plus, d.Minus)
		}
	})
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
