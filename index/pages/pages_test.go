package pages

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// The meta page is the one that bbolt takes, whatever the size of pages and whichever is damaged.
func TestTheMetaPageIsTheOneThatBboltTakes(t *testing.T) {
	for _, size := range []int{1 << 10, 4 << 10, 64 << 10} {
		path := filepath.Join(t.TempDir(), "db")
		b, err := bolt.Open(path, 0o600, &bolt.Options{PageSize: size})
		check(t, err)
		for i := range byte(5) {
			check(t, b.Update(func(tx *bolt.Tx) error {
				bucket, err := tx.CreateBucketIfNotExists([]byte("b"))
				return errors.Join(err, bucket.Put([]byte{'k', i}, make([]byte, 3000)))
			}))
		}
		check(t, b.Close())
		good, err := os.ReadFile(path)
		check(t, err)
		for _, broken := range [][]int{{}, {0}, {1}, {0, 1}} {
			bad := bytes.Clone(good)
			for _, page := range broken {
				bad[page*size+16+40] ^= 1
			}
			check(t, os.WriteFile(path, bad, 0o600))
			f, err := Open(bytes.NewReader(bad), int64(len(bad)))
			b, err2 := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true})
			if len(broken) == 2 {
				if !isFault(err) || err2 == nil {
					t.Errorf("%d, %d broken: errors %v, bbolt %v", size, broken, err, err2)
				}
				continue
			}
			check(t, errors.Join(err, err2))
			check(t, b.View(func(tx *bolt.Tx) error {
				if f.txid != uint64(tx.ID()) || f.root != uint64(tx.Cursor().Bucket().Root()) ||
					int64(f.high*f.pageSize) != tx.Size() ||
					f.pageSize != uint64(size) || f.whole != (len(broken) == 0) {
					t.Errorf("%d, %d broken: %+v, bbolt has transaction %d", size, broken, f, tx.ID())
				}
				return nil
			}))
			check(t, b.Close())
			free, err := f.Prove(t.Context(), "")
			check(t, errors.Join(err, free))
			if _, err := Open(bytes.NewReader(bad), int64(f.high*f.pageSize)-1); !isFault(err) {
				t.Errorf("cut off: %v", err)
			}
		}
	}
}

func isFault(err error) bool { return errors.As(err, new(*Fault)) }

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
