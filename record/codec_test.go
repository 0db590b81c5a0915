package record

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"snap/internal/file"
)

func drawTime(t *rapid.T, label string) file.Time {
	sec := rapid.OneOf(rapid.Int64(), rapid.Int64Range(0, 2e9),
		rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, -1 << 62, 1 << 62, -1, 0})).Draw(t, label)
	return file.Time{Sec: sec, Nsec: int32(rapid.IntRange(0, 999_999_999).Draw(t, label+" ns"))}
}

func drawPath(t *rapid.T, label string) string {
	names := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "a-b", "a.b", "a\x01", "\xff", "ü", "d\n", " ",
		strings.Repeat("n", 255)}), 1, 4).Draw(t, label)
	return strings.Join(names, "/")
}

// drawRecord draws a record with any value in any field, as far as they make sense together.
func drawRecord(t *rapid.T) Record {
	r := Record{
		Change: Change(rapid.IntRange(int(Added), int(Silent)).Draw(t, "change")),
		Stored: Stored(rapid.IntRange(int(Absent), int(Joined)).Draw(t, "stored")),
		Reason: Reason(rapid.Byte().Draw(t, "reason")),
	}
	if rapid.Bool().Draw(t, "to") {
		r.To = drawPath(t, "to")
	}
	if rapid.Bool().Draw(t, "from") {
		r.From = drawPath(t, "from")
	}
	if r.Stored == Joined || r.Stored == Linked && rapid.Bool().Draw(t, "link") {
		r.Link = drawPath(t, "link")
	}
	if r.Stored == Linked && rapid.Bool().Draw(t, "since it was away") {
		r.Since = rapid.Uint64Min(1).Draw(t, "since")
	}
	if r.Change == Removed {
		return r
	}
	r.Stat = file.Stat{
		Kind: file.Kind(rapid.IntRange(1, file.Kinds-1).Draw(t, "kind")), Mode: rapid.Uint16Range(0, 0o7777).Draw(t, "mode"),
		UID: rapid.Uint32().Draw(t, "uid"), GID: rapid.Uint32().Draw(t, "gid"), Nlink: rapid.Uint32().Draw(t, "nlink"),
		Size: rapid.Int64Min(0).Draw(t, "size"), Ino: rapid.Uint64().Draw(t, "ino"), Rdev: rapid.Uint64().Draw(t, "rdev"),
		Mtime: drawTime(t, "mtime"), Ctime: drawTime(t, "ctime"),
	}
	r.Holes = rapid.Int64Range(0, r.Size).Draw(t, "holes")
	if r.Stored == Copied && r.OnDisk() > 0 && rapid.Bool().Draw(t, "is patched") {
		r.Shared = rapid.Int64Range(1, r.OnDisk()).Draw(t, "shared")
		r.Patched = rapid.Int64Range(0, r.PatchBlocks()).Draw(t, "patched")
	}
	if rapid.Bool().Draw(t, "has btime") {
		r.Btime = drawTime(t, "btime")
	}
	r.Volume = rapid.Uint32().Draw(t, "volume")
	r.Target = string(rapid.SliceOf(rapid.Byte()).Draw(t, "target"))
	r.Flags = Flags(rapid.IntRange(0, int(Racy|Inconsistent|Unreadable|Hashed|Capped|SparseHash)).Draw(t, "flags"))
	if !r.Has(Hashed) {
		r.Flags &^= SparseHash
	}
	if r.Has(Hashed) {
		copy(r.Hash[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash"))
	}
	for range rapid.IntRange(0, 3).Draw(t, "xattrs") {
		r.Xattrs = append(r.Xattrs, file.Xattr{
			Name: "user." + rapid.String().Draw(t, "name"), Value: rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "value"),
		})
	}
	return r
}

func TestARecordComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRecord(t)
		b := Append(nil, &r)
		got := Record{Target: "of before", Flags: Racy, Xattrs: []file.Xattr{{Name: "old"}}}
		must(t, Parse(string(b), &got))
		if !equal(&r, &got) {
			t.Fatalf("got  %+v\nwant %+v", got, r)
		}
		for i := range b { // no part of a record is a record
			if err := Parse(string(b[:i]), &got); err == nil {
				t.Fatalf("%d of %d bytes are a record too", i, len(b))
			}
		}
	})
}

func TestEveryChangeStoredAndReasonHasAName(t *testing.T) {
	names := map[string]bool{}
	for i := Added; i <= Silent; i++ {
		names[i.String()] = true
	}
	for i := Absent; i <= Joined; i++ {
		names[i.String()] = true
	}
	for i := NewPath; i <= AnotherOwner; i++ {
		names[i.String()] = true
	}
	if want := int(Silent) + int(Joined) + 1 + int(AnotherOwner); len(names) != want || names["unknown"] ||
		names["unknown reason"] || names[""] {
		t.Errorf("%d different names, want %d: %v", len(names), want, names)
	}
	if Change(200).String() != "unknown" || Stored(200).String() != "unknown" || Reason(200).String() != "unknown reason" {
		t.Error("a value from a newer snap has no name")
	}
}

// raw packs a record by hand: bits, reason, then whatever follows.
func raw(version byte, bits uint64, rest ...byte) string {
	return string(append(binary.AppendUvarint([]byte{version}, bits), rest...))
}

