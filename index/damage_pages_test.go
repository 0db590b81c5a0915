package index

import (
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"snap/record"
)

// TestADamagedFreelistDoesNotKeepTheLock: bbolt panics on it after it has locked the file.
func TestADamagedFreelistDoesNotKeepTheLock(t *testing.T) {
	db := smallHistory(t)
	var freelist int64
	raw, err := bolt.Open(db.path, 0o600, nil)
	check(t, err)
	check(t, raw.View(func(tx *bolt.Tx) error {
		for id := 2; ; id++ {
			p, err := tx.Page(id)
			if err != nil || p == nil {
				return err
			}
			if p.Type == "freelist" {
				freelist = int64(id)
			}
		}
	}))
	check(t, raw.Close())
	b, err := os.ReadFile(db.path)
	check(t, err)
	for i := range 16 { // its header
		b[freelist*4096+int64(i)] ^= 0xff
	}
	check(t, os.WriteFile(db.path, b, 0o600))
	start := time.Now()
	for range 3 {
		if err := db.Undo(bg, 7); !errors.Is(err, record.ErrDamaged) {
			t.Fatalf("writing: error %v", err)
		}
	}
	if all, err := db.Snapshots(bg); err != nil || len(all) != 5 {
		t.Errorf("reading: %d snapshots, %v", len(all), err)
	}
	if waited := time.Since(start); waited > lockWait/2 {
		t.Errorf("waited %v for its own lock", waited)
	}
}

// A record under a damaged key is about a path that nobody knows. Passing over it would hide a change.
func TestARecordUnderADamagedKeyIsNoticed(t *testing.T) {
	db := smallHistory(t)
	edit(t, db.path, func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketRecords).Bucket(seqKey(2))
		value := slices.Clone(b.Get([]byte("a")))
		return errors.Join(b.Delete([]byte("a")), b.Put([]byte("A"), value))
	})
	if diff, err := collect(db.Diff(bg, 1, 2)); !errors.Is(err, record.ErrDamaged) {
		t.Errorf("%+v, %v", diff, err)
	}
}

// Records that change places with others have a right checksum for another key, and are noticed.
func TestExchangedValuesAreNoticed(t *testing.T) {
	for _, bucket := range []string{"paths", "records", "snapshots"} {
		db := smallHistory(t)
		edit(t, db.path, func(tx *bolt.Tx) error {
			b := tx.Bucket([]byte(bucket))
			if bucket == "records" {
				b = b.Bucket(seqKey(1))
			}
			var keys, values [][]byte
			check(t, b.ForEach(func(k, v []byte) error {
				keys, values = append(keys, slices.Clone(k)), append(values, slices.Clone(v))
				return nil
			}))
			return errors.Join(b.Put(keys[1], values[2]), b.Put(keys[2], values[1]))
		})
		_, err := db.listing(1, "")
		_, err2 := db.Snapshots(bg)
		if err = errors.Join(err, err2); !errors.Is(err, record.ErrDamaged) {
			t.Errorf("%s: error %v", bucket, err)
		}
	}
}
