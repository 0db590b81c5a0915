package backup_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/destination"
	"snap/destination/check"
	"snap/index"
	"snap/internal/filetest"
	"snap/record"
)

// TestSumsBeyond8EiB: sparse files of 7 EiB are more together than 63 bits count. No sum is negative, what is on the
// disk is exact, and check finds nothing, also after some of them were purged.
func TestSumsBeyond8EiB(t *testing.T) {
	filetest.NeedRoot(t)
	p := backuptest.NewPlace(t)
	mnt := t.TempDir()
	filetest.Mount(t, "tmpfs", mnt, "size=64m")
	p.Src, p.Dest = filepath.Join(mnt, "s"), filepath.Join(mnt, "d")
	filetest.Must(t, "mkdir", p.Src, p.Dest)
	for _, name := range []string{"a", "b", "c", "d/e"} {
		p.Write(name, "text")
		if err := os.Truncate(p.Path(name), 7<<60); err != nil {
			t.Skip(err) // no file system for that
		}
	}
	want := func(what string, h *record.Header, bytes int64) {
		t.Helper()
		if h.Bytes != bytes || h.CopiedBytes < 0 || h.CopiedBytes > 1<<20 {
			t.Errorf("%s: %d bytes, not %d; %d copied", what, h.Bytes, bytes, h.CopiedBytes)
		}
		if found := backuptest.Said(p.Check(check.Options{})); len(found) > 0 {
			t.Errorf("%s: %q", what, found)
		}
	}
	dry, _ := p.Backup(func(o *backup.Options) { o.DryRun = true })
	if h := dry.Header; h.Bytes != record.Beyond || h.CopiedBytes < 0 || h.CopiedBytes > 1<<20 {
		t.Errorf("rehearsal: %d bytes, %d copied", h.Bytes, h.CopiedBytes)
	}
	first, _ := p.Backup()
	want("the first", first.Header, record.Beyond)
	p.Do(os.Rename(p.Path("a"), mnt+"/away"))
	second, _ := p.Backup()
	want("one less", second.Header, record.Beyond)
	p.Do(os.Rename(mnt+"/away", p.Path("a")))
	p.Do(os.Remove(p.Path("b")))
	p.Do(os.Remove(p.Path("c")))
	third, _ := p.Backup()
	want("two left, 14 EiB", third.Header, record.Beyond)
	p.Do(os.Remove(p.Path("a")))
	fourth, _ := p.Backup()
	want("one left", fourth.Header, 7<<60)

	heads, _ := p.Knows()
	p.InDestination(func(ctx context.Context, d *destination.Destination) {
		usage, err := d.DB.Usage(ctx)
		p.Do(err)
		var seqs []uint64
		for _, h := range heads {
			seqs = append(seqs, h.Seq)
		}
		sums := append([]index.Amount{usage.Total(seqs), usage.Apart(seqs, len(seqs)).Total(seqs)},
			usage.Freed(seqs, seqs)...)
		for _, s := range usage.Shares(seqs) {
			sums = append(sums, s.Held, s.New, s.Alone)
		}
		for i, s := range sums {
			if s.Bytes < 0 || s.Bytes > 1<<20 {
				t.Errorf("sum %d: %d bytes in %d files on a disk of 64 MiB", i, s.Bytes, s.Inodes)
			}
		}
	})
	var names []string
	for _, h := range heads {
		names = append(names, h.Name)
	}
	p.Purge([]string{"c"}, names)
	heads, _ = p.Knows()
	want("a purge, 21 EiB left", &heads[0], record.Beyond)
	p.Purge([]string{"a"}, names)
	heads, _ = p.Knows()
	want("a purge, 14 EiB left", &heads[0], record.Beyond)
	want("a purge, 14 EiB left", &heads[1], record.Beyond)
	p.Purge([]string{"b"}, names)
	heads, _ = p.Knows()
	want("a purge, 7 EiB left", &heads[0], 7<<60)
	p.Lose("index.db")
	p.Reindex()
	heads, _ = p.Knows()
	want("reindexed", &heads[0], 7<<60)
}
