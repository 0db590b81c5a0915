package query

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"snap/internal/hint"
	"snap/record"
)

// refSnapshots have names with everything in them that REF gives a meaning to.
func refSnapshots() Snapshots {
	at := func(s string) time.Time {
		t, err := time.Parse(time.RFC3339, s)
		if err != nil {
			panic(err)
		}
		return t
	}
	return Snapshots{
		{Seq: 1, Name: "20261101-100000", Time: at("2026-11-01T10:00:00Z"), Tags: []string{"weekly"}},
		{Seq: 3, Name: "20261119-100000", Time: at("2026-11-19T10:00:00.5Z"), Tags: []string{"weekly", "pin"}},
		{Seq: 4, Name: "20261120-101500", Time: at("2026-11-20T10:15:00Z")},
		{Seq: 7, Name: "2026-11-21T09:00", Time: at("2026-11-21T09:00:00Z"), Tags: []string{"a:b"}},
		{Seq: 8, Name: "2026-11-21T09:00:30", Time: at("2026-11-21T09:00:30Z")},
		{Seq: 9, Name: "back~1", Time: at("2026-11-22T11:30:00Z")},
	}
}

func TestReferences(t *testing.T) {
	r := Resolver{Snapshots: refSnapshots(), Now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	for _, c := range []struct {
		in   string
		want string // name, and path after a bar; or "code: " and a part of the error
	}{
		{"latest", "back~1|"},
		{"oldest", "20261101-100000|"},
		{"latest~1", "2026-11-21T09:00:30|"},
		{"latest~5", "20261101-100000|"},
		{"latest~6", "1: only 5 snapshots before latest"},
		{"oldest~0", "20261101-100000|"},
		{"oldest~1", "1: there is no snapshot before oldest"},
		{"latest~1~1", "2026-11-21T09:00|"},
		{"back~1", "back~1|"},
		{"back~1~1", "2026-11-21T09:00:30|"},
		{"back", "back~1|"},
		{"20261119-100000", "20261119-100000|"},
		{"20261119-100000~1", "20261101-100000|"},
		{"20261119", "20261119-100000|"},
		{"20261119~1", "20261101-100000|"},
		{"2026111", "20261119-100000|"},
		{"202611", "1: 3 snapshots have names that begin so"},
		{"2", "1: 5 snapshots have names that begin so"},
		{"x", "1: no such snapshot"},
		{"latesT", "1: no such snapshot"},
		{"", "2: missing"},
		{"~1", "1: no such snapshot"},
		{"latest~", "1: no such snapshot"},
		{"latest~x", "1: no such snapshot"},
		{"latest~-1", "1: no such snapshot"},
		{"latest~99999999999999999999", "1: no such snapshot"},
		// paths
		{"latest:docs/a", "back~1|docs/a"},
		{"latest:", "back~1|"},
		{"latest:a:b", "back~1|a:b"},
		{"latest~1:a", "2026-11-21T09:00:30|a"},
		{":a", "2: missing"},
		// names with colons: the longest wins
		{"2026-11-21T09:00", "2026-11-21T09:00|"},
		{"2026-11-21T09:00:30", "2026-11-21T09:00:30|"},
		{"2026-11-21T09:00:30:x", "2026-11-21T09:00:30|x"},
		{"2026-11-21T09:00:x", "2026-11-21T09:00|x"},
		{"2026-11-21T09:00~1:x", "20261120-101500|x"},
		{"2026-11-21T09:00:3", "2026-11-21T09:00|3"}, // an existing name before the beginning of one
		{"2026-11-21T09", "1: 2 snapshots have names that begin so"},
		{"2026-11-21T09:x", "1: 2 snapshots have names that begin so"},
		// dates and ages
		{"@2026-11-20", "20261120-101500|"},
		{"@2026-11-19", "20261119-100000|"},
		{"@2026-11-18", "20261101-100000|"},
		{"@2026-10-31", "1: no snapshot is that old"},
		{"@2026-11-19 10:00", "20261119-100000|"},
		{"@2026-11-19T10:00:00", "20261119-100000|"}, // made half a second into it
		{"@2026-11-19T09:59:59", "20261101-100000|"},
		{"@2026-11-19T11:00+02:00", "20261101-100000|"},
		{`@"2026-11-19 10:00"`, "20261119-100000|"},
		{`@"2026-11-19 10:00":05`, "20261119-100000|05"},
		{`@"2026-11-19 10:00"~1:x`, "20261101-100000|x"},
		{"@2026-11-19 10:00:a/b", "20261119-100000|a/b"},
		{"@2026-11-19 10:00:05:a", "20261119-100000|a"},
		{"@2026-11-19:10", "20261119-100000|10"}, // a path called 10
		{"@2d", "20261120-101500|"},
		{"@2d:docs", "20261120-101500|docs"},
		{"@30min~1:docs", "2026-11-21T09:00:30|docs"},
		{"@1y", "1: no snapshot is that old"},
		{"@0s", "back~1|"},
		{"@", "2: no date"},
		{"@nonsense", "2: no date"},
		{"@7m", "2: @7m: 7m is not an age: write min for minutes, mo for months"},
		{"@2026-02-31", "2: not a date"},
		{"@yesterday", "2026-11-21T09:00:30|"},
		{"@Friday:docs", "20261120-101500|docs"},
		{"@last thursday:docs", "20261119-100000|docs"},
		{`@"last week":docs`, "20261101-100000|docs"},
		{"@last-week~0:docs:x", "20261101-100000|docs:x"},
		{"@3 days ago:x", "20261119-100000|x"},
		{"@yesterday 08:59:x", "20261120-101500|x"},
		{"@2026-10", "1: no snapshot is that old"},
		{"@2026-11~1", "2026-11-21T09:00:30|"},
		{"@november", "back~1|"},
		{"@3", `2: 3 alone is no time: write 3d, or "3 days ago" in quotes`},
		{"@tomorrow", "2: no date"},
		// days without the @
		{"yesterday", "2026-11-21T09:00:30|"},
		{"yesterday~1", "2026-11-21T09:00|"},
		{"yesterday:docs/a", "2026-11-21T09:00:30|docs/a"},
		{"yesterday~1:a:b", "2026-11-21T09:00|a:b"},
		{"Friday", "20261120-101500|"},
		{"saturday:x", "2026-11-21T09:00:30|x"},
		{"today", "back~1|"},
		{"fri", "1: no such snapshot"},
		{"last-week", "1: no such snapshot"},
		{"7d", "1: no such snapshot"},
		// tags
		{"tag:weekly", "20261119-100000|"},
		{"tag:weekly~1", "20261101-100000|"},
		{"tag:weekly:docs", "20261119-100000|docs"},
		{"tag:a:b", "2026-11-21T09:00|"},
		{"tag:a:b:c", "2026-11-21T09:00|c"},
		{"tag:none", "1: no snapshot has this tag"},
		{"tag:none:x", "1: tag:none"},
		{"tag:", "1: no snapshot has this tag"},
	} {
		pos, path, err := r.resolvePath(c.in)
		got := ""
		if err == nil {
			got = r.Snapshots[pos].Name + "|" + path
		} else {
			got = map[bool]string{false: "1: ", true: "2: "}[hint.IsUsage(err)] + err.Error()
		}
		code, text, isErr := strings.Cut(c.want, ": ")
		if got != c.want && !(isErr && err != nil && strings.HasPrefix(got, code+": ") && strings.Contains(got, text)) {
			t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

// TestNamesComeBeforeDays: a snapshot's name means that snapshot, whatever else the word may mean.
func TestNamesComeBeforeDays(t *testing.T) {
	snaps := refSnapshots()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, tag string
		in        string
		exact     bool
		want      string // a name, or an error and its hint
	}{
		{"monday", "", "monday", false, "monday"},
		{"monday-evening", "", "monday", false, "monday-evening"},
		{"monday", "monday", "monday", false, "monday"},
		{"monday", "", "@monday", false, "20261101-100000"},
		{"x", "monday", "monday", false,
			"monday: no such snapshot; did you mean tag:monday (that is x), or @monday (that is 20261101-100000)?"},
		{"x", "release", "release", false, "release: no such snapshot; did you mean tag:release (that is x)?"},
		{"x", "", "monday", true, "monday: no such snapshot; did you mean @monday (that is 20261101-100000)?"},
		{"monday", "", "monday", true, "monday"},
		{"x", "", "@monday", true, "20261101-100000"},
		{"x", "", "7d", false, "7d: no such snapshot; did you mean @7d (that is 20261101-100000)?"},
		{"x", "", "1y", false, "1y: no such snapshot; did you mean @1y?"},
		{"x", "", "last week", false, "last week: no such snapshot; did you mean '@last week' (that is 20261101-100000)?"},
		{"x", "", "2026-11-20", false, "2026-11-20: no such snapshot; did you mean @2026-11-20 (that is 20261120-101500)?"},
		{"x", "", "2026", false, "2026: 5 snapshots have names that begin so; it may be 2026-11-21T09:00, " +
			"2026-11-21T09:00:30, 20261101-100000, 20261119-100000, 20261120-101500; or, by time, @2026 (that is x)"},
		{"x", "", "yesteday", false, "yesteday: no such snapshot; did you mean yesterday?"},
		{"x", "", "@yesteday", false, "@yesteday: yesteday is no date (2026-11-20), age (7d, 1y2mo) or word (yesterday); " +
			"did you mean @yesterday?"},
		{"x", "", "@1y", false,
			"@1y: no snapshot is that old; the oldest is 20261101-100000 of 2026-11-01 10:00:00; to take that one: oldest"},
	} {
		snaps[5].Name, snaps[5].Tags = c.name, nil
		if c.tag != "" {
			snaps[5].Tags = []string{c.tag}
		}
		pos, err := Resolver{Snapshots: snaps, Now: now, Exact: c.exact}.Resolve(c.in)
		got := snaps[pos].Name
		if err != nil {
			got = strings.Join(append([]string{err.Error()}, hint.Lines(err, func(s string) string { return s })...), "; ")
		}
		if got != c.want {
			t.Errorf("%s among %s (%s):\n got %s\nwant %s", c.in, c.name, c.tag, got, c.want)
		}
	}
}

func TestRanges(t *testing.T) {
	snaps := refSnapshots()
	snaps = append(snaps, record.Header{Seq: 10, Name: "a..b", Time: snaps[5].Time})
	r := Resolver{Snapshots: snaps, Now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	for _, c := range []struct{ in, want string }{
		{"oldest", "1"},
		{"latest oldest latest", "1 10"},
		{"oldest..20261120", "1 3 4"},
		{"20261119..20261119", "3"},
		{"oldest..oldest~0 back~1..latest", "1 9 10"},
		{"@2026-11-20..latest~1 20261120", "4 7 8 9"},
		{"@2026-11-20..@12h", "4 7 8"},
		{"tag:weekly..tag:a:b", "3 4 7"},
		{"a..b", "10"},
		{"a..", "10"},
		{"a...a", "10"},
		{"oldest..a..b", "1 3 4 7 8 9 10"},
		{"a..b..a..b", "10"},
		{"latest..oldest", "a..b was made after 20261101-100000"},
		{"..latest", "1 3 4 7 8 9 10"},
		{"oldest..", "1 3 4 7 8 9 10"},
		{"..", "no such snapshot"}, {"../latest", "no such snapshot"}, {"..x", "x: no such snapshot"},
		{"oldest..x", "x: no such snapshot"},
	} {
		all, err := r.ResolveRanges(strings.Fields(c.in))
		var got []string
		for _, pos := range all {
			got = append(got, fmt.Sprint(snaps[pos].Seq))
		}
		if err != nil {
			got = []string{err.Error()}
		}
		if text := strings.Join(got, " "); text != c.want && (err == nil || !strings.Contains(text, c.want)) {
			t.Errorf("%s: %s, want %s", c.in, text, c.want)
		}
	}
}

func TestErrorsListCandidates(t *testing.T) {
	var many Snapshots
	for i := range 25 {
		many = append(many, record.Header{Seq: uint64(i + 1), Name: "n" + string(rune('a'+24-i))})
	}
	r := Resolver{Snapshots: many, Now: time.Now()}
	for in, want := range map[string]string{
		"n":  "it may be na, nb, nc, nd, ne, nf, ng, nh, ni, nj and 15 more",
		"q":  "there are na, nb, nc, nd, ne, nf, ng, nh, ni, nj; to see all: snap list", // the newest ten
		"nz": "there are na, nb, nc, nd, ne, nf, ng, nh, ni, nj and 15 more; to see all: snap list",
	} {
		_, err := r.Resolve(in)
		if got := hint.Lines(err, func(text string) string { return text }); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
	if _, err := (Resolver{Snapshots: nil, Now: time.Now()}).Resolve("latest"); err == nil ||
		!strings.Contains(err.Error(), "no complete snapshot") {
		t.Errorf("without snapshots: %v", err)
	}
}

// A reference that is found says the same when a path follows it.
func TestPathsDoNotChangeReferences(t *testing.T) {
	r := Resolver{Snapshots: refSnapshots(), Now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	piece := rapid.SampledFrom([]string{"latest", "oldest", "2026", "11", "-", "T09", ":00", ":30", ":", "~1", "~", "@",
		`"`, "tag:", "weekly", "a", "b", "7d", "back", " "})
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(piece, 0, 6).Draw(t, "ref"), "")
		if head, _ := r.Split(s); head != s {
			return // it has a path
		}
		pos, err := r.Resolve(s)
		for _, path := range []string{"docs/x", "x"} {
			pos2, got, err2 := r.resolvePath(s + ":" + path)
			if err == nil && (err2 != nil || pos2 != pos || got != path) {
				t.Fatalf("%q is %d, but with :%s it is %d, %q, %v", s, pos, path, pos2, got, err2)
			}
		}
	})
}

func FuzzPathRef(f *testing.F) {
	for _, s := range []string{"latest~1:x", `@"2026-11-19 10:00"~1:x`, "tag:a:b:c", "2026-11-21T09:00:3", "@", `@"`, "~",
		"::", "@:~1"} {
		f.Add(s)
	}
	r := Resolver{Snapshots: refSnapshots(), Now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	h := &record.Header{Source: "/home/me"}
	f.Fuzz(func(t *testing.T, s string) {
		pos, path, err := r.resolvePath(s)
		if err == nil && (pos < 0 || pos >= len(r.Snapshots)) {
			t.Fatalf("%q: position %d", s, pos)
		}
		if p, err := SourcePath(h, path); err == nil && !record.ValidPath(p) {
			t.Fatalf("%q: path %q", s, p)
		}
	})
}

func TestPathsInSnapshots(t *testing.T) {
	for _, c := range []struct{ source, in, want string }{ // "!" for an error
		{"/home/me", "", ""}, {"/home/me", ".", ""}, {"/home/me", "/home/me", ""}, {"/home/me", "/home/me/", ""},
		{"/home/me", "docs/a", "docs/a"}, {"/home/me", "./docs//a/", "docs/a"}, {"/home/me", "docs/../a", "a"},
		{"/home/me", "/home/me/docs", "docs"}, {"/home/me", "/home/you", "!"}, {"/home/me", "/home/me2/x", "!"},
		{"/home/me", "/", "!"},
		{"/home/me", "..", "!"}, {"/home/me", "../me/x", "!"}, {"/home/me", "a/../../b", "!"},
		{"/home/me", "/home/me/../x", "!"},
		{"/", "/", ""}, {"/", "/etc/passwd", "etc/passwd"}, {"/", "etc", "etc"},
		{"/home/me", strings.Repeat("x", 256), "!"}, {"/home/me", "a\x00b", "!"}, {"/home/me", "..a", "..a"},
		{"/home/me", "\xff", "\xff"},
	} {
		got, err := SourcePath(&record.Header{Source: c.source}, c.in)
		if err != nil {
			got = "!"
		}
		if got != c.want {
			t.Errorf("%q below %s: %q, want %q", c.in, c.source, got, c.want)
		}
	}
}

// A long reference is refused or read in no time, whatever it is made of.
func TestLongReferences(t *testing.T) {
	r := Resolver{Snapshots: refSnapshots(), Now: time.Now()}
	for _, part := range []string{":", "~1", ":~1", "@:", "1:", "latest:", "2"} {
		for _, before := range []string{"", "@", "tag:", `@"`, "2026", "latest:"} {
			s := before + strings.Repeat(part, 200_000)
			if pos, path, err := r.resolvePath(s); err == nil && len(path) < 100_000 {
				t.Errorf("%.20q… is %d, %.20q", s, pos, path)
			}
		}
	}
}
