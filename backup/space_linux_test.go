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

	"snap/backup"
)

// TestSpaceIsRefusedBeforeAnythingIsBuilt: what a snapshot takes besides the bytes of its files counts too, so that a backup that
// does not fit is refused and does not fill the disk; one that fits is made.
func TestSpaceIsRefusedBeforeAnythingIsBuilt(t *testing.T) {
	attr := func(p *place, name string) {
		p.do(unix.Setxattr(name, "user.large", []byte(strings.Repeat("v", 3000+len(name))), 0))
	}
	each := func(n int, f func(name string)) {
		for i := range n {
			f(fmt.Sprintf("%04d", i))
		}
	}
	for _, c := range []struct {
		what, block   string
		before, after func(p *place)
		small, enough int64 // KiB
	}{
		{"the ends of files", "4096", func(*place) {}, func(p *place) {
			each(1500, func(name string) { p.write(name, "text "+name) })
		}, 5500, 12000},
		{"long links", "4096", func(*place) {}, func(p *place) {
			each(1500, func(name string) { p.do(os.Symlink(strings.Repeat("target/", 20)+name, p.path(name))) })
		}, 5500, 12000},
		{"attributes of folders that are as they were", "4096", func(p *place) {
			each(400, func(name string) { p.do(os.Mkdir(p.path(name), 0o755)); attr(p, p.path(name)) })
		}, func(p *place) { p.write("new", "text") }, 3000, 8000},
		{"attributes of files that got them", "4096", func(p *place) {
			each(400, func(name string) { p.write(name, "text "+name) })
		}, func(p *place) { each(400, func(name string) { attr(p, p.path(name)) }) }, 3600, 16000},
		{"many names that are as they were", "4096", func(p *place) {
			p.write("long/file", "text")
			each(9000, func(name string) { p.do(os.Link(p.path("long/file"), p.path("long/"+strings.Repeat("n", 240)+name))) })
		}, func(p *place) { p.write("new", "text") }, 2500, 8000},
		{"the ends of files in small blocks", "1024", func(*place) {}, func(p *place) {
			each(1500, func(name string) { p.write(name, "text "+name) })
		}, 1500, 5500},
	} {
		t.Run(c.what, func(t *testing.T) {
			p := newPlace(t)
			mnt, _ := image(t, "ext4", "64M", "-m", "0", "-b", c.block)
			p.dest = filepath.Join(mnt, "d")
			p.do(os.Mkdir(p.dest, 0o755))
			p.write("first", "text")
			c.before(p)
			p.backup()
			c.after(p)
			leave := func(kib int64) {
				t.Helper()
				p.do(os.RemoveAll(mnt + "/filler"))
				unix.Sync()
				var s unix.Statfs_t
				p.do(unix.Statfs(mnt, &s))
				f, err := os.Create(mnt + "/filler")
				p.do(err)
				p.do(unix.Fallocate(int(f.Fd()), 0, 0, int64(s.Bavail)*int64(s.Bsize)-kib<<10))
				p.do(f.Close())
			}
			leave(c.small)
			_, _, err := p.try()
			if guard := (*backup.GuardError)(nil); !errors.As(err, &guard) || errors.Is(err, syscall.ENOSPC) {
				t.Errorf("with %d KiB: %v", c.small, err)
			}
			leave(c.enough)
			p.backup()
		})
	}
}
