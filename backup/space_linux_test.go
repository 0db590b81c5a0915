package backup_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"snap/backup/backuptest"
	"snap/destination"
	"snap/internal/filetest"
)

// TestSpaceIsRefusedBeforeAnythingIsBuilt: what a snapshot takes besides the bytes of its files counts too, so that a
// backup that does not fit is refused and does not fill the disk; one that fits is made.
func TestSpaceIsRefusedBeforeAnythingIsBuilt(t *testing.T) {
	attr := func(p *backuptest.Place, name string) { // each another one: ext4 keeps equal ones in one block
		p.Do(unix.Setxattr(name, "user.large", []byte(strings.Repeat("v", 3000)+name), 0))
	}
	each := func(n int, f func(name string)) {
		for i := range n {
			f(fmt.Sprintf("%04d", i))
		}
	}
	for _, c := range []struct {
		what, block   string
		before, after func(p *backuptest.Place)
		small, enough int64 // KiB
	}{
		{"the ends of files", "4096", func(*backuptest.Place) {}, func(p *backuptest.Place) {
			each(1500, func(name string) { p.Write(name, "text "+name) })
		}, 5500, 12000},
		{"long links", "4096", func(*backuptest.Place) {}, func(p *backuptest.Place) {
			each(1500, func(name string) { p.Do(os.Symlink(strings.Repeat("target/", 20)+name, p.Path(name))) })
		}, 5500, 12000},
		{"attributes of folders that are as they were", "4096", func(p *backuptest.Place) {
			each(800, func(name string) { p.Do(os.Mkdir(p.Path(name), 0o755)); attr(p, p.Path(name)) })
		}, func(p *backuptest.Place) { p.Write("new", "text") }, 4600, 11000},
		{"attributes of files that got them", "4096", func(p *backuptest.Place) {
			each(400, func(name string) { p.Write(name, "text "+name) })
		}, func(p *backuptest.Place) { each(400, func(name string) { attr(p, p.Path(name)) }) }, 3600, 16000},
		{"many names that are as they were", "4096", func(p *backuptest.Place) {
			p.Write("long/file", "text")
			each(9000, func(name string) { p.Do(os.Link(p.Path("long/file"), p.Path("long/"+strings.Repeat("n", 240)+name))) })
		}, func(p *backuptest.Place) { p.Write("new", "text") }, 2500, 8000},
		{"the ends of files in small blocks", "1024", func(*backuptest.Place) {}, func(p *backuptest.Place) {
			each(4000, func(name string) { p.Write(name, "text "+name) })
		}, 4500, 11000},
	} {
		t.Run(c.what, func(t *testing.T) {
			p := backuptest.NewPlace(t)
			mnt, _ := filetest.Image(t, "ext4", "64M", "-m", "0", "-b", c.block)
			p.Dest = filepath.Join(mnt, "d")
			p.Do(os.Mkdir(p.Dest, 0o755))
			p.Write("first", "text")
			c.before(p)
			p.Backup()
			c.after(p)
			leave := func(kib int64) {
				t.Helper()
				p.Do(os.RemoveAll(mnt + "/filler"))
				unix.Sync()
				var s unix.Statfs_t
				p.Do(unix.Statfs(mnt, &s))
				f, err := os.Create(mnt + "/filler")
				p.Do(err)
				p.Do(unix.Fallocate(int(f.Fd()), 0, 0, int64(s.Bavail)*int64(s.Bsize)-kib<<10))
				p.Do(f.Close())
			}
			leave(c.small)
			_, _, err := p.Try()
			if guard := (*destination.GuardError)(nil); !errors.As(err, &guard) || errors.Is(err, syscall.ENOSPC) {
				t.Errorf("with %d KiB: %v", c.small, err)
			}
			leave(c.enough)
			p.Backup()
		})
	}
}
