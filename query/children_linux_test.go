package query_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"snap/backup/backuptest"
	"snap/index"
	"snap/query"
)

func open(t *testing.T, dest string, o query.Options) *query.Reader {
	t.Helper()
	d, err := query.Open(t.Context(), dest, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestChildrenAreSortedChosenAndPaged(t *testing.T) {
	p := backuptest.NewPlace(t)
	for i, name := range []string{"a", "b.TXT", "c.txt", "d", "e"} {
		p.Write(name, strings.Repeat("x", 5-i%3))
		at := time.Unix(int64(1_000_000_000+i%2), 0)
		p.Do(os.Chtimes(p.Path(name), at, at))
	}
	p.Write("in/large", strings.Repeat("x", 100))
	p.Do(os.Chtimes(p.Path("in"), time.Unix(1, 0), time.Unix(1, 0)))
	p.Backup()
	p.Do(os.Remove(p.Path("c.txt")))
	p.Backup()
	d := open(t, p.Dest, query.Options{Kept: query.NewKept("")})
	for _, c := range []struct {
		o    query.ChildrenOptions
		want string
	}{
		{query.ChildrenOptions{}, "a b.TXT d e in"},
		{query.ChildrenOptions{Limit: 5}, "a b.TXT d e in"},
		{query.ChildrenOptions{Limit: 2}, "a b.TXT …"},
		{query.ChildrenOptions{Limit: 2, After: "b.TXT"}, "d e …"},
		{query.ChildrenOptions{Limit: 2, After: "c.txt"}, "d e …"}, // which is not there any more
		{query.ChildrenOptions{Limit: 2, After: "e"}, "in"},
		{query.ChildrenOptions{Limit: 2, After: "in"}, ""},
		{query.ChildrenOptions{Match: "T"}, "b.TXT"},
		{query.ChildrenOptions{Match: "b.txt"}, "b.TXT"},
		{query.ChildrenOptions{Match: "none"}, ""},
		{query.ChildrenOptions{Order: query.BySize}, "a d b.TXT e in"}, // what is in the folder is not known yet
		{query.ChildrenOptions{Order: query.BySize, Limit: 2}, "a d …"},
		{query.ChildrenOptions{Order: query.BySize, Reverse: true, Limit: 3}, "in b.TXT e …"},
		{query.ChildrenOptions{Order: query.ByTime}, "b.TXT d a e in"},
		{query.ChildrenOptions{Order: query.ByTime, Reverse: true, Limit: 1}, "in …"},
		{query.ChildrenOptions{Order: query.ByTime, Match: "e"}, "e"},
	} {
		page, err := d.Children(t.Context(), &d.Snapshots[1], "", c.o)
		p.Do(err)
		var names []string
		for _, child := range page.Children {
			names = append(names, child.Name)
		}
		if page.More {
			names = append(names, "…")
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%+v: %q, want %q", c.o, got, c.want)
		}
	}
	_, err := d.Weigh(t.Context(), &d.Snapshots[1], "")
	p.Do(err)
	page, err := d.Children(t.Context(), &d.Snapshots[1], "", query.ChildrenOptions{Order: query.BySize, Limit: 1})
	if p.Do(err); len(page.Children) != 1 || page.Children[0].Name != "in" || *page.Children[0].Weight !=
		(query.Weight{Entries: 1, Bytes: 100}) {
		t.Errorf("the largest is %+v", page.Children)
	}
	for _, path := range []string{"never", "in\x00large", "in/", "../in", "/in"} { // NUL would be a slash in the index
		_, err := d.Children(t.Context(), &d.Snapshots[1], path, query.ChildrenOptions{})
		_, werr := d.Weigh(t.Context(), &d.Snapshots[1], path)
		if !errors.Is(err, index.ErrNotFound) || !errors.Is(werr, index.ErrNotFound) {
			t.Errorf("%q: %v, %v", path, err, werr)
		}
	}
	if page, err := d.Children(t.Context(), &d.Snapshots[0], "c.txt", query.ChildrenOptions{}); err != nil ||
		len(page.Children) > 0 || page.Folder.Path != "c.txt" {
		t.Errorf("a file has %+v, %v", page, err)
	}
}

// What is kept is about the index as it is: a backup in between is seen by the next Reader, and not by the one before.
func TestWhatIsKeptFollowsTheIndex(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("in/a", "one")
	p.Backup()
	kept := query.NewKept("")
	ask := func(d *query.Reader) string {
		t.Helper()
		touched, err := d.Touched(t.Context(), "in")
		p.Do(err)
		stats, err := d.Stats(t.Context())
		p.Do(err)
		if again, err := d.Stats(t.Context()); err != nil || again != stats {
			t.Errorf("found out once more: %v, %v", again, err)
		}
		return fmt.Sprint(len(d.Snapshots), touched, stats.Total.Inodes)
	}
	first := open(t, p.Dest, query.Options{Kept: kept})
	if got := ask(first); got != "1 [1] 1" || !first.StatsKnown() {
		t.Errorf("at first %s, known %v", got, first.StatsKnown())
	}
	p.Write("in/b", "two")
	p.Backup()
	second := open(t, p.Dest, query.Options{Kept: kept})
	if second.StatsKnown() {
		t.Error("what was known before the backup still is")
	}
	for range 2 {
		if got := ask(second); got != "2 [1 1] 2" {
			t.Errorf("then %s", got)
		}
	}
	p.Do(first.Close())
	p.Do(second.Close())
	p.Do(os.Rename(filepath.Join(p.Dest, second.Snapshots[0].Name), filepath.Join(p.Dest, ".away")))
	third := open(t, p.Dest, query.Options{Kept: kept})
	stats, err := third.Stats(t.Context())
	if p.Do(err); !third.StatsKnown() || !slices.Equal(stats.Missing, []string{second.Snapshots[0].Name}) {
		t.Errorf("missing %q", stats.Missing)
	}
	p.Do(os.Remove(filepath.Join(p.Dest, ".snap", "index.db")))
	if d, err := query.Open(t.Context(), p.Dest, query.Options{Kept: kept}); err == nil {
		d.Close()
		t.Error("an index that is gone is opened")
	}
}
