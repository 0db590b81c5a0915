package check

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"sync"

	"snap/destination"
	"snap/internal/file"
	"snap/record"
)

// Subset says which files a check reads. The zero value reads none.
type Subset struct {
	All      bool
	Fraction float64 // this part of the inodes, chosen at random by Seed; from 0 to 1
	Bytes    int64   // about so many bytes, chosen at random by Seed
	Part     int     // the files of this part, from 1 on, of Parts parts by their content
	Parts    int
	Seed     uint64
}

// inodesAPass is the number of inodes of which a pass keeps what it has read: at most about 40 MiB.
const inodesAPass = 400_000

// inodeKey names an inode of the destination within one run. That of a subvolume has no device but the time of its
// last change: where both are the same in the copy of a subvolume, so is what it holds.
type inodeKey struct {
	dev, ino uint64
	changed  file.Time
}

func inodeAt(s *file.Stat) inodeKey {
	if s.Dev == 0 {
		return inodeKey{ino: s.Ino, changed: s.Ctime}
	}
	return inodeKey{dev: s.Dev, ino: s.Ino}
}

// reading knows which inodes were read, so that each is read once, whatever the number of its names.
type reading struct {
	subset Subset
	below  uint64 // with a fraction: the inodes whose number hashes below this are read
	room   int64  // for how many inodes a pass keeps what it has read
	passes int
	pass   int
	share  float64 // which part of the bytes is read, about
	result *Result

	mu sync.Mutex
	// inodes that a path reads in this pass; once it has, the beginning of the hash of their content
	seen   map[inodeKey]uint64
	broken map[inodeKey]error // those that could not be read
}

func (r *reading) any() bool { return r.subset != Subset{Seed: r.subset.Seed} }

// prepareReading counts in the index what there is to read.
func (c *checker) prepareReading(ctx context.Context) error {
	r := &c.read
	r.subset, r.passes, r.result = c.o.Read, 1, &c.res
	if !r.any() {
		return nil
	}
	var inodes, bytes int64
	for h, err := range c.d.DB.Histories(ctx, "", func([]byte) bool { return true }) {
		if err != nil {
			if err = c.indexError(err); err != nil {
				return err
			}
			break
		}
		for i := range h.Versions {
			if v := &h.Versions[i]; v.Kind == file.Regular && (v.Stored == record.Copied || v.Stored == record.Cloned) {
				inodes++
				bytes = record.Plus(bytes, v.Size)
			}
		}
	}
	fraction := 1.0
	switch s := &r.subset; {
	case s.Parts > 0:
		fraction = 1 / float64(s.Parts)
	case s.Fraction > 0:
		fraction = min(s.Fraction, 1)
	case s.Bytes > 0 && bytes > s.Bytes:
		fraction = float64(s.Bytes) / float64(bytes)
	}
	r.share = fraction
	if r.subset.Parts == 0 {
		r.below = math.MaxUint64
		if fraction < 1 {
			r.below = uint64(fraction * (1 << 63) * 2)
		}
	}
	r.passes = int(max(1, (int64(float64(inodes)*fraction)+r.room-1)/r.room))
	c.at.TotalBytes = bytes
	if fraction < 1 { // of a sum near 8 EiB a float64 can be more than an int64 holds
		c.at.TotalBytes = int64(float64(bytes) * fraction)
	}
	return nil
}

// part is what is read, as it is noted.
func (r *reading) part() destination.ReadPart {
	return destination.ReadPart{Share: r.share, Part: r.subset.Part, Parts: r.subset.Parts}
}

func (r *reading) begin(pass int) {
	r.pass = pass
	r.seen, r.broken = map[inodeKey]uint64{}, map[inodeKey]error{}
}

// inThisPass reports whether the path is judged in this pass: each regular file in the one that its inode falls to,
// all else in the first.
func (r *reading) inThisPass(s *comparedPath) bool {
	if !s.indexed || !s.there || s.stat.Kind != file.Regular || s.rec.Kind != file.Regular || !held(&s.rec) {
		return r.pass == 0
	}
	return r.passes == 1 || mix(s.stat.Ino)%uint64(r.passes) == uint64(r.pass)
}