func TestMalformedRecords(t *testing.T) {
	const added, removed = uint64(file.Regular) | uint64(Added)<<3, uint64(Removed) << 3
	stat := []byte{0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1} // reason, mode uid gid nlink size, mtime, ctime, volume, inode
	huge := binary.AppendUvarint(nil, math.MaxUint64)
	with := func(parts ...[]byte) []byte { return slices.Concat(parts...) }
	for _, c := range []struct {
		name string
		b    string
		want error
	}{
		{"a tombstone", raw(1, removed, 0), nil},
		{"a file", raw(1, added|hasStat, stat...), nil},
		{"nothing", "", ErrDamaged},
		{"another version", raw(2, removed, 0), ErrNewer},
		{"an unknown part", raw(1, removed|(knownBits+1), 0), ErrNewer},
		{"no change", raw(1, uint64(file.Regular)|hasStat, stat...), ErrDamaged},
		{"a removed file that is there", raw(1, uint64(file.Regular)|removed|hasStat, stat...), ErrDamaged},
		{"a new nothing", raw(1, uint64(Added)<<3, 0), ErrDamaged},
		{"a file without a stat record", raw(1, added, 0), ErrDamaged},
		{"a tombstone with a stat record", raw(1, removed|hasStat, stat...), ErrDamaged},
		{"stored in no known way", raw(1, added|hasStat|7<<6, stat...), ErrDamaged},
		{"bytes left over", raw(1, removed, 0, 0), ErrDamaged},
		{"a mode with more bits", raw(1, added|hasStat, with([]byte{0, 0x80, 0x20}, stat[2:])...), ErrDamaged},
		{"a negative size", raw(1, added|hasStat, with(stat[:5], huge, stat[6:])...), ErrDamaged},
		{"a second of 10^9 ns", raw(1, added|hasStat, with(stat[:6], binary.AppendVarint(nil, 1e9), stat[7:])...),
			ErrDamaged},
		{"a ctime before the second of its mtime",
			raw(1, added|hasStat, with(stat[:8], binary.AppendVarint(nil, -1), stat[9:])...), ErrDamaged},
		{"a number of eleven bytes", raw(1, added|hasStat, with(stat[:11], bytes.Repeat([]byte{0x80}, 10), []byte{1})...),
			ErrDamaged},
		{"a target longer than the record", raw(1, added|hasStat|hasTarget, with(stat, huge)...), ErrDamaged},
		{"more xattrs than bytes", raw(1, added|hasStat|hasXattrs, with(stat, huge)...), ErrDamaged},
		{"an xattr without a name", raw(1, added|hasStat|hasXattrs, with(stat, []byte{1, 0, 0})...), ErrDamaged},
		{"from nowhere", raw(1, added|hasStat|hasFrom, with(stat, []byte{0})...), ErrDamaged},
		{"from ..", raw(1, added|hasStat|hasFrom, with(stat, []byte("\x02.."))...), ErrDamaged},
		{"to an absolute path", raw(1, removed|hasTo, []byte("\x00\x02/a")...), ErrDamaged},
	} {
		var r Record
		if err := Parse(c.b, &r); !errors.Is(err, c.want) {
			t.Errorf("%s: got error %v, want %v", c.name, err, c.want)
		}
	}
}

// A short record must not claim much memory: a record that says it has a million xattrs and ends there.
func TestAMalformedRecordTakesNoMemory(t *testing.T) {
	b := raw(1, uint64(file.Regular)|uint64(Added)<<3|hasStat|hasXattrs, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1)
	b += string(binary.AppendUvarint(nil, 1<<20)) + "\xff\xff\xff\x7f" + strings.Repeat("x", 1<<20)
	var r Record
	if n := allocated(func() { Parse(b, &r) }); n > 64<<10 {
		t.Errorf("%d bytes for a record that is none", n)
	}
}

// allocated is how many bytes f takes from the heap.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestACommonRecordIsSmall(t *testing.T) {
	r := sample(123456, file.Regular, "content", 1.7e9)
	r.UID, r.GID = 1000, 1000
	r.Mtime.Nsec, r.Ctime, r.Btime = 123456789, file.Time{Sec: 1.7e9, Nsec: 987654321},
		file.Time{Sec: 1.7e9, Nsec: 555555555}
	if size := len(Append(nil, &r)); size > 80 {
		t.Errorf("a file's record takes %d bytes", size)
	}
	if size := len(Append(nil, &Record{Change: Removed, Reason: Gone})); size > 4 {
		t.Errorf("a tombstone takes %d bytes", size)
	}
}

func FuzzRecord(f *testing.F) {
	for _, r := range []Record{sample(1, file.Regular, "text", 1.7e9), sample(2, file.Folder, "", -5),
		sample(3, file.Symlink, "../x", 0)} {
		f.Add(Append(nil, &r))
		r.From, r.To, r.Change, r.Rdev = "a/b", "c", Moved, 77
		r.Xattrs = []file.Xattr{{Name: "user.a", Value: []byte("1")}, {Name: "user.b"}}
		f.Add(Append(nil, &r))
	}
	f.Add(Append(nil, &Record{Change: Removed}))
	f.Fuzz(func(t *testing.T, b []byte) {
		var r, again Record
		if err := Parse(string(b), &r); err != nil {
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNewer) {
				t.Errorf("error %v", err)
			}
			return
		}
		must(t, Parse(string(Append(nil, &r)), &again))
		if !equal(&r, &again) {
			t.Errorf("packed again it is another record:\n%+v\n%+v", r, again)
		}
	})
}
