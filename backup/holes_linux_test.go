package backup_test

import (
	"context"
	"os"
	"testing"

	"snap/backup"
	"snap/index"
)

// farthest keeps the last progress of the building.
type farthest struct {
	backup.Reporter
	last backup.Progress
}

func (f *farthest) Progress(p backup.Progress) {
	if p.Stage == backup.Building {
		f.last = p
	}
}

// Sizes that are said to be on the disk, copied or freed are without holes, however the file came into its snapshot, and
// whatever became of the snapshots and the index since.
func TestHolesTakeNoRoom(t *testing.T) {
	p := newPlace(t)
	p.sparse("image", 1)
	p.write("whole", "whole")
	wants := func(what string, res *backup.Result, copied int64) {
		t.Helper()
		if h := res.Header; h.CopiedBytes != copied {
			t.Errorf("%s: %d bytes copied, want %d", what, h.CopiedBytes, copied)
		}
		p.wantUsage(what)
	}
	const mib = 1 << 20
	res, _ := p.backup(func(o *backup.Options) { o.DryRun = true })
	if res.Header.CopiedBytes != mib+5 {
		t.Errorf("a dry run: %d bytes", res.Header.CopiedBytes)
	}
	far := &farthest{Reporter: &recorder{map[string]index.Record{}, map[string]index.Record{}}}
	res, _ = p.backup(func(o *backup.Options) { o.Report = far })
	wants("the first", res, mib+5)
	if far.last.Bytes != mib+5 || far.last.TotalBytes != mib+5 {
		t.Errorf("progress: %+v", far.last)
	}
	p.do(os.Rename(p.path("image"), p.path("moved")))
	res, _ = p.backup()
	wants("moved", res, 0)
	p.do(os.Link(p.path("moved"), p.path("name")))
	res, _ = p.backup()
	wants("another name", res, 0)
	p.sparse("name", 2)
	res, _ = p.backup()
	wants("edited under both names", res, mib)
	p.do(os.Chmod(p.path("name"), 0o600))
	res, _ = p.backup()
	wants("another mode", res, res.Header.CopiedBytes) // by a clone or by a copy
	p.do(os.Remove(p.path("name")))
	p.sparse("new", 3)
	res, _ = p.backup()
	wants("another file", res, mib)

	total := func() (a index.Amount) {
		p.inDestination(func(ctx context.Context, d *backup.Destination) {
			u, err := d.DB.Usage(ctx)
			p.do(err)
			for _, b := range u {
				a.Add(b)
			}
		})
		return a
	}
	before := total()
	p.reindex()
	if now := total(); now != before {
		t.Errorf("after a reindex: %+v, not %+v", now, before)
	}
	p.wantUsage("after a reindex")
	p.do(p.delete("s0002", "s0004"))
	p.wantUsage("after a deletion")
	if found := said(p.check(backup.CheckOptions{})); len(found) > 0 {
		t.Errorf("check: %q", found)
	}
	p.do(os.RemoveAll(p.meta("changes")))
	p.lose("index.db")
	p.reindex()
	p.wantUsage("made of the trees")
}
