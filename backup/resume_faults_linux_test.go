package backup_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/destination"
	"snap/internal/filetest"
	"snap/internal/harness"
)

// TestResumeAfterKill kills a backup before its file-system calls, spread over all of the run, and goes on
// from what is there then.
func TestResumeAfterKill(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Grow()
	p.Interrupt(60) // or skip
	fault := harness.Tool(t, "faultrun")
	points, taken, step := 0, 0, 0
	for n := 1; ; n += step {
		p := backuptest.NewPlace(t)
		p.Grow()
		cmd := exec.Command(fault, "-at", strconv.Itoa(n), "-kill", "--", os.Args[0], "-test.run=^TestProcess$")
		cmd.Env = append(os.Environ(), "BACKUP_TEST_PROCESS="+p.Dest+"\n"+p.Src)
		out, _ := cmd.CombinedOutput()
		m := regexp.MustCompile(`faultrun: total=\d+ hit=(\w*)`).FindSubmatch(out)
		if m == nil {
			t.Fatalf("faultrun says nothing:\n%s", out)
		}
		if len(m[1]) == 0 {
			break // it was done before
		}
		points++
		dead := map[string]uint64{}
		for _, work := range p.Works() {
			if _, err := os.Lstat(work + "/tree"); err != nil {
				continue
			}
			if info, err := os.Lstat(work + "/changes"); err == nil && info.Size() > 0 {
				dead = p.Remains(work)
			}
		}
		taken += len(dead)
		res, _ := p.Backup(backuptest.Force)
		p.WantSame(res)
		for path, ino := range dead {
			if got := filetest.Inode(t, filepath.Join(p.Tree(res), path)); got != ino {
				t.Errorf("killed before call %d: %s was not taken over", n, path)
			}
		}
		if left := p.Works(); len(left) > 0 {
			t.Errorf("killed before call %d: left behind: %v", n, left)
		}
		step = 67
		if testing.Short() {
			step = 299
		}
	}
	t.Logf("%d points, %d files taken over", points, taken)
	if taken == 0 {
		t.Error("nothing was ever taken over")
	}
}

// TestWhatFailsNext lets the run after an interrupted one fail: what was copied stays for a third one,
// unless the disk is full or has lost something.
func TestWhatFailsNext(t *testing.T) {
	fault, snap := harness.Tool(t, "faultrun"), harness.Snap(t)
	for _, tt := range []struct {
		call  string
		at    int // the first syncfs is the source's, the first folders are the destination's own
		errno string
		keeps bool
	}{
		{"syncfs", 2, "EIO", false},
		{"pwrite64", 1, "EIO", false},
		{"pwrite64", 2, "ENOSPC", false},
		{"pwrite64", 2, "EDQUOT", false},
		{"write", 8, "ENOSPC", false}, // of the change set
		{"mkdirat", 9, "EMFILE", true},
		{"utimensat", 3, "EIO", false},
		{"utimensat", 3, "EMFILE", true},
	} {
		t.Run(fmt.Sprintf("%s %d %s", tt.call, tt.at, tt.errno), func(t *testing.T) {
			p := backuptest.NewPlace(t)
			p.Grow()
			p.Interrupt(60)
			cmd := exec.Command(fault, "-only", tt.call, "-at", strconv.Itoa(tt.at), "-errno", tt.errno, "--", snap, "backup",
				p.Dest, p.Src)
			cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+t.TempDir())
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "hit="+tt.call) {
				t.Fatalf("it did not fail: %v\n%s", err, out)
			}
			if works := p.Works(); len(works) == 0 == tt.keeps {
				t.Errorf("work folders: %v\n%s", works, out)
			}
			if said := strings.Contains(string(out), "is kept"); said != tt.keeps {
				t.Errorf("it says\n%s", out)
			}
			res, _ := p.Backup()
			p.WantSame(res)
			if res.Resumed.Files > 0 != tt.keeps {
				t.Errorf("taken over: %+v", res.Resumed)
			}
		})
	}
}