// choose decides whether the bytes of a path are to be compared, and whether this path is the one to read them.
func (r *reading) choose(s *comparedPath) {
	if !r.any() || !s.indexed || !s.there || s.err != nil || s.stat.Kind != file.Regular || s.rec.Kind != file.Regular ||
		!held(&s.rec) {
		return
	}
	if parts := r.subset.Parts; parts > 0 { // those without a hash fall to the first part
		s.compareBytes = int(prefix(&s.rec.Hash)%uint64(parts)) == r.subset.Part-1
	} else {
		s.compareBytes = mix(s.stat.Ino^r.subset.Seed) <= r.below
	}
	if !s.compareBytes || !s.rec.Has(record.Hashed) || s.stat.Size != s.rec.Size {
		return // not its turn, nothing to compare with, or known to differ
	}
	if s.stat.Ino == 0 {
		s.readsInode = true
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	key := inodeAt(&s.stat)
	if _, taken := r.seen[key]; !taken {
		r.seen[key] = 0
		s.readsInode = true
	}
}

// note keeps what a path has read. Paths come in key order, so that the one that reads an inode comes before all
// others that share it.
func (r *reading) note(s *comparedPath) {
	if !s.readsInode {
		return
	}
	r.result.InodesRead++
	r.result.BytesRead = record.Plus(r.result.BytesRead, s.bytes)
	if s.stat.Ino == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen[inodeAt(&s.stat)] = s.hash; s.failed != nil {
		r.broken[inodeAt(&s.stat)] = s.failed
	}
}

// prove says what is wrong with the bytes of a path's inode.
func (r *reading) prove(s *comparedPath) (what Fault, why string) {
	if !s.rec.Has(record.Hashed) {
		return "", ""
	}
	hash, failed := s.hash, s.failed
	if s.stat.Ino != 0 {
		r.mu.Lock()
		hash, failed = r.seen[inodeAt(&s.stat)], r.broken[inodeAt(&s.stat)]
		r.mu.Unlock()
	}
	switch {
	case failed != nil:
		f := unreadFault("", failed)
		return f.what, f.why
	case hash != prefix(&s.rec.Hash):
		return FaultContent, "its content is not what was backed up"
	}
	return "", ""
}

// prefix is the part of a hash that a check keeps: of 2^32 damaged files one would be missed.
func prefix(sum *[32]byte) uint64 { return binary.BigEndian.Uint64(sum[:]) }

// mix scatters numbers (splitmix64, by Vigna).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// reader hashes files.
type reader struct {
	h   *file.Digest
	buf *[]byte
}

func (r *reading) reader() *reader { return &reader{} }

// ready gets the reader its scratch space.
func (r *reader) ready() {
	if r.buf == nil {
		r.h, r.buf = file.NewDigest(), file.Buffers.Get().(*[]byte)
	}
}

func (r *reader) close() {
	if r.buf != nil {
		file.Buffers.Put(r.buf)
	}
}

// uncached is the size from which a file is read past the system's memory: from the disk itself, and
// without driving out what others use.
const uncached = 1 << 20

var errExchanged = errors.New("it was exchanged while it was looked at")

// sum hashes the file name, which must be the one that stat describes, in the form of the record rec, or as one
// without holes if that is nil. moved hears of the bytes that are read, unless it is nil.
func (r *reader) sum(ctx context.Context, in *file.Dir, name string, stat *file.Stat,
	rec *record.Record, moved func(int64)) (sum [32]byte, n int64, err error) {
	r.ready()
	f, err := in.Open(name)
	if err != nil {
		return sum, 0, err
	}
	defer f.Close()
	now, err := f.Stat()
	if err != nil {
		return sum, 0, err
	}
	if stat.Ino != 0 && !file.SameFile(&now, stat) && now.Size != stat.Size { // some file systems make up inode numbers
		return sum, 0, errExchanged
	}
	if stat.Size >= uncached {
		f.Uncache()
		defer f.Uncache()
	}
	f.Watch(moved)
	r.h.Begin(record.SparseForm(f, &now, rec))
	n, err = file.Hash(ctx, f, now.Size, r.h, *r.buf)
	r.h.Sum(sum[:0])
	return sum, n, err
}
