package destination

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"

	"snap/internal/file"
	"snap/record"
)

// InterruptedRun is a run that ended before it had built all of its tree. Its work folder is kept for the next
// backup to go on from (backup/resume.go), and gone when that one is done.
type InterruptedRun struct {
	Name    string         // of its folder in .snap/tmp
	Begin   *record.Header // of its change set
	Trusted int64          // records, from the front of its change set, whose files are what they say
	Saved   Amount         // the files among them that it made inodes for
	Held    Amount         // all that it made inodes for, as far as its records tell
}

// Amount is a number of files and the sum of their sizes.
type Amount struct{ Files, Bytes int64 }

func (a *Amount) Add(size int64) {
	a.Files++
	a.Bytes = record.Plus(a.Bytes, size)
}

// keptRuns bounds how many interrupted runs are kept when one backup after the other is interrupted. Each of them
// took over what those before it had, as far as it got, so that the last few have it all.
const keptRuns = 3

// keepResumable keeps of .snap/tmp what the next backup can go on from, and removes the rest. What may not be
// removed, such as what a run of root has left in a user's destination, stays; d.Stuck says why.
func (d *Destination) keepResumable(ctx context.Context) error {
	useless, err := d.findInterrupted(ctx)
	if err != nil {
		return err
	}
	for _, name := range useless {
		if err := d.removeWork(ctx, name); errors.Is(err, fs.ErrPermission) {
			d.Stuck = &StuckError{Err: err}
		} else if err != nil {
			return err
		}
	}
	return nil
}

// findInterrupted finds what the next backup can go on from, and names the rest.
func (d *Destination) findInterrupted(ctx context.Context) (useless []string, err error) {
	entries, err := d.Tmp.Entries()
	if err != nil {
		return nil, err
	}
	d.Interrupted = nil
	for i := range entries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if run := d.readInterrupted(entries[i].Name); run != nil && run.Saved.Files > 0 {
			d.Interrupted = append(d.Interrupted, run)
		} else {
			useless = append(useless, entries[i].Name)
		}
	}
	slices.SortStableFunc(d.Interrupted, func(a, b *InterruptedRun) int {
		return cmp.Or(cmp.Compare(b.Saved.Bytes, a.Saved.Bytes), cmp.Compare(b.Saved.Files, a.Saved.Files))
	})
	for len(d.Interrupted) > keptRuns {
		useless = append(useless, d.Interrupted[keptRuns].Name)
		d.Interrupted = slices.Delete(d.Interrupted, keptRuns, keptRuns+1)
	}
	return useless, nil
}

// FindInterrupted finds, in a destination that is open for reading only, what a backup would go on from.
func (d *Destination) FindInterrupted(ctx context.Context) (err error) {
	if d.Meta == nil {
		d.Meta, err = d.Root.OpenDir(MetaName)
	}
	if err == nil && d.Tmp == nil {
		d.Tmp, err = d.Meta.OpenDir(TmpName)
	}
	if err == nil {
		_, err = d.findInterrupted(ctx)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a first run
	}
	return err
}

// readInterrupted reads what the run in the work folder name has left; nil if there is nothing to go on from.
//
// Its records were written after their files. As long as the destination stays mounted that is enough,
// since what one process has written another one reads. Once it was mounted anew, after a power cut or
// because the disk was pulled out, a file may have its size and its times and yet not its bytes: then
// only what lies before a checkpoint counts.
func (d *Destination) readInterrupted(name string) *InterruptedRun {
	work, err := d.Tmp.OpenDir(name)
	if err != nil {
		return nil
	}
	defer work.Close()
	if s, err := work.Lstat(TreeName); err != nil || s.Kind != file.Folder {
		return nil
	}
	f, err := openFile(work, SetName)
	if err != nil {
		return nil
	}
	defer f.Close()
	c, err := record.NewChangeReader(f)
	if err != nil || c.Begin() == nil {
		return nil
	}
	run := &InterruptedRun{Name: name, Begin: c.Begin()}
	records := int64(0)
	durable := func() {
		if c.Durable() > run.Trusted {
			run.Trusted, run.Saved = c.Durable(), run.Held
		}
	}
	for e, err := range c.All() {
		durable()
		if err != nil { // it ends here, or is damaged from here on; what came before is whole
			break
		}
		records++
		if OwnInode(&e.Record) {
			run.Held.Add(e.OnDisk())
		}
	}
	durable()
	if here := d.Root.Session(); here != "" && run.Begin.Boot == here {
		run.Trusted, run.Saved = records, run.Held
	}
	return run
}

// OwnInode reports whether the run that wrote the record made an inode for a regular file at its path.
func OwnInode(r *record.Record) bool {
	return r.Exists() && r.Kind == file.Regular && (r.Stored == record.Copied || r.Stored == record.Cloned)
}

// DropInterrupted removes what interrupted runs have left. What cannot be removed now, the next recovery finds.
func (d *Destination) DropInterrupted(ctx context.Context) {
	for _, run := range d.Interrupted {
		d.removeWork(ctx, run.Name)
	}
	d.Interrupted = nil
}

// removeWork removes an entry of .snap/tmp. First the tree loses its name and the change set goes: then nothing of the
// rest is believed again, wherever the removal stops.
func (d *Destination) removeWork(ctx context.Context, name string) error {
	if work, err := d.Tmp.OpenDir(name); err == nil {
		err = work.Rename(TreeName, work, TreeName+"-removed")
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			err = removeTree(ctx, work, TreeName, 4)
		}
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			err = work.Remove(SetName)
		}
		work.Close()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return RemoveAny(ctx, d.Tmp, name)
}
