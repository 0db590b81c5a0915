package index

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	bolt "go.etcd.io/bbolt"

	"snap/record"
)

var bg = context.Background()

// memoryDir is a new folder, in memory where the system has one: every commit of a database is synced.
func memoryDir(t tb) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "snap-index-")
	if err != nil {
		dir, err = os.MkdirTemp("", "snap-index-")
	}
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func newDB(t tb) *DB {
	t.Helper()
	path := filepath.Join(memoryDir(t), "index.db")
	check(t, Create(path, "the-id"))
	db, err := Open(path)
	check(t, err)
	return db
}

// add imports a change set and marks it complete.
func (db *DB) add(t tb, seq uint64, set []record.Entry) {
	t.Helper()
	h := &record.Header{Name: fmt.Sprint("s", seq), Seq: seq, Tags: []string{"t"}}
	check(t, db.Import(bg, seq, all(set), func() (*record.Header, error) { return h, nil }))
	h.State = record.Complete
	check(t, db.SetHeader(bg, h))
}

// dump is the whole database: every key with its value, below the names of its buckets.
func (db *DB) dump(t tb) map[string]string {
	t.Helper()
	b, err := bolt.Open(db.path, 0o600, &bolt.Options{ReadOnly: true})
	check(t, err)
	defer b.Close()
	found := map[string]string{}
	var walk func(name string, b *bolt.Bucket) error
	walk = func(name string, b *bolt.Bucket) error {
		found[name] = "bucket"
		return b.ForEach(func(k, v []byte) error {
			at := fmt.Sprintf("%s/%q", name, k)
			if v == nil && b.Bucket(k) != nil {
				return walk(at, b.Bucket(k))
			}
			found[at] = string(v)
			return nil
		})
	}
	check(t, b.View(func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bolt.Bucket) error { return walk(string(name), b) })
	}))
	return found
}

// difference names the first entry in which two dumps differ, "" if none.
func difference(a, b map[string]string) string {
	for _, k := range slices.Sorted(maps.Keys(a)) {
		if v, ok := b[k]; !ok || v != a[k] {
			return fmt.Sprintf("%s: %q, %q", k, a[k], v)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(b)) {
		if _, ok := a[k]; !ok {
			return fmt.Sprintf("%s: only in the second, %q", k, b[k])
		}
	}
	return ""
}

// listing is what a snapshot holds at and below dir, copied.
func (db *DB) listing(seq uint64, dir string) (all []record.Entry, err error) {
	for e, err := range db.Entries(bg, seq, dir) {
		if err != nil {
			return all, err
		}
		all = append(all, *e)
	}
	return all, nil
}
