package record

import (
	"snap/internal/file"
)

// sparseHoles is from how many bytes of holes on a file is hashed in the sparse form: then hashing zeros would take
// longer than all else. Other files keep the plain SHA-256, which every tool knows.
const sparseHoles = 1 << 30

// SparseForm reports in which form a file is hashed, of which s is what the system says. Where it is compared with an
// older record of the same size, it is that one's form: hashes of different forms are not equal.
func SparseForm(f *file.File, s *file.Stat, olds ...*Record) bool {
	for _, old := range olds {
		if old != nil && old.Has(Hashed) && old.Size == s.Size {
			return old.Has(SparseHash)
		}
	}
	return s.Size-s.Allocated >= sparseHoles && f.HasHoles(s.Size)
}

// SetHash gives a record the hash that h has come to.
func SetHash(rec *Record, h *file.Digest) {
	h.Sum(rec.Hash[:0])
	rec.Flags = rec.Flags&^SparseHash | Hashed
	if h.Sparse() {
		rec.Flags |= SparseHash
	}
}
