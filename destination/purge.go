package destination

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"snap/index"
	"snap/internal/progress"
	"snap/internal/quote"
	"snap/record"
)

// oldIndexName is the index that the last reindex replaced.
const oldIndexName = "index.db.old"

// ErrPurging: trees, change sets and index do not agree, because a purge is not at its end.
var ErrPurging = errors.New("files are being purged there, or a purge was interrupted")

// PlanPurge says what Purge would do, and refuses what it would not: a GuardError for a purge that leaves nothing of a
// snapshot, and for one that meets a change set of a newer snap.
func (d *Destination) PlanPurge(ctx context.Context, what *index.Purge) (*index.Purging, error) {
	p, err := d.DB.Purging(ctx, what)
	if err != nil {
		return nil, err
	}
	for i := range p.Snapshots {
		s := &p.Snapshots[i]
		if s.Files+s.Dirs > 0 && s.Files+s.Dirs >= s.Header.Files+s.Header.Dirs-1 { // all but the source itself
			return nil, &GuardError{
				Why:  fmt.Sprintf("nothing would be left of snapshot %s", s.Header.Name),
				Hint: "to delete snapshots: snap delete " + quote.Word(s.Header.Name),
			}
		}
	}
	return p, nil
}

// Purge takes paths out of snapshots: out of their trees, change sets and the index. The names, hashes and bytes are
// nowhere in the destination afterwards, except where the user or another program put them.
//
//  1. What is asked is written down in .snap/purge, durable: from here on it is done, and whatever stops it, the next
//     writing run finishes it.
//  2. What interrupted runs have copied goes, it may hold the same files; the next backup copies that again.
//  3. The paths go from the trees, which gives the space back that the rest may need. Folders get the times of their
//     records back.
//  4. The change sets are written again, from the newest to the oldest, so that none of them ever points to a name
//     that an older one has lost. They are made from the index, which still is the old one.
//  5. A new index is made from the change sets, since freed pages of the old one keep what was in them.
//
// report may be nil.
func (d *Destination) Purge(ctx context.Context, what *index.Purge, report func(progress.State)) ([]error, error) {
	sets, err := d.ChangeSets()
	if err != nil {
		return nil, err
	}
	for _, seq := range sets {
		if _, err := d.ReadChangeSet(seq); errors.Is(err, record.ErrNewer) {
			return nil, err
		}
	}
	write := func() error { return d.writePurge(what) }
	err = d.RetryWithoutReserve(write)
	if full(err) { // what goes in any case
		if err = errors.Join(d.dropTmp(ctx), remove(d.Meta, oldIndexName), d.Root.SyncSystem()); err == nil {
			err = write()
		}
	}
	if err != nil {
		return nil, err
	}
	return d.FinishPurge(ctx, report)
}

// FinishPurge does what .snap/purge asks for, if it is there. The notes are about what could not be looked into and was
// removed.
func (d *Destination) FinishPurge(ctx context.Context, report func(progress.State)) (notes []error, err error) {
	what, err := d.readPurge()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := d.dropTmp(ctx); err != nil {
		return nil, err
	}
	all, err := d.DB.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if h := &all[i]; h.State == record.Complete && slices.Contains(what.Seqs, h.Seq) {
			if report != nil {
				report(progress.State{Stage: progress.Purging, Files: int64(i), TotalFiles: int64(len(all)), Path: h.Name})
			}
			if err := d.purgeTree(ctx, h, what); err != nil {
				return nil, err
			}
		}
	}
	if err := d.Sync(); err != nil {
		return nil, err
	}
	if err := d.RetryWithoutReserve(func() error { return d.purgeSets(ctx, what) }); err != nil {
		return nil, err
	}
	if notes, err = d.purgeAside(ctx, what); err != nil {
		return nil, err
	}
	if report != nil {
		report(progress.State{Stage: progress.Indexing})
	}
	if err := d.RetryWithoutReserve(func() error { return d.remakeIndex(ctx) }); err != nil {
		return nil, err
	}
	if err := d.forgetNames(); err != nil {
		return nil, err
	}
	if err := remove(d.Meta, PurgeName); err != nil {
		return nil, err
	}
	return notes, d.Meta.Sync()
}

// dropTmp removes what interrupted runs have left.
func (d *Destination) dropTmp(ctx context.Context) error {
	entries, err := d.Tmp.Entries()
	if err != nil {
		return err
	}
	d.Interrupted = nil
	for i := range entries {
		if err := RemoveAny(ctx, d.Tmp, entries[i].Name); err != nil {
			return err
		}
	}
	return nil
}

