package record

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"slices"
	"testing"

	"snap/internal/file"
)

// smallSet is a change set with every kind of frame, and its records.
func smallSet(t failer) ([]byte, []Entry) {
	set := []Entry{{Path: "a", Record: sample(2, file.Regular, "A", 5)},
		{Path: "b", Record: Record{Change: Removed, Reason: Gone}},
		{Path: "c", Record: sample(4, file.Folder, "", 4)}, {Path: "c/d", Record: sample(3, file.Regular, "b", 3)},
		{Path: "c/l", Record: sample(5, file.Symlink, "x", 6)}}
	set[0].Change, set[0].Reason = Modified, SizeOrTime
	set[3].Change, set[3].Reason, set[3].From = Moved, SameIdentity, "b"
	set[0].Xattrs = []file.Xattr{{Name: "user.x", Value: []byte("value")}}
	return written(t, &Header{Seq: 2, Name: "s"}, &Header{Seq: 2, Name: "s", Files: 3}, set, func(c *ChangeWriter, i int) {
		if i == 1 {
			must(t, c.Checkpoint())
		}
	}), set
}

func TestACutChangeSetGivesARightPrefix(t *testing.T) {
	b, set := smallSet(t)
	for n := range b {
		got, c, err := readBack(b[:n])
		if !errors.Is(err, ErrTruncated) {
			t.Fatalf("%d of %d bytes: error %v", n, len(b), err)
		}
		if len(got) > len(set) || !equalEntries(got, set[:len(got)]) {
			t.Fatalf("%d of %d bytes: got %+v", n, len(b), got)
		}
		if c != nil && (c.Final() != nil || c.Durable() > int64(len(got))) {
			t.Fatalf("%d of %d bytes: %d durable of %d, final header %+v", n, len(b), c.Durable(), len(got), c.Final())
		}
	}
}

func TestEveryFlippedBitOfAChangeSetIsNoticed(t *testing.T) {
	b, set := smallSet(t)
	for i := range 8 * len(b) {
		b[i/8] ^= 1 << (i % 8)
		got, _, err := readBack(b)
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrTruncated) {
			t.Fatalf("bit %d of byte %d: error %v", i%8, i/8, err)
		}
		if len(got) > len(set) || !equalEntries(got, set[:len(got)]) {
			t.Fatalf("bit %d of byte %d: got %+v", i%8, i/8, got)
		}
		b[i/8] ^= 1 << (i % 8)
	}
}

