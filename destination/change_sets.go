package destination

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"snap/internal/file"
	"snap/record"
)

// ChangeSetName is the name of a change set in .snap/changes: zeros in front, so that names sort as numbers.
func ChangeSetName(seq uint64) string { return fmt.Sprintf("%010d", seq) }

// ReadChanges yields the records of a change set. It can be ranged over again.
func ReadChanges(dir, name string) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDONLY|file.Plain, 0)
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close()
		c, err := record.NewChangeReader(f)
		if err != nil {
			yield(nil, fmt.Errorf("%s: %w", f.Name(), err))
			return
		}
		for e, err := range c.All() {
			if err != nil {
				err = fmt.Errorf("%s: %w", f.Name(), err)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// OpenChangeSet opens the file of a change set.
func (d *Destination) OpenChangeSet(seq uint64) (*os.File, error) {
	return openFile(d.ChangesDir, ChangeSetName(seq))
}

// ChangeSets are the sequence numbers of the change sets, increasing.
func (d *Destination) ChangeSets() ([]uint64, error) { return Numbered(d.ChangesDir) }

// Numbered are the names in dir that are sequence numbers, increasing.
func Numbered(dir *file.Dir) ([]uint64, error) {
	entries, err := dir.Entries()
	if err != nil {
		return nil, err
	}
	var seqs []uint64
	for i := range entries {
		if n, err := strconv.ParseUint(entries[i].Name, 10, 64); err == nil && ChangeSetName(n) == entries[i].Name {
			seqs = append(seqs, n)
		}
	}
	slices.Sort(seqs)
	return seqs, nil
}

// RewriteChangeSet writes the change set of a complete snapshot again, of the records that the index has of it.
func (d *Destination) RewriteChangeSet(ctx context.Context, h *record.Header) error {
	head := *h
	head.State, head.Work, head.Bucket = "", "", 0
	return d.putChangeSet(&head, d.DB.OwnRecords(ctx, h.Seq), &head)
}

// putChangeSet writes a change set and lets it appear by rename, durable. begin is the header that it begins with,
// end the one that it ends with, as it is after the last change.
func (d *Destination) putChangeSet(begin *record.Header, changes iter.Seq2[*record.Entry, error],
	end *record.Header) error {
	name := ChangeSetName(begin.Seq)
	if err := remove(d.Tmp, name); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(d.Tmp.Path(), name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := record.NewChangeWriter(f, begin)
	if err != nil {
		return err
	}
	for e, err := range changes {
		if err == nil {
			err = w.Add(e.Path, &e.Record)
		}
		if err != nil {
			return err
		}
	}
	if err := errors.Join(w.End(end), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := ClearPlace(d.ChangesDir, name); err != nil {
		return err
	}
	if err := d.Tmp.Replace(name, d.ChangesDir, name); err != nil {
		return err
	}
	return d.ChangesDir.Sync()
}

// ReadChangeSet reads a whole change set and returns its final header.
func (d *Destination) ReadChangeSet(seq uint64) (*record.Header, error) {
	path := filepath.Join(d.ChangesDir.Path(), ChangeSetName(seq))
	f, err := openFile(d.ChangesDir, ChangeSetName(seq))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c, err := record.NewChangeReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, err := range c.All() {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	h := c.Final()
	if h == nil || h.Seq != seq || record.CheckName(h.Name) != nil {
		return nil, fmt.Errorf("%s: %w: not the change set of snapshot %d", path, record.ErrDamaged, seq)
	}
	return h, nil
}

// ImportChangeSet brings a published snapshot into the index from its change set.
func (d *Destination) ImportChangeSet(ctx context.Context, h *record.Header) error {
	err := d.DB.Import(ctx, h.Seq, ReadChanges(d.ChangesDir.Path(), ChangeSetName(h.Seq)),
		func() (*record.Header, error) { return h, nil })
	if err != nil {
		return err
	}
	h.State, h.Work = record.Complete, ""
	return d.DB.SetHeader(ctx, h)
}

// ChangeSetBegin is the header at the front of a damaged change set, nil if that is damaged too.
func (d *Destination) ChangeSetBegin(seq uint64) (*record.Header, error) {
	f, err := openFile(d.ChangesDir, ChangeSetName(seq))
	if errors.Is(err, record.ErrDamaged) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c, err := record.NewChangeReader(f)
	if errors.Is(err, record.ErrDamaged) || errors.Is(err, record.ErrTruncated) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	h := c.Begin()
	if h == nil || h.Seq != seq || record.CheckName(h.Name) != nil {
		return nil, nil
	}
	return h, nil
}

// ClearPlace puts aside, by renaming it, a folder that is where a file of the destination's own is to be.
func ClearPlace(dir *file.Dir, name string) error {
	if folder, err := FolderAt(dir, name); !folder {
		return err
	}
	aside := name + ".replaced"
	for n := 2; ; n++ {
		there, err := Exists(dir, aside)
		if err != nil {
			return err
		}
		if !there {
			return dir.Rename(name, dir, aside)
		}
		aside = fmt.Sprintf("%s.%d.replaced", name, n)
	}
}
