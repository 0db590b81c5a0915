package backup

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"

	"snap/index"
	"snap/internal/file"
)

// deadRun is a run that ended before it had built all of its tree. Its work folder is kept for the next
// backup to go on from (resume.go), and gone when that one is done.
type deadRun struct {
	name    string        // of its folder in .snap/tmp
	begin   *index.Header // of its change set
	trusted int64         // records, from the front of its change set, whose files are what they say
	saved   Amount        // the files among them that it made inodes for
	held    Amount        // all that it made inodes for, as far as its records tell
}

// Amount is a number of files and the sum of their sizes.
type Amount struct{ Files, Bytes int64 }

func (a *Amount) add(size int64) {
	a.Files++
	a.Bytes = index.Plus(a.Bytes, size)
}

// keptRuns bounds how many dead runs are kept when one backup after the other is interrupted. Each of
// them took over what those before it had, as far as it got, so that the last few have it all.
const keptRuns = 3

// sortTmp keeps of .snap/tmp what the next backup can go on from, and removes the rest. What may not be removed, such as
// what a run of root has left in a user's destination, stays for another: d.Stuck tells.
func (d *Destination) sortTmp(ctx context.Context) error {
	useless, err := d.findDead(ctx)
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

// findDead finds what the next backup can go on from, and names the rest.
func (d *Destination) findDead(ctx context.Context) (useless []string, err error) {
	entries, err := d.tmp.Entries()
	if err != nil {
		return nil, err
	}
	d.dead = nil
	for i := range entries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if run := d.examine(entries[i].Name); run != nil && run.saved.Files > 0 {
			d.dead = append(d.dead, run)
		} else {
			useless = append(useless, entries[i].Name)
		}
	}
	slices.SortStableFunc(d.dead, func(a, b *deadRun) int {
		return cmp.Or(cmp.Compare(b.saved.Bytes, a.saved.Bytes), cmp.Compare(b.saved.Files, a.saved.Files))
	})
	for len(d.dead) > keptRuns {
		useless = append(useless, d.dead[keptRuns].name)
		d.dead = slices.Delete(d.dead, keptRuns, keptRuns+1)
	}
	return useless, nil
}

// seeDead finds, in a destination that is open for reading only, what a backup would go on from.
func (d *Destination) seeDead(ctx context.Context) (err error) {
	if d.meta == nil {
		d.meta, err = d.root.OpenDir(metaName)
	}
	if err == nil && d.tmp == nil {
		d.tmp, err = d.meta.OpenDir(tmpName)
	}
	if err == nil {
		_, err = d.findDead(ctx)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a first run
	}
	return err
}

// examine reads what the run in the work folder name has left; nil if there is nothing to go on from.
//
// Its records were written after their files. As long as the destination stays mounted that is enough,
// since what one process has written another one reads. Once it was mounted anew, after a power cut or
// because the disk was pulled out, a file may have its size and its times and yet not its bytes: then
// only what lies before a checkpoint counts.
func (d *Destination) examine(name string) *deadRun {
	work, err := d.tmp.OpenDir(name)
	if err != nil {
		return nil
	}
	defer work.Close()
	if s, err := work.Lstat(treeName); err != nil || s.Kind != file.Folder {
		return nil
	}
	f, err := openFile(work, setName)
	if err != nil {
		return nil
	}
	defer f.Close()
	c, err := index.NewChangeReader(f)
	if err != nil || c.Begin() == nil {
		return nil
	}
	run := &deadRun{name: name, begin: c.Begin()}
	records := int64(0)
	durable := func() {
		if c.Durable() > run.trusted {
			run.trusted, run.saved = c.Durable(), run.held
		}
	}
	for e, err := range c.All() {
		durable()
		if err != nil { // it ends here, or is damaged from here on; what came before is whole
			break
		}
		records++
		if ownFile(&e.Record) {
			run.held.add(e.OnDisk())
		}
	}
	durable()
	if here := d.root.Session(); here != "" && run.begin.Boot == here {
		run.trusted, run.saved = records, run.held
	}
	return run
}

// ownFile reports whether the run that wrote the record made an inode for a regular file at its path.
func ownFile(r *index.Record) bool {
	return r.Exists() && r.Kind == file.Regular && (r.Stored == index.Copied || r.Stored == index.Cloned)
}

// dropDead removes what dead runs have left. What cannot be removed now, the next recovery finds.
func (d *Destination) dropDead(ctx context.Context) {
	for _, run := range d.dead {
		d.removeWork(ctx, run.name)
	}
	d.dead = nil
}

// removeWork removes an entry of .snap/tmp. First the tree loses its name and the change set goes: then nothing of the
// rest is believed again, wherever the removal stops.
func (d *Destination) removeWork(ctx context.Context, name string) error {
	if work, err := d.tmp.OpenDir(name); err == nil {
		err = work.Rename(treeName, work, treeName+"-removed")
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			err = removeTree(ctx, work, treeName, 4)
		}
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			err = work.Remove(setName)
		}
		work.Close()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return removeAny(ctx, d.tmp, name)
}
