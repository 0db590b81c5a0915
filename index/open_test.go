package index

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"snap/record"
)

// questions are all reading calls, for tests that only want their error.
func (db *DB) questions() map[string]error {
	_, snapshots := db.Snapshots(bg)
	_, id := db.ID(bg)
	_, entries := db.listing(1, "")
	_, _, lookup := db.Lookup(bg, 1, "a")
	_, histories := collect(db.Histories(bg, "", func([]byte) bool { return true }))
	_, diff := collect(db.Diff(bg, 1, 2))
	_, follow := db.Follow(bg, "a")
	_, versions := db.Versions(bg, "a")
	_, hasSize := db.HasSize(bg, 3)
	_, _, children := db.Children(bg, 1, "", "", 1)
	_, _, departed := db.Departed(bg, 1, "", "", 1)
	_, touched := db.Touched(bg, "")
	_, below := db.ChangedBelow(bg, 0, 1, []string{"a"}, 1)
	_, _, flagged := db.Flagged(bg, 1, func(*record.Record) bool { return true }, "", 1)
	return map[string]error{"Snapshots": snapshots, "ID": id, "Entries": entries, "Lookup": lookup, "Histories": histories,
		"Diff": diff, "Follow": follow, "Versions": versions, "HasSize": hasSize, "Children": children,
		"Departed": departed, "Touched": touched, "ChangedBelow": below, "Flagged": flagged}
}

func TestWhatIsNoIndexIsSaidToBeDamaged(t *testing.T) {
	db := smallHistory(t)
	good, err := os.ReadFile(db.path)
	check(t, err)
	used := int64(0)
	check(t, db.view(bg, func(tx *bolt.Tx) error { used = tx.Size(); return nil }))
	noise := make([]byte, 64<<10)
	for i, x := 0, uint32(1); i < len(noise); i++ {
		x = x*1664525 + 1013904223
		noise[i] = byte(x >> 24)
	}
	for _, c := range []struct {
		name string
		make func(path string)
		want error
	}{
		{"nothing", func(string) {}, ErrMissing},
		{"an empty file", func(p string) { os.WriteFile(p, nil, 0o600) }, record.ErrDamaged},
		{"a folder", func(p string) { os.Mkdir(p, 0o700) }, record.ErrDamaged},
		{"a link", func(p string) { os.WriteFile(p+"2", good, 0o600); os.Symlink(p+"2", p) }, record.ErrDamaged},
		{"one byte", func(p string) { os.WriteFile(p, []byte("x"), 0o600) }, record.ErrDamaged},
		{"a text", func(p string) { os.WriteFile(p, []byte(strings.Repeat("not an index\n", 3000)), 0o600) },
			record.ErrDamaged},
		{"noise", func(p string) { os.WriteFile(p, noise, 0o600) }, record.ErrDamaged},
		{"zeros", func(p string) { os.WriteFile(p, make([]byte, len(good)), 0o600) }, record.ErrDamaged},
		{"a page", func(p string) { os.WriteFile(p, good[:4096], 0o600) }, record.ErrDamaged},
		{"two pages", func(p string) { os.WriteFile(p, good[:8192], 0o600) }, record.ErrDamaged},
		{"five pages", func(p string) { os.WriteFile(p, good[:5*4096], 0o600) }, record.ErrDamaged},
		{"one byte less", func(p string) { os.WriteFile(p, good[:used-1], 0o600) }, record.ErrDamaged},
		{"another program's database", func(p string) {
			b, err := bolt.Open(p, 0o600, nil)
			check(t, err)
			check(t, b.Close())
		}, record.ErrDamaged},
		{"a newer snap's database", func(p string) {
			check(t, Create(p, "id"))
			edit(t, p, func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Put(keyVersion, []byte{schemaVersion + 1}) })
		}, record.ErrNewer},
		{"a database without a version", func(p string) {
			check(t, Create(p, "id"))
			edit(t, p, func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Delete(keyVersion) })
		}, record.ErrDamaged},
		{"a database without a bucket", func(p string) {
			check(t, Create(p, "id"))
			edit(t, p, func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketPaths) })
		}, record.ErrDamaged},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(memoryDir(t), "index.db")
			c.make(path)
			before, _ := os.ReadFile(path)
			db, err := Open(path)
			if err == nil {
				for name, e := range db.questions() {
					if err = e; !errors.Is(err, c.want) {
						t.Errorf("%s: error %v, want %v", name, err, c.want)
					}
				}
				if werr := db.Undo(bg, 99); !errors.Is(werr, c.want) {
					t.Errorf("writing: error %v, want %v", werr, c.want)
				}
			}
			if !errors.Is(err, c.want) || strings.Count(err.Error(), path) != 1 {
				t.Errorf("error %v, want %v with the path once", err, c.want)
			}
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Error("it was written to")
			}
		})
	}
}

// edit changes a database behind the index's back.
func edit(t tb, path string, f func(tx *bolt.Tx) error) {
	t.Helper()
	b, err := bolt.Open(path, 0o600, nil)
	check(t, err)
	check(t, b.Update(f))
	check(t, b.Close())
}