// purgeSets writes the change sets again that change, the newest first.
func (d *Destination) purgeSets(ctx context.Context, what *index.Purge) error {
	p, err := d.DB.Purging(ctx, what)
	if err != nil {
		return err
	}
	for k := len(p.Snapshots) - 1; k >= 0; k-- {
		s := &p.Snapshots[k]
		if !s.Changed {
			continue
		}
		begin, end := s.Header, s.Header
		for _, h := range []*record.Header{&begin, &end} {
			h.State, h.Work, h.Bucket = "", "", 0
		}
		if err := d.putChangeSet(&begin, p.Set(ctx, k, &end), &end); err != nil {
			return err
		}
	}
	return nil
}

// purgeAside removes what was set aside in the folder of the change sets if it names what is purged, or cannot be
// read.
func (d *Destination) purgeAside(ctx context.Context, what *index.Purge) (notes []error, err error) {
	entries, err := d.ChangesDir.Entries()
	if err != nil {
		return nil, err
	}
	for i := range entries {
		name := entries[i].Name
		base, suffix, aside := strings.Cut(name, ".")
		if !aside || "."+suffix == labelsSuffix || base == "" {
			continue
		}
		path := filepath.Join(d.ChangesDir.Path(), name)
		if folder, err := FolderAt(d.ChangesDir, name); err != nil {
			return nil, err
		} else if folder { // none that snap made
			notes = append(notes, fmt.Errorf("%s is a folder: what is in it stays", path))
			continue
		}
		clear, err := d.namesNone(name, what)
		if clear {
			continue
		}
		if err != nil {
			notes = append(notes, fmt.Errorf("%s is removed: it cannot be read, and may name what is purged (%w)", path, err))
		}
		if err := RemoveAny(ctx, d.ChangesDir, name); err != nil {
			return nil, err
		}
	}
	return notes, d.ChangesDir.Sync()
}

// namesNone reports whether a change set can be read and names nothing that is purged.
func (d *Destination) namesNone(name string, what *index.Purge) (bool, error) {
	f, err := openFile(d.ChangesDir, name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	c, err := record.NewChangeReader(f)
	if err != nil {
		return false, err
	}
	for e, err := range c.All() {
		if err != nil {
			return false, err
		}
		for _, path := range []string{e.Path, e.From, e.To, e.Link} {
			if path != "" && what.Has(path) {
				return false, nil
			}
		}
	}
	return true, nil
}

// remakeIndex makes a new index from the change sets, and puts it in the place of the old one.
func (d *Destination) remakeIndex(ctx context.Context) error {
	if err := RemoveAny(ctx, d.Tmp, ReindexName); err != nil {
		return err
	}
	if err := d.Tmp.Mkdir(ReindexName); err != nil {
		return err
	}
	work, err := d.Tmp.OpenDir(ReindexName)
	if err != nil {
		return err
	}
	defer work.Close()
	all, err := d.DB.Snapshots(ctx)
	if err != nil {
		return err
	}
	path := filepath.Join(work.Path(), filepath.Base(index.Path(d.Path)))
	if err := index.Create(path, d.ID); err != nil {
		return err
	}
	fresh, err := index.Open(path)
	if err != nil {
		return err
	}
	old := d.DB
	d.DB = fresh
	err = d.importAll(ctx, all)
	d.DB = old
	if err = errors.Join(err, fresh.Release(), old.Release()); err != nil {
		return err
	}
	if err := errors.Join(work.Sync(), remove(d.Meta, oldIndexName)); err != nil {
		return err
	}
	if err := work.Replace(filepath.Base(path), d.Meta, filepath.Base(path)); err != nil {
		return err
	}
	if err := errors.Join(d.Meta.Sync(), RemoveAny(ctx, d.Tmp, ReindexName)); err != nil {
		return err
	}
	if d.DB, err = index.Open(index.Path(d.Path)); err != nil {
		d.DB = old
		return err
	}
	d.DB.Trust(d.verifiedIndexes...)
	return nil
}

// importAll imports the change sets of the complete ones among these snapshots.
func (d *Destination) importAll(ctx context.Context, all []record.Header) error {
	for i := range all {
		if all[i].State != record.Complete {
			continue
		}
		h, err := d.ReadChangeSet(all[i].Seq)
		if err != nil {
			return err
		}
		if _, err := d.ApplyLabels(h); err != nil && !errors.Is(err, record.ErrDamaged) {
			return err
		}
		if err := d.ImportChangeSet(ctx, h); err != nil {
			return fmt.Errorf("change set %d: %w", h.Seq, err)
		}
	}
	return nil
}
