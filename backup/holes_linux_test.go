package backup_test

import (
	"context"
	"os"
	"testing"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/destination"
	"snap/destination/check"
	"snap/index"
	"snap/internal/progress"
	"snap/record"
)

// farthest keeps the last progress of the building.
type farthest struct {
	backup.Reporter
	last progress.State
}

func (f *farthest) Progress(p progress.State) {
	if p.Stage == progress.Building {
		f.last = p
	}
}

// Sizes that are said to be on the disk, copied or freed are without holes, however the file came into its snapshot,
// and whatever became of the snapshots and the index since.
func TestHolesTakeNoRoom(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Sparse("image", 1)
	p.Write("whole", "whole")
	wants := func(what string, res *backup.Result, copied int64) {
		t.Helper()
		if h := res.Header; h.CopiedBytes != copied {
			t.Errorf("%s: %d bytes copied, want %d", what, h.CopiedBytes, copied)
		}
		p.WantUsage(what)
	}
	const mib = 1 << 20
	res, _ := p.Backup(func(o *backup.Options) { o.DryRun = true })
	if res.Header.CopiedBytes != mib+5 {
		t.Errorf("a dry run: %d bytes", res.Header.CopiedBytes)
	}
	far := &farthest{Reporter: &backuptest.Recorder{Changes: map[string]record.Record{}, Kept: map[string]record.Record{}}}
	res, _ = p.Backup(func(o *backup.Options) { o.Report = far })
	wants("the first", res, mib+5)
	if far.last.Bytes != mib+5 || far.last.TotalBytes != mib+5 {
		t.Errorf("progress: %+v", far.last)
	}
	p.Do(os.Rename(p.Path("image"), p.Path("moved")))
	res, _ = p.Backup()
	wants("moved", res, 0)
	p.Do(os.Link(p.Path("moved"), p.Path("name")))
	res, _ = p.Backup()
	wants("another name", res, 0)
	p.Sparse("name", 2)
	res, _ = p.Backup()
	wants("edited under both names", res, mib)
	p.Do(os.Chmod(p.Path("name"), 0o600))
	res, _ = p.Backup()
	wants("another mode", res, res.Header.CopiedBytes) // by a clone or by a copy
	p.Do(os.Remove(p.Path("name")))
	p.Sparse("new", 3)
	res, _ = p.Backup()
	wants("another file", res, mib)

	total := func() (a index.Amount) {
		p.InDestination(func(ctx context.Context, d *destination.Destination) {
			u, err := d.DB.Usage(ctx)
			p.Do(err)
			for _, b := range u {
				a.Add(b)
			}
		})
		return a
	}
	before := total()
	p.Reindex()
	if now := total(); now != before {
		t.Errorf("after a reindex: %+v, not %+v", now, before)
	}
	p.WantUsage("after a reindex")
	p.Do(p.Delete("s0002", "s0004"))
	p.WantUsage("after a deletion")
	if found := backuptest.Said(p.Check(check.Options{})); len(found) > 0 {
		t.Errorf("check: %q", found)
	}
	p.Do(os.RemoveAll(p.Meta("changes")))
	p.Lose("index.db")
	p.Reindex()
	p.WantUsage("made of the trees")
}
