package backup_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/internal/harness"
	"snap/internal/long"
	"snap/record"
)

// TestRaces changes the source just before each file-system call of a backup, one call at a time: what
// is taken in must be from the source, nothing may hang, and the next backup must be right.
func TestRaces(t *testing.T) {
	run, snap := harness.Tool(t, "faultrun"), harness.Snap(t)
	step := 47
	if long.Form() {
		step = 3
	}
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "f"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, race := range []struct{ name, hook string }{
		{"a file vanishes", "rm -f src/d/f"},
		{"a folder vanishes", "rm -rf src/d"},
		{"a folder becomes a link to outside", "mv src/d src/was && ln -s " + outside + " src/d"},
		{"a file becomes a link to outside", "ln -sf " + outside + "/f src/d/f"},
		{"a file becomes a FIFO", "rm -f src/d/f; mkfifo src/d/f"},
		{"a file becomes a folder", "rm -f src/d/f; mkdir -p src/d/f"},
		{"a file is cut off", ": >src/d/f"},
		{"a file grows", "echo more >>src/d/f"},
	} {
		t.Run(race.name, func(t *testing.T) {
			t.Parallel()
			points, hits := 0, 0
			for n := 1; ; n += step {
				dir := t.TempDir()
				for _, d := range []string{"src/d/e", "src/z", "dest"} {
					if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
						t.Fatal(err)
					}
				}
				for name, text := range map[string]string{"src/d/f": "fffff", "src/d/e/g": "g", "src/z/h": "h"} {
					if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				cmd := exec.CommandContext(ctx, run, "-only", "openat,statx,getdents64,readlinkat,pread64,close", "-at",
					strconv.Itoa(n), "-hook", race.hook,
					"--", snap, "backup", "dest", "src")
				cmd.Dir, cmd.Env = dir, append(os.Environ(), "XDG_STATE_HOME="+filepath.Join(dir, "state"))
				out, err := cmd.CombinedOutput()
				cancel()
				text := string(out)
				m := regexp.MustCompile(`faultrun: total=(\d+) hit=(\S*)`).FindStringSubmatch(text)
				if m == nil {
					t.Fatalf("point %d: %v\n%s", n, err, text)
				}
				points++
				if m[2] != "" && m[2] != "none" {
					hits++
				}
				if strings.Contains(text, "goroutine ") {
					t.Fatalf("point %d: a panic\n%s", n, text)
				}
				if leak := exec.Command("grep", "-rlaF", "secret", filepath.Join(dir, "dest")); leak.Run() == nil {
					t.Fatalf("point %d: something from outside the source was backed up\n%s", n, text)
				}
				next := exec.Command(snap, "backup", "--force", "dest", "src")
				next.Dir, next.Env = cmd.Dir, cmd.Env
				if out, err := next.CombinedOutput(); err != nil {
					t.Fatalf("point %d: the next backup: %v\n%s", n, err, out)
				}
				latest, err := filepath.EvalSymlinks(filepath.Join(dir, "dest/latest"))
				if err != nil {
					t.Fatal(err)
				}
				if d := backuptest.Difference(backuptest.Listing(t, filepath.Join(dir, "src")),
					backuptest.Listing(t, latest)); d != "" {
					t.Fatalf("point %d: the next snapshot is not the source:\n%s", n, d)
				}
				if total, _ := strconv.Atoi(m[1]); n > total {
					break
				}
			}
			t.Logf("%d points, %d hits", points, hits)
			if hits == 0 {
				t.Fatal("no race was run")
			}
		})
	}
}

// TestLiveSource backs up while files are written, replaced, added and removed all the time: every file
// of the snapshot is one of the contents it had, or named.
func TestLiveSource(t *testing.T) {
	p := backuptest.NewPlace(t)
	const files, size = 20, 200_000
	for i := range files {
		p.Write(fmt.Sprintf("d/f%02d", i), strings.Repeat("a", size))
	}
	p.Write("grows", "")
	stop := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() { // rewrites in place
		load := time.NewTicker(time.Millisecond) // a load, not a flood
		defer load.Stop()
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-load.C:
			}
			c := string(rune('a' + n%26))
			os.WriteFile(p.Path(fmt.Sprintf("d/f%02d", n%files)), []byte(strings.Repeat(c, size)), 0o644)
			os.WriteFile(p.Path("d/new"), []byte("x"), 0o644)
			os.Remove(p.Path("d/new"))
		}
	})
	group.Go(func() {
		f, err := os.OpenFile(p.Path("grows"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return
		}
		defer f.Close()
		load := time.NewTicker(100 * time.Microsecond)
		defer load.Stop()
		for {
			select {
			case <-stop:
				return
			case <-load.C:
				f.WriteString(strings.Repeat("g", 1000))
			}
		}
	})
	named := 0
	for range 5 {
		res, rec := p.Backup(backuptest.Force, func(o *backup.Options) { o.Start = time.Now() })
		bad := map[string]bool{}
		for _, pr := range res.Problems {
			bad[pr.Path] = true
		}
		named += len(bad)
		for i := range files {
			path := fmt.Sprintf("d/f%02d", i)
			b, err := os.ReadFile(filepath.Join(p.Tree(res), path))
			if err != nil {
				t.Fatal(err)
			}
			whole := len(b) == 0 || len(b) <= size && strings.Trim(string(b), string(b[:1])) == ""
			r, changed := rec.Changes[path]
			if !whole && !(bad[path] && changed && r.Has(record.Inconsistent)) {
				t.Errorf("%s is a mixture of %d bytes, and nobody says so (problem %v, flags %v)", path, len(b), bad[path], r.Flags)
			}
		}
	}
	close(stop)
	group.Wait()
	t.Logf("%d files were named as changing", named)
	res, _ := p.Backup(backuptest.Force)
	p.WantSame(res)
}
