package index

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"testing"

	"snap/internal/file"
	"snap/record"
)

// manyFiles yields n files as gen many makes them, with their folders: 50 files of 0.5–4 KB a folder, paths of
// 52 bytes, inodes in no order of the paths.
func manyFiles(n int, edit func(i int, e *record.Entry) bool) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		when := file.Time{Sec: 1.77e9, Nsec: 123456789}
		var e record.Entry
		put := func(path string, i int, r record.Record) bool {
			e = record.Entry{Path: path, Record: r}
			e.Ino, e.UID, e.GID, e.Volume = uint64(i)*0x9e3779b1%(1<<24), 1000, 1000, 1
			e.Change, e.Reason = record.Added, record.NewPath
			e.Ctime, e.Btime = when, file.Time{Sec: when.Sec, Nsec: when.Nsec - 4e6}
			return edit != nil && !edit(i, &e) || yield(&e, nil)
		}
		folder := record.Record{Stored: record.Made,
			Stat: file.Stat{Kind: file.Folder, Mode: 0o755, Nlink: 2, Size: 4096, Mtime: when}}
		if !put("", 2*n, folder) {
			return
		}
		var dirs [3]int
		for i := range n {
			leaf := i / 50
			for level, d := range [...]int{leaf / 2000, leaf / 50, leaf} {
				if d+1 == dirs[level] {
					continue
				}
				dirs[level] = d + 1
				path := [...]string{"top%02d", "top%02d/project-%03d", "top%02d/project-%03d/component-%03d"}[level]
				if !put(fmt.Sprintf(path, []any{leaf / 2000, leaf / 50 % 40, leaf % 50}[:level+1]...), 2*n+leaf+level<<28, folder) {
					return
				}
			}
			r := record.Record{Flags: record.Hashed, Stored: record.Copied, Stat: file.Stat{
				Kind: file.Regular, Mode: 0o644, Nlink: 1, Size: 512 + int64(i)*2654435761%3585,
				Mtime: file.Time{Sec: 1735689600 + int64(i), Nsec: int32(i * 40503 % 1e9)},
			}}
			r.Hash = sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
			path := fmt.Sprintf("top%02d/project-%03d/component-%03d/source_file_%04d.txt", leaf/2000, leaf/50%40, leaf%50, i%50)
			if !put(path, i, r) {
				return
			}
		}
	}
}

// onDisk is a new database where it would be in use, so that its commits cost what they do there.
func onDisk(b *testing.B) *DB {
	path := filepath.Join(b.TempDir(), "index.db")
	check(b, Create(path, "the-id"))
	db, err := Open(path)
	check(b, err)
	return db
}

// BenchmarkImport is the first snapshot of a tree.
func BenchmarkImport(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var size int64
			for b.Loop() {
				db := onDisk(b)
				check(b, db.Import(bg, 1, manyFiles(n, nil),
					func() (*record.Header, error) { return &record.Header{Name: "s"}, nil }))
				size = db.size(b)
				check(b, os.Remove(db.path))
			}
			b.ReportMetric(float64(size)/float64(n), "B/file")
		})
	}
}

// BenchmarkImportChanges are the snapshots after it: a thousand files of a hundred thousand with other content, all
// over the tree; all files with another mode.
func BenchmarkImportChanges(b *testing.B) {
	const n = 100_000
	for _, c := range []struct {
		name string
		part int
	}{{"one percent", 100}, {"all", 1}} {
		b.Run(c.name, func(b *testing.B) {
			db := onDisk(b)
			check(b, db.Import(bg, 1, manyFiles(n, nil),
				func() (*record.Header, error) { return &record.Header{Name: "s"}, nil }))
			seq, size := uint64(1), db.size(b)
			for b.Loop() {
				seq++
				changed := manyFiles(n, func(i int, e *record.Entry) bool {
					if c.part == 1 {
						e.Mode ^= 0o100
						return i < n
					}
					e.Hash = sha256.Sum256(binary.BigEndian.AppendUint64(e.Hash[:], seq))
					e.Mtime.Sec += int64(seq)
					return i < n && uint64(i*7919)%uint64(c.part) == seq%uint64(c.part)
				})
				check(b, db.Import(bg, seq, changed, func() (*record.Header, error) { return &record.Header{Name: "s"}, nil }))
			}
			b.ReportMetric(float64(db.size(b)-size)/float64(seq-1)/float64(n/c.part), "B/record")
		})
	}
}

// BenchmarkLookup is a look-up by path, by identity and by content each, of files in no order, while the index is
// held open.
func BenchmarkLookup(b *testing.B) {
	const n = 300_000
	db := onDisk(b)
	check(b, db.Import(bg, 1, manyFiles(n, nil), func() (*record.Header, error) { return &record.Header{Name: "s"}, nil }))
	var all []record.Entry
	for e, err := range manyFiles(n, nil) {
		check(b, err)
		if e.Kind == file.Regular && e.Ino%8 == 0 {
			all = append(all, *e)
		}
	}
	check(b, db.Hold(bg))
	defer db.Release()
	i := 0
	for b.Loop() {
		r := &all[i*7919%len(all)]
		i++
		_, _, err := db.Lookup(bg, 1, r.Path)
		check(b, err)
		_, err = db.ByIdentity(bg, 1, &r.Record, 1)
		check(b, err)
		_, err = db.ByContent(bg, 1, r.Size, r.Hash, 1)
		check(b, err)
	}
}

// BenchmarkDiff are the differences of two snapshots that follow each other, one file of a hundred being another, and
// of the first and the last of ten such ones.
func BenchmarkDiff(b *testing.B) {
	const n, snapshots = 100_000, 10
	db := onDisk(b)
	for seq := uint64(1); seq <= snapshots; seq++ {
		changed := manyFiles(n, func(i int, e *record.Entry) bool {
			e.Hash = sha256.Sum256(binary.BigEndian.AppendUint64(e.Hash[:], seq))
			return seq == 1 || i < n && uint64(i*7919)%100 == seq
		})
		check(b, db.Import(bg, seq, changed, func() (*record.Header, error) { return &record.Header{Name: "s"}, nil }))
	}
	for _, from := range []uint64{snapshots - 1, 1} {
		b.Run(fmt.Sprintf("%d to %d", from, snapshots), func(b *testing.B) {
			found := 0
			for b.Loop() {
				found = 0
				for _, err := range db.Diff(bg, from, snapshots) {
					check(b, err)
					found++
				}
			}
			if want := n / 100 * int(snapshots-from); found != want {
				b.Fatalf("%d differences, want %d", found, want)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(found), "ns/difference")
		})
	}
}

// BenchmarkFind is the history of one path, found by the path and by its name.
func BenchmarkFind(b *testing.B) {
	const n = 100_000
	db := onDisk(b)
	check(b, db.Import(bg, 1, manyFiles(n, nil), func() (*record.Header, error) { return &record.Header{Name: "s"}, nil }))
	const dir = "top00/project-020/component-010"
	path := dir + "/source_file_0025.txt"
	b.Run("path", func(b *testing.B) {
		for b.Loop() {
			h, err := db.Versions(bg, path)
			check(b, err)
			if len(h.Versions) != 1 {
				b.Fatalf("%+v", h)
			}
		}
	})
	b.Run("all", func(b *testing.B) {
		name := []byte("component-010/source_file_0025.txt")
		for b.Loop() {
			found := 0
			for _, err := range db.Histories(bg, "", func(path []byte) bool { return bytes.HasSuffix(path, name) }) {
				check(b, err)
				found++
			}
			if found != 40 {
				b.Fatalf("%d found", found)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/path")
	})
}