// frame is a frame with a right checksum, whatever is in it.
func frame(kind byte, payload ...byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte{kind}, uint32(len(payload)))
	b = append(b, payload...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func TestHostileChangeSets(t *testing.T) {
	dead := Append(nil, &Record{Change: Removed})
	one := func(shared byte, rest string, body []byte) []byte {
		return append(append(appendString([]byte{shared}, rest), byte(len(body))), body...)
	}
	newer := append([]byte{9}, dead[1:]...)
	header, _ := json.Marshal(&Header{Name: "s", Records: 2})
	end := frame(frameEnd)
	for _, c := range []struct {
		name  string
		parts [][]byte
		want  error
	}{
		{"two records", [][]byte{frame('R', append(one(0, "a", dead), one(1, "/b", dead)...)...),
			frame('E', header...)}, nil},
		{"the same path twice", [][]byte{frame('R', append(one(0, "a", dead), one(1, "", dead)...)...), end},
			ErrDamaged},
		{"the root twice", [][]byte{frame('R', one(0, "", dead)...), frame('R', one(0, "", dead)...), end}, ErrDamaged},
		{"out of order", [][]byte{frame('R', append(one(0, "a-b", dead), one(1, "/x", dead)...)...), end}, ErrDamaged},
		{"out of order in the next frame",
			[][]byte{frame('R', one(0, "b", dead)...), frame('R', one(0, "a", dead)...), end}, ErrDamaged},
		{"..", [][]byte{frame('R', one(0, "a/..", dead)...), end}, ErrDamaged},
		{"an absolute path", [][]byte{frame('R', one(0, "/etc", dead)...), end}, ErrDamaged},
		{"a NUL", [][]byte{frame('R', one(0, "a\x00b", dead)...), end}, ErrDamaged},
		{"a prefix of nothing", [][]byte{frame('R', one(1, "a", dead)...), end}, ErrDamaged},
		{"a malformed record", [][]byte{frame('R', one(0, "a", dead[:2])...), end}, ErrDamaged},
		{"a record from a newer snap", [][]byte{frame('R', one(0, "a", newer)...), end}, ErrNewer},
		{"half a record", [][]byte{frame('R', one(0, "a", dead)[:4]...), end}, ErrDamaged},
		{"an unknown part", [][]byte{frame('X'), end}, ErrNewer},
		{"another number of records", [][]byte{frame('R', one(0, "a", dead)...), frame('E', header...)}, ErrDamaged},
		{"a header that is no JSON", [][]byte{frame('E', '{')}, ErrDamaged},
		{"a head that is no JSON", [][]byte{frame('B', '{'), end}, ErrDamaged},
		{"a part of 17 MiB", [][]byte{binary.LittleEndian.AppendUint32([]byte{'R'}, 17<<20)}, ErrDamaged},
		{"a part of 4 GiB", [][]byte{{'R', 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4}}, ErrDamaged},
		{"a part of 16 MiB that is not there", [][]byte{binary.LittleEndian.AppendUint32([]byte{'R'}, maxFrame)},
			ErrTruncated},
	} {
		var err error
		b := append([]byte(changesMagic), slices.Concat(c.parts...)...)
		n := allocated(func() { _, _, err = readBack(b) })
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got error %v, want %v", c.name, err, c.want)
		}
		if n > maxFrame+1<<20 {
			t.Errorf("%s: takes %d bytes of memory", c.name, n)
		}
	}
	for _, b := range []string{"snapchg2", "not a change set at all", "SNAPCHG1"} {
		if _, _, err := readBack([]byte(b)); !errors.Is(err, ErrDamaged) {
			t.Errorf("%q: error %v", b, err)
		}
	}
}

// repair makes the checksums of all frames right, so that the fuzzer gets past them.
func repair(b []byte) []byte {
	b = slices.Clone(b)
	copy(b, changesMagic)
	for p := len(changesMagic); p+5 <= len(b); {
		end := uint64(p) + 5 + uint64(binary.LittleEndian.Uint32(b[p+1:]))
		if end+4 > uint64(len(b)) {
			break
		}
		binary.LittleEndian.PutUint32(b[end:], crc32.Checksum(b[p:end], castagnoli))
		p = int(end) + 4
	}
	return b
}

func FuzzChangeSet(f *testing.F) {
	b, _ := smallSet(f)
	f.Add(b, false)
	f.Add(b, true)
	f.Add(written(f, nil, nil, samples(3), nil), true)
	f.Add(slices.Concat([]byte(changesMagic), frame('R', 0, 0, 0), frame('E')), true)
	f.Fuzz(func(t *testing.T, b []byte, fix bool) {
		if fix {
			b = repair(b)
		}
		set, c, err := readBack(b)
		if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNewer) && !errors.Is(err, ErrTruncated) {
			t.Errorf("error %v", err)
		}
		for i := range set {
			if !ValidPath(set[i].Path) || i > 0 && Compare(set[i-1].Path, set[i].Path) >= 0 {
				t.Errorf("path %q out of place", set[i].Path)
			}
		}
		if c != nil && c.Durable() > int64(len(set)) {
			t.Errorf("%d durable of %d", c.Durable(), len(set))
		}
		if again, _, err := readBack(written(t, nil, nil, set, nil)); err != nil || !equalEntries(again, set) {
			t.Errorf("written again it is %+v, %v", again, err)
		}
	})
}
