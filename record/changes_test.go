package record

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"snap/internal/file"
)

// written is a change set with these records; after(i) is called when record i is in.
func written(t failer, begin, end *Header, set []Entry, after func(c *ChangeWriter, i int)) []byte {
	t.Helper()
	var b bytes.Buffer
	c, err := NewChangeWriter(&b, begin)
	must(t, err)
	for i := range set {
		must(t, c.Add(set[i].Path, &set[i].Record))
		if after != nil {
			after(c, i)
		}
	}
	if c.Count() != int64(len(set)) {
		t.Fatalf("%d records counted, %d added", c.Count(), len(set))
	}
	must(t, c.End(end))
	return b.Bytes()
}

// readBack is what comes out of a change set, to its end or first error.
func readBack(b []byte) (set []Entry, c *ChangeReader, err error) {
	c, err = NewChangeReader(bytes.NewReader(b))
	if err != nil {
		return nil, c, err
	}
	for e, err := range c.All() {
		if err != nil {
			return set, c, err
		}
		set = append(set, *e)
	}
	return set, c, nil
}

// drawSet draws records at paths in key order, the root among them at times.
func drawSet(t *rapid.T) []Entry {
	paths := map[string]bool{}
	for range rapid.IntRange(0, 12).Draw(t, "records") {
		paths[drawPath(t, "path")] = true
	}
	if rapid.Bool().Draw(t, "root") {
		paths[""] = true
	}
	var set []Entry
	for p := range paths {
		set = append(set, Entry{Path: p})
	}
	slices.SortFunc(set, func(a, b Entry) int { return Compare(a.Path, b.Path) })
	for i := range set {
		set[i].Record = drawRecord(t)
	}
	return set
}

func TestAChangeSetComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := drawSet(t)
		var begin, end *Header
		if rapid.Bool().Draw(t, "of a snapshot") {
			begin, end = &Header{Seq: 7, Name: "n", Tags: []string{"a"}},
				&Header{Seq: 7, Name: "n", Files: 3, Users: map[uint32]string{1: "u"}}
		}
		durable := int64(0)
		b := written(t, begin, end, set, func(c *ChangeWriter, i int) {
			switch rapid.IntRange(0, 3).Draw(t, "then") {
			case 1:
				must(t, c.Flush())
			case 2:
				must(t, c.Checkpoint())
				durable = int64(i + 1)
			}
		})
		got, c, err := readBack(b)
		must(t, err)
		if !equalEntries(got, set) {
			t.Fatalf("got  %+v\nwant %+v", got, set)
		}
		if c.Durable() != durable {
			t.Fatalf("%d records are durable, want %d", c.Durable(), durable)
		}
		if begin == nil {
			if c.Begin() != nil || c.Final() != nil {
				t.Fatal("a header came out of a stream without one")
			}
			return
		}
		if c.Begin().Name != "n" || c.Final().Files != 3 || c.Final().Users[1] != "u" ||
			c.Final().Records != int64(len(set)) {
			t.Fatalf("headers %+v, %+v", c.Begin(), c.Final())
		}
	})
}

func TestALargeChangeSetHasManyFramesAndSharesPrefixes(t *testing.T) {
	set := samples(20000)
	b := written(t, nil, nil, set, nil)
	got, _, err := readBack(b)
	must(t, err)
	if !equalEntries(got, set) {
		t.Error("it does not come back as it was")
	}
	records, paths := 0, 0
	for i := range set {
		records += len(Append(nil, &set[i].Record))
		paths += len(set[i].Path)
	}
	if frames := bytes.Count(b, []byte{frameRecords}); frames < len(b)/frameSize {
		t.Errorf("%d bytes in at most %d frames", len(b), frames)
	}
	if over := len(b) - records; over > paths/3 {
		t.Errorf("%d bytes for paths of %d", over, paths)
	}
}

func TestRecordsOutOfOrderAreRefused(t *testing.T) {
	for _, c := range []struct{ first, second string }{{"b", "a"}, {"a", "a"}, {"a/x", "a"}, {"a-b", "a/x"}, {"a", ""},
		{"", ""}} {
		w, err := NewChangeWriter(&bytes.Buffer{}, nil)
		must(t, err)
		r := sample(1, file.Folder, "", 0)
		must(t, w.Add(c.first, &r))
		if w.Add(c.second, &r) == nil {
			t.Errorf("%q after %q was taken", c.second, c.first)
		}
		if w.End(nil) == nil {
			t.Errorf("%q after %q: the change set ends well", c.second, c.first)
		}
	}
}

// A record that no reader would take back must not be written: the snapshot could not be published.
func TestARecordTooLargeToReadIsNotWritten(t *testing.T) {
	r := sample(1, file.Regular, "", 0)
	for range 300 {
		r.Xattrs = append(r.Xattrs, file.Xattr{Name: "user.x", Value: make([]byte, 64<<10)})
	}
	var b bytes.Buffer
	w, err := NewChangeWriter(&b, nil)
	must(t, err)
	if w.Add("a", &r) == nil {
		t.Fatal("it was taken")
	}
	r.Xattrs = r.Xattrs[:100]
	must(t, w.Add("a", &r))
	must(t, w.End(nil))
	if got, _, err := readBack(b.Bytes()); err != nil || len(got) != 1 || len(got[0].Xattrs) != 100 {
		t.Errorf("a record of 6 MiB does not come back: %v", err)
	}
}

// failing takes n bytes.
type failing struct{ n int }

var errFull = errors.New("full")

func (f *failing) Write(b []byte) (int, error) {
	if f.n -= len(b); f.n < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestAWriteErrorIsNotForgotten(t *testing.T) {
	set := samples(50)
	whole := len(written(t, &Header{Name: "s"}, &Header{Name: "s"}, set, nil))
	for n := 0; n < whole; n += 5 {
		c, err := NewChangeWriter(&failing{n}, &Header{Name: "s"})
		for i := 0; i < len(set) && err == nil; i++ {
			if err = c.Add(set[i].Path, &set[i].Record); err == nil && i%10 == 0 {
				err = c.Checkpoint()
			}
		}
		if end := c.End(&Header{Name: "s"}); !errors.Is(end, errFull) {
			t.Fatalf("after %d of %d bytes the error was %v, in the end %v", n, whole, err, end)
		}
	}
}

func TestEntriesStayValidAfterTheNext(t *testing.T) {
	set := samples(5000)
	c, err := NewChangeReader(bytes.NewReader(written(t, nil, nil, set, nil)))
	must(t, err)
	var paths []string
	for e, err := range c.All() {
		must(t, err)
		paths = append(paths, e.Path)
	}
	for i, p := range paths {
		if p != set[i].Path || !strings.HasPrefix(p, "a folder") {
			t.Fatalf("path %d became %q", i, p)
		}
	}
}
