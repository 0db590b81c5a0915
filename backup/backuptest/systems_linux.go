package backuptest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"snap/index"
	"snap/internal/harness"
)

// Image makes a file system of the type in a file and mounts it.
func Image(t *testing.T, kind, size string, options ...string) (mnt, img string) {
	t.Helper()
	NeedRoot(t)
	mkfs, err := exec.LookPath("mkfs." + kind)
	if err != nil {
		t.Skipf("mkfs.%s is missing", kind)
	}
	img, mnt = filepath.Join(t.TempDir(), "img"), t.TempDir()
	Must(t, "truncate", "-s", size, img)
	Must(t, mkfs, append(options, "-q", img)...)
	Mount(t, img, mnt)
	return mnt, img
}

func Mount(t *testing.T, img, mnt string) {
	t.Helper()
	Must(t, "mount", "-o", "loop", img, mnt)
	t.Cleanup(func() { exec.Command("umount", mnt).Run() })
}

func Must(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// Oddfs mounts a view of real that misbehaves as args say.
func Oddfs(t *testing.T, real string, args ...string) string {
	t.Helper()
	return OddfsAt(t, t.TempDir(), real, args...)
}

// OddfsAt is oddfs mounted at mnt.
func OddfsAt(t *testing.T, mnt, real string, args ...string) string {
	t.Helper()
	NeedRoot(t)
	if _, err := os.Stat("/dev/fuse"); err != nil {
		t.Skip("no /dev/fuse")
	}
	cmd := exec.Command(harness.Tool(t, "oddfs"), append(args, real, mnt)...)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		exec.Command("umount", "-l", mnt).Run()
		cmd.Process.Kill() // it would not end while another mount namespace has a copy of the mount
		cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "mounted\n" {
		t.Fatalf("oddfs did not mount: %q, %v", line, err)
	}
	return mnt
}

// NeedRoot skips a test that mounts.
func NeedRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("mounting needs root")
	}
}

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
		if err != nil {
			t.Error(err)
			continue
		}
		c, err := index.NewChangeReader(bufio.NewReader(f))
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
