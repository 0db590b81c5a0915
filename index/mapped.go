package index

import (
	bolt "go.etcd.io/bbolt"

	"snap/internal/file"
)

// bbolt maps the whole file, and every page that was touched counts as this process's memory for as long as the
// file is open. The system maps what lies around a page with it, as far as 64 KiB, so that some thousand look-ups
// all over the index are all of the index. So what was mapped is forgotten again every forgetAfter look-ups, 16
// MiB at most: a call that takes some microseconds.
const forgetAfter = 256

// forgetViews is how many views of a database that is held open, which are look-ups of some paths each, are made
// until what they have mapped is forgotten.
const forgetViews = 64

// touches counts look-ups in the mapped file.
type touches struct{ n int }

// touch counts n more within tx.
func (t *touches) touch(tx *bolt.Tx, n int) {
	if t.n += n; t.n >= forgetAfter {
		t.n = 0
		forget(tx)
	}
}

// forget gives back the memory of the pages that were touched so far. Within a transaction, on the goroutine that
// runs it: bbolt then does not map the file elsewhere at the same time. The database's size as the transaction
// found it is mapped for certain.
func forget(tx *bolt.Tx) {
	if size := tx.Size(); size > 0 {
		file.Forget(tx.DB().Info().Data, uintptr(size))
	}
}
