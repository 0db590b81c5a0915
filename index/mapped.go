package index

import (
	"unsafe"

	bolt "go.etcd.io/bbolt"

	"snap/internal/file"
)

// bbolt maps the whole file, and every page that was touched counts as this process's memory for as long as the
// file is open. With a page the system maps what lies around it, a window of 64 KiB, so that some thousand
// look-ups all over the index are all of the index. So what was mapped is given back when forgetAfter windows, 32 MiB,
// were touched. It costs time, because pages are mapped again, and saves memory, which otherwise grows with the index:
// 90,000 look-ups in no order in an index of 300,000 files (134 MiB) take 3.4 s instead of 1.5 s, and 3.4 s instead of
// 2.6 s where the file was not in the system's cache. Then 40 MiB of the file are in memory instead of all of it, and
// the whole process peaks at 95 MiB instead of 175. (Medians of 5 runs on a busy machine.)
const (
	windowBits  = 16
	forgetAfter = 512
)

// touches counts the windows that look-ups touch.
type touches struct {
	n      int
	recent [64]uintptr // windows that were counted, each at its number modulo 64
}

// touch counts the window with b, which tx has found, unless that was touched just before.
func (t *touches) touch(tx *bolt.Tx, b []byte) {
	w := uintptr(unsafe.Pointer(unsafe.SliceData(b))) >> windowBits
	if at := &t.recent[w%uintptr(len(t.recent))]; *at != w {
		*at = w
		t.count(tx, 1)
	}
}

// count counts n windows.
func (t *touches) count(tx *bolt.Tx, n int) {
	if t.n += n; t.n >= forgetAfter {
		*t = touches{}
		forget(tx)
	}
}

// forget gives back the memory of the pages that were touched so far. What it forgets must be the mapping and nothing
// else: it runs within a transaction, on the goroutine of that, so that bbolt does not map the file elsewhere at the
// same time; and no transaction is larger than what is mapped, because checkSchema has compared the size that the
// file says it has with the one it has, and a writer maps more before it takes more.
func forget(tx *bolt.Tx) {
	file.ForgetMapped(tx.DB().Info().Data, uintptr(tx.Size()))
}
