package backup

import (
	"context"

	"snap/destination"
	"snap/internal/file"
	"snap/internal/progress"
	"snap/record"
	"snap/scan"
)

// readCopy reads the previous snapshot's copy of a file whose record was made from a tree and has no hash,
// and enters the hash into f.Old. A copy that cannot be read, or is not what the record says, leaves the
// record as it is: the file is then copied from the source.
func (r *run) readCopy(ctx context.Context, f *scan.Facts) error {
	if f.Old == nil || !f.Old.Weak() || f.New.Kind != file.Regular || r.copies == nil {
		return nil
	}
	dir, name := record.Split(f.Path)
	d, err := r.copies.Dir(dir)
	if err != nil {
		return nil
	}
	defer d.Close()
	src, err := d.Open(name)
	if err != nil {
		return nil
	}
	defer src.Close()
	s, err := src.Stat()
	if err != nil || s.Size != f.Old.Size || !destination.CloseEnough(s.Mtime, f.Old.Mtime) {
		return nil
	}
	work := progress.MeterOf(ctx).Begin(f.Path, s.Size)
	defer work.End()
	src.Watch(work.Moved)
	h := file.NewDigest()
	h.Begin(f.New.Has(record.SparseHash))
	buf := file.Buffers.Get().(*[]byte)
	defer file.Buffers.Put(buf)
	n, err := file.Hash(ctx, src, s.Size, h, *buf)
	if err != nil || n != s.Size {
		return ctx.Err()
	}
	record.SetHash(f.Old, h)
	f.Weak = true
	return nil
}

// openCopies opens the previous snapshot's tree for readCopy. Without one there is nothing to compare with.
func (r *run) openCopies() func() {
	if r.prev == nil {
		return func() {}
	}
	root, err := r.d.Root.EnterDir(r.prev.Name)
	if err != nil {
		return func() {}
	}
	r.copies = file.NewTree(root, 256, (*file.Dir).EnterDir)
	return func() {
		r.copies.Close()
		r.copies = nil
		root.Close()
	}
}
