package index

import (
	"context"

	bolt "go.etcd.io/bbolt"
)

// How much one transaction takes. The more, the fewer times the disk must sync, which on a slow or busy one is most
// of the time; but bbolt holds what a transaction changes in memory. Entries that come in the order of their keys
// go to the end of a page. Those that change all over the index touch a page each. Such pages are held as a whole,
// what lies around them is mapped when they are written (see forget), 64 KiB each, and they are written to new
// places, so that as many pages as one transaction may change are always in use beside the index itself. 512 are
// 2 MiB of disk and 40 of memory.
const (
	batchWeight = 8 << 20 // bytes of keys and values, and entryWeight for each: 15,000 records with their paths
	batchPages  = 512
	entryWeight = 128
)

// txn is a write transaction that knows how large it has become.
type txn struct {
	*bolt.Tx
	touches
	weight int
	pages  int64 // that were read in order to be changed
}

// room reports whether the transaction may take another entry. It is asked before each.
func (t *txn) room() bool {
	stats := t.Stats()
	pages := stats.GetNodeCount()
	t.count(t.Tx, int(pages-t.pages))
	t.pages = pages
	return !t.full()
}

func (t *txn) full() bool { return t.weight >= batchWeight || t.pages >= batchPages }

// put puts an entry into a bucket.
func (t *txn) put(b *bolt.Bucket, key, value []byte) error {
	t.weight += len(key) + len(value) + entryWeight
	return b.Put(key, value)
}

// delete takes an entry out of a bucket.
func (t *txn) delete(b *bolt.Bucket, key []byte) error {
	t.weight += entryWeight
	return b.Delete(key)
}

// stage is a part of some work: it goes on with it for as long as t has room, and reports whether it is done.
type stage func(t *txn) (done bool, err error)

// updater runs one write transaction.
type updater func(func(tx *bolt.Tx) error) error

// stages does each of the stages until it is done, in order, in as few transactions as stay small.
func (update updater) stages(ctx context.Context, all ...stage) error {
	for len(all) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := update(func(tx *bolt.Tx) error {
			t := &txn{Tx: tx}
			for len(all) > 0 && !t.full() {
				done, err := all[0](t)
				if err != nil {
					return err
				}
				if !done {
					return nil
				}
				all = all[1:]
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// fill is how full the pages of b are made when they are split. Where entries come side by side the pages stay as
// they are made; a tenth is left free, or the next change would split them all. Where they come one by one
// a page that overflows is cut into halves, or the full one of the two would overflow again at once.
func fill(b *bolt.Bucket, added int, pages int64) {
	b.FillPercent = 0.5
	if int64(added) > 8*pages {
		b.FillPercent = 0.9
	}
}
