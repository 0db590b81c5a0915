package gone

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"snap/internal/file"
)

// What was in a folder to its end comes back with it; what moved, what was gone before and what could not be read
// does not.
func TestArrangeGone(t *testing.T) {
	const f, d = file.Regular, file.Folder
	for name, c := range map[string]struct {
		found []missingPath
		want  string // path@snapshot files/bytes -left out +earlier
		moved string
	}{
		"a file": {[]missingPath{{path: "a", kind: f, last: 2, pos: 2, bytes: 5}}, "a@2 1/5", ""},
		"a folder with all in it": {[]missingPath{
			{path: "d/s/b", kind: f, last: 3, pos: 3, bytes: 2}, {path: "d", kind: d, last: 3, pos: 3},
			{path: "d/a", kind: f, last: 3, pos: 3, bytes: 1}, {path: "d/s", kind: d, last: 3, pos: 3},
			{path: "e", kind: f, last: 3, pos: 3, bytes: 7},
		}, "d@3 2/3, e@3 1/7", ""},
		"files of a folder that is there": {[]missingPath{
			{path: "d/a", kind: f, last: 1, pos: 1, bytes: 1}, {path: "d/b", kind: f, last: 3, pos: 3, bytes: 2},
		}, "d/a@1 1/1, d/b@3 1/2", ""},
		"what was gone from the folder before": {[]missingPath{
			{path: "d", kind: d, last: 3, pos: 3}, {path: "d/a", kind: f, last: 1, pos: 1, bytes: 1},
			{path: "d/b", kind: f, last: 3, pos: 3, bytes: 2}, {path: "d/old", kind: d, last: 1, pos: 1},
			{path: "d/old/c", kind: f, last: 1, pos: 1},
		}, "d@3 1/2 +2", ""},
		"what moved out of the folder": {[]missingPath{
			{path: "d", kind: d, last: 3, pos: 3}, {path: "d/a", kind: f, last: 3, pos: 3, bytes: 1, movedTo: "/s/a"},
			{path: "d/b", kind: f, last: 3, pos: 3, bytes: 2},
		}, "d@3 1/2 -d/a", "d/a > /s/a"},
		"a folder that moved out of it, without a file": {[]missingPath{
			{path: "d", kind: d, last: 3, pos: 3},
			{path: "d/s", kind: d, last: 3, pos: 3, movedTo: "/s/s"},
			{path: "d/s/a", kind: f, last: 3, pos: 3, movedTo: "/s/s/a"}, {path: "d/s/b", kind: f, last: 3, pos: 3, bytes: 4},
			{path: "d/t", kind: d, last: 3, pos: 3, movedTo: "/s/t"},
			{path: "d/t/a", kind: f, last: 3, pos: 3, movedTo: "/s/t/a"},
		}, "d@3 1/4 -d/s/a -d/t -d/t/a", "d/s > /s/s, d/t > /s/t"},
		"what could not be read at last": {[]missingPath{
			{path: "d", kind: d, last: 3, pos: 3}, {path: "d/a", kind: f, last: 3, pos: 2, bytes: 1},
			{path: "d/b", kind: f, last: 3, pos: 3, bytes: 2},
		}, "d@3 1/2 -d/a, d/a@2 1/1", ""},
		"a folder whose last snapshot is not there": {[]missingPath{
			{path: "d", kind: d, last: 3, pos: 2}, {path: "d/a", kind: f, last: 3, pos: 2, bytes: 1},
		}, "d@2 1/1", ""},
		"a renamed folder": {[]missingPath{
			{path: "d", kind: d, last: 3, pos: 3, movedTo: "/s/e"}, {path: "d/a", kind: f, last: 3, pos: 3, movedTo: "/s/e/a"},
			{path: "d/b", kind: f, last: 3, pos: 3, bytes: 1}, {path: "d/c", kind: f, last: 3, pos: 3, movedTo: "/s/x"},
		}, "d/b@3 1/1", "d > /s/e, d/c > /s/x"},
		"a name beside a folder of the same beginning": {[]missingPath{
			{path: "d", kind: d, last: 3, pos: 3}, {path: "d-1", kind: f, last: 1, pos: 1, bytes: 1},
			{path: "d/a", kind: f, last: 3, pos: 3},
		}, "d@3 1/0, d-1@1 1/1", ""},
	} {
		answer := arrange(c.found)
		var got, moved []string
		for _, g := range answer.Gone {
			s := fmt.Sprintf("%s@%d %d/%d", g.Path, g.Pos, g.Files, g.Bytes)
			for _, m := range c.found {
				if g.Except[m.path] {
					s += " -" + m.path
				}
			}
			if g.Earlier > 0 {
				s += fmt.Sprintf(" +%d", g.Earlier)
			}
			got = append(got, s)
		}
		for _, m := range answer.Moved {
			moved = append(moved, m.Path+" > "+m.To)
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: %s, want %s", name, s, c.want)
		}
		if s := strings.Join(moved, ", "); s != c.moved {
			t.Errorf("%s: moved: %s, want %s", name, s, c.moved)
		}
		if !slices.IsSortedFunc(answer.Gone, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) }) {
			t.Errorf("%s: not in order", name)
		}
	}
}