// TestResumeSpace: on a disk that has no room for a second copy of what was copied, the next run goes on
// all the same; what is of no use to it makes room; and what is of use stays although there is not enough.
func TestResumeSpace(t *testing.T) {
	prepare := func(t *testing.T, holes int64) *backuptest.Place {
		p := backuptest.NewPlace(t)
		p.Dest, _ = filetest.Image(t, "ext4", "64M", "-m", "0")
		for i := range 8 {
			p.Write(fmt.Sprint("f", i), strings.Repeat(fmt.Sprint(i), 5<<20))
		}
		p.Do(os.Truncate(p.Path("f0"), 5<<20+holes))
		p.Interrupt(6, func(o *backup.Options) { o.Jobs = 1 })
		return p
	}
	t.Run("goes on", func(t *testing.T) {
		p := prepare(t, 0)
		dead := p.Remains(p.Works()[0])
		if len(dead) < 5 {
			t.Fatalf("only %d were copied", len(dead))
		}
		res, _ := p.Backup()
		p.WantResumed(res, dead)
	})
	t.Run("makes room", func(t *testing.T) {
		p := prepare(t, 0)
		for i := range 8 {
			p.Do(os.Chtimes(p.Path(fmt.Sprint("f", i)), backuptest.Fixed, backuptest.Fixed))
		}
		p.Refuse("all are touched")
	})
	stays := func(t *testing.T, holes int64) {
		p := prepare(t, holes)
		dead := p.Remains(p.Works()[0])
		p.Write("more", strings.Repeat("more", 10<<20))
		_, _, err := p.Try()
		if guard := (*destination.GuardError)(nil); !errors.As(err, &guard) ||
			!strings.Contains(guard.Why, "not enough space") {
			t.Fatalf("got %v", err)
		}
		p.Do(os.Remove(p.Path("more")))
		res, _ := p.Backup()
		p.WantResumed(res, dead)
	}
	t.Run("stays", func(t *testing.T) { stays(t, 0) })
	t.Run("stays, with holes", func(t *testing.T) { stays(t, 300<<20) })
}

// TestResumeVolumes: a file system in the source is the one it was, though another one is met before it now.
func TestResumeVolumes(t *testing.T) {
	filetest.NeedRoot(t)
	p := backuptest.NewPlace(t)
	tmpfs := func(name string) {
		p.Do(os.Mkdir(p.Path(name), 0o755))
		filetest.Must(t, "mount", "-t", "tmpfs", "none", p.Path(name))
		t.Cleanup(func() { exec.Command("umount", p.Path(name)).Run() })
		p.Write(name+"/f", name)
	}
	for _, name := range []string{"b", "c", "d"} {
		tmpfs(name)
	}
	for i := range 5 {
		p.Write(fmt.Sprint("last", i), "last")
	}
	p.Interrupt(10)
	dead := p.Remains(p.Works()[0])
	tmpfs("a")
	res, _ := p.Backup()
	for path, ino := range dead {
		if filetest.Inode(t, filepath.Join(p.Tree(res), path)) != ino {
			t.Errorf("%s was not taken over", path)
		}
	}
	for _, name := range []string{"a", "b", "c", "d"} {
		if b, err := os.ReadFile(filepath.Join(p.Tree(res), name, "f")); string(b) != name ||
			name != "a" && dead[name+"/f"] == 0 {
			t.Errorf("%s/f holds %q (%v), inode %d before", name, b, err, dead[name+"/f"])
		}
	}
}

// TestNothingToResumeFor: a run that finds that nothing changed has no use for what was copied.
func TestNothingToResumeFor(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a", "a")
	p.Backup()
	for i := range 30 {
		p.Write(fmt.Sprintf("new%d", i), "new")
	}
	p.Interrupt(20)
	if len(p.Works()) != 1 {
		t.Fatal("nothing was kept")
	}
	for i := range 30 {
		p.Do(os.Remove(p.Path(fmt.Sprintf("new%d", i))))
	}
	if res, _ := p.Backup(); !res.Skipped {
		t.Fatal("there are changes")
	}
	if left := p.Works(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
