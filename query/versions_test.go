package query

import (
	"fmt"
	"slices"
	"testing"

	"snap/index"
	"snap/internal/file"
	"snap/record"
)

func TestWhatBeginsAVersion(t *testing.T) {
	snaps := Snapshots{{Seq: 2}, {Seq: 3}, {Seq: 5}, {Seq: 8}} // 9 is only prepared
	at := func(seq uint64, change record.Change, mtime int64, from, to string) index.Version {
		r := record.Record{Change: change, From: from, To: to, Flags: record.Hashed}
		if change != record.Removed {
			r.Kind, r.Mtime = file.Regular, file.Time{Sec: mtime}
		}
		return index.Version{Seq: seq, Record: r}
	}
	for _, c := range []struct {
		what     string
		versions []index.Version
		want     []string // first..last change, then what became of it
	}{
		{"added and kept", []index.Version{at(2, record.Added, 1, "", "")}, []string{"0..3 added"}},
		{"silent records say nothing", []index.Version{at(2, record.Added, 1, "", ""), at(5, record.Silent, 2, "", "")},
			[]string{"0..3 added"}},
		{"nor do equal ones", []index.Version{at(2, record.Added, 1, "", ""), at(3, record.Modified, 1, "", "")},
			[]string{"0..3 added"}},
		{"but a move does", []index.Version{at(2, record.Added, 1, "", ""), at(3, record.Moved, 1, "b", "c")},
			[]string{"0..0 added > c", "1..3 moved < b"}},
		{"changed", []index.Version{at(2, record.Added, 1, "", ""), at(5, record.Metadata, 2, "", "")},
			[]string{"0..1 added", "2..3 metadata"}},
		{"removed and back",
			[]index.Version{at(2, record.Added, 1, "", ""), at(3, record.Removed, 0, "", ""), at(8, record.Added, 1, "", "")},
			[]string{"0..0 added deleted", "3..3 added"}},
		{"moved away", []index.Version{at(2, record.Added, 1, "", ""), at(5, record.Removed, 0, "", "b")},
			[]string{"0..1 added > b"}},
		{"what is not complete does not count",
			[]index.Version{at(2, record.Added, 1, "", ""), at(9, record.Removed, 0, "", "")}, []string{"0..3 added"}},
		{"nor does what was never there", []index.Version{at(9, record.Added, 1, "", "")}, nil},
		{"the records of one deleted are those of the next",
			[]index.Version{at(4, record.Added, 1, "", ""), at(6, record.Removed, 0, "", "")}, []string{"2..2 added deleted"}},
		{"silent about what is gone", []index.Version{at(5, record.Silent, 1, "", "")}, []string{"2..3 added"}},
		// 4 is being deleted: its records and those of 5 are not one yet.
		{"added in one deleted, then changed",
			[]index.Version{at(4, record.Added, 1, "", ""), at(5, record.Modified, 2, "", "")}, []string{"2..3 modified"}},
		{"removed in one deleted, and back", []index.Version{at(2, record.Added, 1, "", ""), at(4, record.Removed, 0, "", ""),
			at(5, record.Added, 1, "", "")}, []string{"0..3 added"}},
		{"only in one deleted", []index.Version{at(4, record.Added, 1, "", ""), at(5, record.Removed, 0, "", "")}, nil},
		{"changed in one deleted, then silent",
			[]index.Version{at(2, record.Added, 1, "", ""), at(4, record.Modified, 2, "", ""), at(5, record.Silent, 2, "", "")},
			[]string{"0..1 added", "2..3 modified"}},
		{"the oldest is being deleted", []index.Version{at(1, record.Added, 1, "", ""), at(2, record.Metadata, 2, "", "")},
			[]string{"0..3 metadata"}},
	} {
		var got []string
		for _, v := range VersionsOf(&index.History{Versions: c.versions}, snaps) {
			s := fmt.Sprintf("%d..%d %s", v.First, v.Last, v.Change)
			if from := v.From(); from != "" {
				s += " < " + from
			}
			if v.To != "" {
				s += " > " + v.To
			}
			if v.Deleted {
				s += " deleted"
			}
			got = append(got, s)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}