// What happens to the file after Open must not make a new, empty index of it.
func TestAnIndexThatGoesAwayIsNotMadeAnew(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(path string) error
		want error
	}{{"removed", os.Remove, ErrMissing},
		{"emptied", func(p string) error { return os.Truncate(p, 0) }, record.ErrDamaged}} {
		db := smallHistory(t)
		check(t, c.do(db.path))
		for name, err := range db.questions() {
			if !errors.Is(err, c.want) {
				t.Errorf("%s: %s: error %v, want %v", c.name, name, err, c.want)
			}
		}
		if err := db.Undo(bg, 7); !errors.Is(err, c.want) {
			t.Errorf("%s: Undo: error %v, want %v", c.name, err, c.want)
		}
		if info, err := os.Stat(db.path); err == nil && info.Size() > 0 {
			t.Errorf("%s: there is a new one of %d bytes", c.name, info.Size())
		}
	}
}

func TestCreateReplacesNothing(t *testing.T) {
	dir := memoryDir(t)
	path := filepath.Join(dir, "index.db")
	check(t, os.WriteFile(path, nil, 0o600))
	if err := Create(path, "id"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("error %v", err)
	}
	check(t, os.Remove(path))
	check(t, Create(path, "id"))
	info, err := os.Stat(path)
	check(t, err)
	left, err := os.ReadDir(dir)
	check(t, err)
	if info.Mode() != 0o600 || len(left) != 1 {
		t.Errorf("mode %v, and %d files", info.Mode(), len(left))
	}
	db, err := Open(path)
	check(t, err)
	id, err := db.ID(bg)
	if all, err2 := db.Snapshots(bg); err != nil || err2 != nil || id != "id" || len(all) != 0 {
		t.Errorf("id %q, %d snapshots, %v, %v", id, len(all), err, err2)
	}
}

// A reader waits for a writer of another process, and only as long as its context allows.
func TestAReaderWaitsForAWriter(t *testing.T) {
	db := smallHistory(t)
	writer, err := bolt.Open(db.path, 0o600, nil) // a lock of its own, as another process has
	check(t, err)
	ctx, cancel := context.WithTimeout(bg, 50*time.Millisecond)
	defer cancel()
	if _, err := db.Snapshots(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while the writer writes: %v", err)
	}
	ctx, cancel = context.WithCancel(bg)
	cancel()
	if err := db.Hold(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	answer := make(chan error)
	go func() {
		_, err := db.Snapshots(bg)
		answer <- err
	}()
	select {
	case err := <-answer:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	check(t, writer.Close())
	check(t, <-answer)
}

// Readers do not wait for each other, and a writer waits for a reader that holds the index.
func TestAWriterWaitsForAReader(t *testing.T) {
	db := smallHistory(t)
	other, err := Open(db.path)
	check(t, err)
	check(t, other.Hold(bg))
	check(t, other.Hold(bg)) // once more does nothing
	for name, err := range db.questions() {
		if err != nil && !errors.Is(err, ErrNotFound) {
			t.Errorf("%s beside another reader: %v", name, err)
		}
	}
	ctx, cancel := context.WithTimeout(bg, 50*time.Millisecond)
	defer cancel()
	if err := db.Undo(ctx, 7); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a writer beside a reader: %v", err)
	}
	check(t, other.Release())
	check(t, other.Release())
	check(t, db.Hold(bg))
	check(t, db.Undo(bg, 7)) // its own hold it gives up
	if all, err := db.Snapshots(bg); err != nil || len(all) != 4 {
		t.Errorf("%d snapshots, %v", len(all), err)
	}
}

// A cancelled context ends every call, also between pages and batches.
func TestACancelledContextEndsEveryCall(t *testing.T) {
	db := newDB(t)
	tr := bordered()
	db.add(t, 1, tr.changes(tree{}))
	ctx, cancel := context.WithCancel(bg)
	n, last := 0, error(nil)
	for _, err := range db.Entries(ctx, 1, "") {
		if n++; n == 10 {
			cancel()
		}
		last = err
	}
	if !errors.Is(last, context.Canceled) || n != pageSize+1 {
		t.Errorf("after %d entries: %v", n, last)
	}
	if err := db.Import(ctx, 2, all(manyEntries(5)),
		func() (*record.Header, error) { return &record.Header{Name: "s"}, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("Import: %v", err)
	}
	ctx, cancel = context.WithCancel(bg)
	err := db.Import(ctx, 2, func(yield func(*record.Entry, error) bool) {
		for _, e := range manyEntries(5) {
			cancel()
			if !yield(&e, nil) {
				return
			}
		}
	}, func() (*record.Header, error) { return &record.Header{Name: "s"}, nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Import, cancelled on the way: %v", err)
	}
}

// A header must not lead to another folder than a snapshot's.
func TestAHeaderThatLeadsElsewhereIsDamage(t *testing.T) {
	for name, ok := range map[string]bool{"2026-01-01": true, "../x": false} {
		b, err := json.Marshal(&record.Header{Seq: 1, Name: name})
		check(t, err)
		if _, err = decodeHeader(seqKey(1), b); (err == nil) != ok || err != nil && !errors.Is(err, record.ErrDamaged) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
