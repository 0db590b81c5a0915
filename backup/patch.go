package backup

import (
	"errors"
	"fmt"

	"snap/destination"
	"snap/internal/file"
	"snap/record"
)

// A large file that changed is not written whole where the destination can share blocks: its new inode is a clone of
// the older copy, and only the blocks that differ are written. What is compared is the source and the clone, so that
// the new file is right whatever the older one holds. The hash of what was read from the clone tells whether that was
// what was backed up: if not, nothing of it is kept.

// patchMin is the size from which a file is patched. A smaller one is written faster.
const patchMin = 1 << 20

var errOtherBytes = errors.New("its bytes are not those that were backed up")

// patchable reports whether a file of which the snapshot before has old may be patched; old may be nil.
func patchable(old, now *record.Record) bool {
	return old != nil && old.Kind == file.Regular && old.Held() && old.Has(record.Hashed) && old.Size >= patchMin &&
		now.Kind == file.Regular && now.Size >= patchMin
}

// patching is a copy that is made from an older one.
type patching struct {
	*file.Patch
	older *file.Digest // of the older copy
}

// patch makes the empty file dst a clone of the entry's older copy; nil if that cannot be, or would not help. Then dst
// is empty.
func (p *entryWriter) patch(it *item, dst *file.File) (*patching, error) {
	old := it.old
	if p.b.old == nil || !p.b.plan.clones || p.b.plain.Load() || !patchable(old, &it.rec) {
		return nil, nil
	}
	d, err := p.oldFolder(it.dir.path)
	if err != nil {
		return nil, nil
	}
	src, err := d.Open(it.name)
	if err != nil {
		return nil, nil
	}
	defer src.Close()
	s, err := src.Stat()
	if err != nil || s.Size != old.Size || !destination.CloseEnough(s.Mtime, old.Mtime) || !dst.CloneFrom(src) {
		return nil, dst.Truncate(0)
	}
	older := file.NewDigest()
	older.Begin(old.Has(record.SparseHash))
	patch, err := file.NewPatch(dst, older)
	return &patching{patch, older}, err
}

// rotten is why nothing of the older copy must be kept, after the first reading, which ended with err; nil if that is
// what was backed up.
func (c *patching) rotten(old *record.Record, err error) error {
	if older := (*file.OlderError)(nil); errors.As(err, &older) {
		return older.Err
	}
	if err == nil && c.older != nil && [32]byte(c.older.Sum(nil)) != old.Hash {
		return errOtherBytes
	}
	if err == nil {
		c.older = nil // proved
	}
	return nil
}

// patched notes in the record what was written of a patched file.
func (c *patching) patched(rec *record.Record, dst *file.File) error {
	s, err := dst.Stat()
	if err != nil {
		return fmt.Errorf("after it was patched: %w", err)
	}
	rec.Took(s.Allocated)
	rec.Shared, rec.Patched = max(rec.OnDisk()-c.Wrote(), 0), min(c.Blocks(), rec.PatchBlocks())
	return nil
}
