package text

import (
	"strings"
	"testing"
)

func TestTablesFitTheTerminal(t *testing.T) {
	make := func() *Table {
		t := &Table{Columns: []Column{{Head: "Name"}, {Head: "Time", Optional: true}, {Head: "Files", Right: true},
			{Head: "Tags", Cut: true}, {Head: "Empty", Optional: true}}}
		t.Add("20261122-134510", "2026-11-22 13:45", "1,000", "日本語のとても長い札", "")
		t.Add("x", "2026-11-22 13:45", "7", "short", "")
		return t
	}
	for width, want := range map[int]string{
		0: "Name             Time              Files  Tags\n20261122-134510  2026-11-22 13:45  1,000  日本語のとても長い札\nx        " +
			"        2026-11-22 13:45      7  short\n",
		45: "Name             Files  Tags\n20261122-134510  1,000  日本語のとても長い札\nx                    7  short\n",
		36: "Name             Files  Tags\n20261122-134510  1,000  日本語のと…\nx                    7  short\n",
		10: "Name             Files  Tags\n20261122-134510  1,000  日本語の…\nx                    7  short\n",
	} {
		var b strings.Builder
		if err := make().Write(&b, width); err != nil || b.String() != want {
			t.Errorf("width %d: %v\n%s", width, err, b.String())
		}
	}
}

func TestANoteWithoutRoomIsLeftOut(t *testing.T) {
	for width, want := range map[int]string{0: "Name  Note\nx     a long enough note\n",
		18: "Name  Note\nx     a long enou…\n", 15: "Name\nx\n"} {
		table := &Table{Columns: []Column{{Head: "Name"}, {Head: "Note", Cut: true, Optional: true}}}
		table.Add("x", "a long enough note")
		var b strings.Builder
		if err := table.Write(&b, width); err != nil || b.String() != want {
			t.Errorf("width %d: %v\n%s", width, err, b.String())
		}
	}
}

// Long paths begin alike: what tells them apart stays.
func TestPathsAreCutInTheMiddle(t *testing.T) {
	for width, want := range map[int]string{
		0:  "Folder\na/long/way/旅行计划安/\na/long/way/b/\na/\n",
		19: "Folder\na/long…/旅行计划安/\na/long/way/b/\na/\n",
		11: "Folder\na/l…计划安/\na/l…/way/b/\na/\n",
		10: "Folder\na/lo…划安/\na/l…way/b/\na/\n",
	} {
		table := &Table{Columns: []Column{{Head: "Folder", Cut: true, Path: true}}}
		for _, p := range []string{"a/long/way/旅行计划安/", "a/long/way/b/", "a/"} {
			table.Add(p)
		}
		var b strings.Builder
		if err := table.Write(&b, width); err != nil || b.String() != want {
			t.Errorf("width %d: %v\n%s", width, err, b.String())
		}
	}
}
