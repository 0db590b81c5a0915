package reindex

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"snap/record"
)

// What arrange makes of sets and trees. A set is written "3<2@30": number, the one it is relative to, hour;
// "!" behind it: damaged; "?" alone: damaged so that nobody knows its name; "-": its tree is gone. A tree is
// written "t25": its hour. What comes out is "3" for a set, "2:t25" for a tree, "2:lost".
func TestTreesAmongSets(t *testing.T) {
	for _, c := range []struct{ what, sets, trees, want, left string }{
		{"nothing", "", "", "", ""},
		{"sets alone", "1<0@10 2<1@20", "", "1 2", ""},
		{"trees alone", "", "t30 t10 t20", "1:t10 2:t20 3:t30", ""},
		{"the first is missing", "2<1@20 3<2@30", "t10", "1:t10 2 3", ""},
		{"one in the middle is missing", "1<0@10 3<2@30", "t20", "1 2:t20 3", ""},
		{"one in the middle is lost", "1<0@10 3<2@30", "", "1 2:lost 3", ""},
		{"two in the middle, one is known to be", "1<0@10 4<3@40", "t20 t30", "1 2:t20 3:t30 4", ""},
		{"two trees for one number", "1<0@10 3<2@30", "t20 t25", "1 2:t25 3", "t20"},
		{"the last are missing", "1<0@10", "t20 t30", "1 2:t20 3:t30", ""},
		{"a deleted one is no gap", "1<0@10 3<1@30", "", "1 3", ""},
		{"nothing goes between a set and the one it is relative to", "1<0@10 3<1@30", "t20", "1 3", "t20"},
		{"nothing goes before the first", "1<0@10", "t5", "1", "t5"},
		{"a damaged one keeps its place", "1<0@10 2<1@20! 3<2@30", "", "1 2! 3", ""},
		{"a tree before a damaged one", "1<0@10 5<1@50! 6<5@60", "t20", "1 4:t20 5! 6", ""},
		{"a damaged one without a name finds its tree", "1<0@10 2? 3<2@30", "t20", "1 2:t20 3", ""},
		{"a damaged one without a name and tree", "1<0@10 2? 3<2@30", "", "1 2:lost 3", ""},
		{"the first without a name", "1? 2<1@20", "t10", "1:t10 2", ""},
		{"the last without a name", "1<0@10 2?", "t20", "1 2:t20", ""},
		{"all without a name", "1? 2? 3?", "t10 t20", "1:t10 2:t20 3:lost", ""},
		{"sets that do not say", "1<0@10 2? 3<0@30", "t20", "1 2:t20 3", ""},
		{"the same second", "1<0@10 3<2@10-3", "t10-2", "1 2:t10-2 3", ""},
	} {
		var sets []foundSet
		for word := range strings.FieldsSeq(c.sets) {
			s := foundSet{tree: true, whole: !strings.HasSuffix(word, "!")}
			if n, err := fmt.Sscanf(word, "%d?", &s.seq); n != 1 || err != nil {
				h := &record.Header{}
				at, hour := "", 0
				if _, err := fmt.Sscanf(strings.TrimSuffix(word, "!"), "%d<%d@%s", &h.Seq, &h.Parent, &at); err != nil {
					t.Fatal(err)
				}
				fmt.Sscanf(at, "%d", &hour)
				h.Name, h.Time, s.head, s.seq = "t"+at, time.Unix(int64(hour)*3600, 123), h, h.Seq
			} else {
				s.whole = false
			}
			sets = append(sets, s)
		}
		var trees []foundTree
		for word := range strings.FieldsSeq(c.trees) {
			hour := 0
			fmt.Sscanf(word, "t%d", &hour)
			trees = append(trees, foundTree{name: word, time: time.Unix(int64(hour)*3600, 0)})
		}
		steps, left := arrange(sets, trees)
		var got, names []string
		for _, s := range steps {
			word := fmt.Sprint(s.seq)
			switch {
			case s.name == "":
				word += ":lost"
			case s.head == nil:
				word += ":" + s.name
			case !s.whole:
				word += "!"
			}
			if s.tree != (s.name != "") {
				t.Errorf("%s: %s: tree is %v", c.what, word, s.tree)
			}
			got = append(got, word)
		}
		for _, l := range left {
			names = append(names, l.name)
		}
		if strings.Join(got, " ") != c.want || strings.Join(names, " ") != c.left {
			t.Errorf("%s: %q, left %q; want %q, left %q", c.what, got, names, c.want, c.left)
		}
	}
}
