package archive

import (
	"archive/zip"
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"snap/internal/file"
	"snap/record"
)

// TestZipTimes: a time that a zip archive cannot hold is the nearest that it can, and no other century.
func TestZipTimes(t *testing.T) {
	date := func(year int) time.Time { return time.Date(year, 5, 6, 7, 8, 10, 0, time.UTC) }
	first, last := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(1<<32-1, 0)
	for _, c := range []struct{ in, want time.Time }{
		{date(1901), first}, {time.Unix(-1, 5e8), first}, {date(1979), first}, {date(1980), date(1980)},
		{date(2026), date(2026)},
		{date(2039), date(2039)}, {date(2106), last}, {date(2300), last},
	} {
		var b bytes.Buffer
		z := newZip(&b, true)
		e := new(record.Entry)
		e.Kind, e.Mtime = file.Regular, file.At(c.in)
		if err := errors.Join(z.add(nil, e, "a", "", strings.NewReader(""), 0), z.Close()); err != nil {
			t.Fatal(err)
		}
		r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		f := r.File[0]
		if dos := int(f.ModifiedDate>>9) + 1980; !f.Modified.Equal(c.want) || dos != c.want.UTC().Year() {
			t.Errorf("%v is %v and in the year %d, want %v", c.in, f.Modified, dos, c.want)
		}
	}
}
