package backup_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/destination"
	"snap/destination/check"
	"snap/internal/filetest"
	"snap/internal/long"
	"snap/record"
)

const patchBlock = 64 << 10

// image is a file's content of n bytes that no two blocks of share.
func image(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(b)
	return b
}

// onCloning runs a test with a destination on each file system that can share blocks.
func onCloning(t *testing.T, test func(t *testing.T, p *backuptest.Place)) {
	for kind, size := range map[string]string{"xfs": "400M", "btrfs": "256M"} {
		t.Run(kind, func(t *testing.T) {
			p := backuptest.NewPlace(t)
			p.Dest, _ = filetest.Image(t, kind, size)
			test(t, p)
		})
	}
}

// used is how much of the destination's file system is taken.
func used(t *testing.T, p *backuptest.Place) int64 {
	t.Helper()
	filetest.Must(t, "sync", "-f", p.Dest)
	var s unix.Statfs_t
	p.Do(unix.Statfs(p.Dest, &s))
	return int64(s.Blocks-s.Bfree) * s.Bsize
}

// TestPatched: of a large file that changed only the blocks that differ are written, and the answers say so. The older
// snapshot is as it was.
func TestPatched(t *testing.T) {
	onCloning(t, func(t *testing.T, p *backuptest.Place) {
		data := image(32 << 20)
		p.Write("image", string(data))
		first, _ := p.Backup()
		for _, at := range []int{5, 7*patchBlock + 1, len(data) - 1} {
			data[at]++
		}
		p.Write("image", string(data))
		_, out := p.At(t, 0, "ioctl", nil, "backup", "-n", p.Dest, p.Src)
		if !strings.Contains(out, " at most 32 MiB copied") {
			t.Errorf("a dry run says %s", out)
		}
		before := used(t, p)
		second, rec := p.Backup()
		if took := used(t, p) - before; took > 3<<20 {
			t.Errorf("the second snapshot takes %d bytes", took)
		}
		p.WantSame(second)
		r := rec.Changes["image"]
		if r.Stored != record.Copied || r.Written() != 3*patchBlock || r.Patched != 3 || r.PatchBlocks() != 512 {
			t.Errorf("%+v", r)
		}
		if h := second.Header; h.CopiedBytes != 3*patchBlock {
			t.Errorf("%d bytes copied", h.CopiedBytes)
		}
		old, err := os.ReadFile(filepath.Join(p.Tree(first), "image"))
		p.Do(err)
		if data[5]--; old[5] != data[5] {
			t.Error("the older snapshot has changed")
		}
		data[5]++
		p.Write("image", string(data[:20<<20+1]))
		third, _ := p.Backup()
		p.WantSame(third)
		if third.Header.CopiedBytes != 0 {
			t.Errorf("shrunk: %d bytes copied", third.Header.CopiedBytes)
		}
		if found := backuptest.Said(p.Check(check.Options{Read: backuptest.ReadAll})); len(found) > 0 {
			t.Errorf("check: %q", found)
		}
		before3 := third.Header.CopiedBytes
		p.Do(p.Delete(first.Header.Name, second.Header.Name))
		p.WantSame(third)
		p.Reindex()
		if found := backuptest.Said(p.Check(check.Options{Read: backuptest.ReadAll})); len(found) > 0 {
			t.Errorf("check after a deletion, before which %d bytes were copied: %q", before3, found)
		}
	})
}

// TestPatchedAtRandom: after random edits each snapshot is the source, and every older one is whole.
func TestPatchedAtRandom(t *testing.T) {
	onCloning(t, func(t *testing.T, p *backuptest.Place) {
		r := rand.New(rand.NewPCG(20, 11))
		data := image(3 << 20)
		p.Write("image", string(data))
		p.Backup()
		f, err := os.OpenFile(p.Path("image"), os.O_RDWR, 0)
		p.Do(err)
		defer f.Close()
		for n := range long.Of(12, 200) {
			size, err := f.Seek(0, 2)
			p.Do(err)
			at := r.Int64N(size + 1)
			switch n % 5 {
			case 0:
				_, err = f.WriteAt(image(1+r.IntN(3*patchBlock)), at)
			case 1:
				edges := []int64{1 << 20, 1<<20 + 1, 2<<20 - 1, 2 << 20, 17*patchBlock + 1, 40 * patchBlock}
				err = f.Truncate(edges[r.IntN(len(edges))])
			case 2:
				err = unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, at, 1+r.Int64N(1<<20))
			case 3: // all of it goes on by some bytes
				all := make([]byte, size)
				_, err = f.ReadAt(all, 0)
				if err == nil {
					_, err = f.WriteAt(all, 1+r.Int64N(5000))
				}
			case 4:
				err = f.Truncate(size + r.Int64N(2<<20))
			}
			p.Do(err)
			p.Do(f.Sync())
			res, _ := p.Backup(backuptest.Force)
			p.WantSame(res)
		}
		if found := backuptest.Said(p.Check(check.Options{Read: backuptest.ReadAll})); len(found) > 0 {
			t.Errorf("check: %q", found)
		}
	})
}

