package backuptest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"snap/destination"
	"snap/index"
	"snap/record"
)

// Fill leaves not a byte free.
func Fill(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; size /= 2 {
		for b := make([]byte, size); ; {
			if _, err := f.Write(b); err != nil {
				break
			}
		}
	}
	f.Sync()
}

// Sound makes sure that the index contradicts neither itself nor the change sets.
func Sound(t testing.TB, dest string) {
	t.Helper()
	ctx := context.Background()
	db, err := index.Open(index.Path(dest))
	if errors.Is(err, index.ErrMissing) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Check(ctx, func(err error) { t.Error(err) }); err != nil {
		t.Error(err)
	}
	all, err := db.Snapshots(ctx)
	if err != nil {
		t.Error(err)
	}
	for i := range all {
		h := &all[i]
		f, err := os.Open(filepath.Join(dest, ".snap", "changes", fmt.Sprintf("%010d", h.Seq)))
		if errors.Is(err, fs.ErrNotExist) && h.State == record.Prepared { // the next run's recovery moves it from there
			f, err = os.Open(filepath.Join(dest, ".snap", "tmp", h.Work, destination.SetName))
		}
		if err != nil {
			t.Error(err)
			continue
		}
		c, err := record.NewChangeReader(bufio.NewReader(f))
		if err == nil {
			err = db.CheckSet(ctx, h, c.All(), func(err error) { t.Errorf("snapshot %s: %v", h.Name, err) })
		}
		if err != nil {
			t.Errorf("snapshot %s: %v", h.Name, err)
		}
		f.Close()
	}
}

// Mapped makes the file and changes it through a mapping, before and after backups.
func (p *Place) Mapped(name string) {
	p.T.Helper()
	p.Write(name, strings.Repeat("a", 4096))
	f, err := os.OpenFile(p.Path(name), os.O_RDWR, 0)
	p.Do(err)
	defer f.Close()
	m, err := syscall.Mmap(int(f.Fd()), 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	p.Do(err)
	defer syscall.Munmap(m)
	for i := range 20 {
		m[0] = byte('b' + i)
		p.Backup(Force)
		m[1] = byte('b' + i)
		res, _ := p.Backup(Force)
		got, err := os.ReadFile(filepath.Join(p.Tree(res), name))
		if err != nil || got[1] != byte('b'+i) {
			p.T.Fatalf("round %d: the store is not in the snapshot: %q %v", i, got[:2], err)
		}
	}
}