// TestPatchedFromARottenCopy: a byte of the older copy that did not change in the source is another one by now. The new
// file is right and shares nothing with it, and that is told.
func TestPatchedFromARottenCopy(t *testing.T) {
	onCloning(t, func(t *testing.T, p *backuptest.Place) {
		data := image(8 << 20)
		p.Write("image", string(data))
		first, _ := p.Backup(kept(destination.HardLinks)) // else nobody could write to it
		copied := filepath.Join(p.Tree(first), "image")
		info, err := os.Stat(copied)
		p.Do(err)
		f, err := os.OpenFile(copied, os.O_RDWR, 0)
		p.Do(err)
		_, err = f.WriteAt([]byte{data[99] + 1}, 99)
		p.Do(err)
		p.Do(f.Close())
		p.Do(os.Chtimes(copied, info.ModTime(), info.ModTime()))
		data[5<<20]++
		p.Write("image", string(data))
		res, rec := p.Backup()
		p.WantSame(res)
		if r := rec.Changes["image"]; r.Shared != 0 || res.Header.CopiedBytes != int64(len(data)) {
			t.Errorf("%+v", r)
		}
		if len(res.Problems) != 1 || !strings.Contains(res.Problems[0].Err.Error(), "bytes are not those") {
			t.Errorf("%v", res.Problems)
		}
	})
}

// TestPatchOnAFullDisk: there is room for the blocks that differ, and not for the file.
func TestPatchOnAFullDisk(t *testing.T) {
	onCloning(t, func(t *testing.T, p *backuptest.Place) {
		data := image(48 << 20)
		p.Write("image", string(data))
		p.Backup()
		var s unix.Statfs_t
		p.Do(unix.Statfs(p.Dest, &s))
		f, err := os.Create(filepath.Join(p.Dest, "filler"))
		p.Do(err)
		p.Do(unix.Fallocate(int(f.Fd()), 0, 0, int64(s.Bavail)*s.Bsize-30<<20))
		p.Do(f.Close())
		data[1<<20]++
		p.Write("image", string(data))
		res, _ := p.Backup()
		p.WantSame(res)
		p.Write("image", string(image(96 << 20)[48<<20:])) // nothing of it is there
		_, _, err = p.Try()
		if err == nil || !strings.Contains(err.Error(), "space") {
			t.Fatalf("got %v", err)
		}
		p.Do(os.Remove(filepath.Join(p.Dest, "filler")))
		res, _ = p.Backup()
		p.WantSame(res)
		if left := p.Works(); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

// TestSpaceBesideAPatchedFile: a patched file that an interrupted run has left takes what was written of it. There is no
// more room for others because of it, and it stays.
func TestSpaceBesideAPatchedFile(t *testing.T) {
	onCloning(t, func(t *testing.T, p *backuptest.Place) {
		data := image(64 << 20)
		p.Write("image", string(data))
		p.Backup()
		data[1<<20]++
		p.Write("image", string(data))
		for i := range 8 {
			p.Write(fmt.Sprint("more", i), "more")
		}
		p.Interrupt(6, func(o *backup.Options) { o.Jobs = 1 })
		dead := p.Remains(p.Works()[0])
		if dead["image"] == 0 {
			t.Fatalf("it is not there: %v", dead)
		}
		filetest.Must(t, "sync", "-f", p.Dest)
		var s unix.Statfs_t
		p.Do(unix.Statfs(p.Dest, &s))
		f, err := os.Create(filepath.Join(p.Dest, "filler"))
		p.Do(err)
		p.Do(unix.Fallocate(int(f.Fd()), 0, 0, int64(s.Bavail)*s.Bsize-30<<20))
		p.Do(errors.Join(f.Sync(), f.Close()))
		p.Write("other", string(image(56<<20)))
		_, _, err = p.Try()
		if guard := (*destination.GuardError)(nil); !errors.As(err, &guard) || !strings.Contains(guard.Why, "not enough") {
			t.Fatalf("got %v", err)
		}
		p.Do(os.Remove(p.Path("other")))
		res, rec := p.Backup()
		p.WantResumed(res, dead)
		if r := rec.Changes["image"]; r.Patched != 1 || r.Written() != patchBlock {
			t.Errorf("%+v", r)
		}
	})
}

// TestPatchOfAFileThatIsWrittenTo: a file that changes again whenever it is read is what a copy of it would be.
func TestPatchOfAFileThatIsWrittenTo(t *testing.T) {
	onCloning(t, func(t *testing.T, p *backuptest.Place) {
		data := image(4 << 20)
		p.Write("image", string(data))
		p.Backup(now)
		hit := 0
		for n := 1; n < 40; n++ {
			data[n]++
			p.Write("image", string(data))
			hook := fmt.Sprintf("printf x | dd of=%s conv=notrunc bs=1 seek=%d status=none", p.Path("image"), n*70000)
			met, out := p.At(t, n, "pread64", []string{"-hook", hook}, "backup", "--force", "--jobs", "1", p.Dest, p.Src)
			if !met {
				break
			}
			hit++
			data[n*70000] = 'x'
			if found := backuptest.Said(p.Check(check.Options{Read: backuptest.ReadAll})); len(found) > 0 {
				t.Fatalf("call %d: check: %q\n%s", n, found, out)
			}
		}
		if hit < 5 {
			t.Fatalf("%d calls were met", hit)
		}
		res, _ := p.Backup(now)
		p.WantSame(res)
	})
}
