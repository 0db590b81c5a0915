package backup_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"snap/backup/backuptest"
	"snap/destination/check"
	"snap/internal/filetest"
	"snap/internal/long"
	"snap/record"
)

// patchCalls are the system calls on the way to a patched file.
const patchCalls = "openat,ioctl,pread64,pwrite64,ftruncate,fallocate,sync_file_range,fchmod,fchown,fchownat,utimensat"

// patchRun backs up a source whose image is about to be patched.
type patchRun struct {
	*backuptest.Place
	older []byte // of the image in the snapshot before
	first string // that snapshot's tree
	args  []string
}

// newPatchRun empties the destination and makes the snapshot before, then changes the image: two blocks of it, one of which
// becomes a hole, and its length.
func newPatchRun(p *backuptest.Place) *patchRun {
	p.T.Helper()
	old, err := os.ReadDir(p.Dest)
	p.Do(err)
	for _, e := range old {
		if e.Name() != "lost+found" {
			p.Do(backuptest.RemoveAll(filepath.Join(p.Dest, e.Name())))
		}
	}
	p.Do(os.RemoveAll(filepath.Join(filepath.Dir(p.Src), "state"))) // which knows the destination that was there
	r := &patchRun{Place: p, older: image(2 << 20)}
	r.args = []string{"backup", "--force", "--jobs", "1", p.Dest, p.Src}
	p.Do(os.RemoveAll(p.Path("image")))
	p.Write("image", string(r.older))
	p.N = 1
	first, _ := p.Backup(now)
	r.first = p.Tree(first)
	data := slices.Clone(r.older)
	data[5*patchBlock+1]++
	p.Write("image", string(append(data, "more"...)))
	filetest.Must(p.T, "fallocate", "-p", "-o", "1M", "-l", "64K", p.Path("image"))
	return r
}

// points are the calls of the run from the first of the image on: all of them, or some by even steps.
func (r *patchRun) points(t *testing.T) (from, step int) {
	switch from = r.Looks(t, patchCalls, []string{"image"}, r.args...)[0]; {
	case long.Form():
		return from, 1
	case testing.Short():
		return from, 17
	}
	return from, 5
}

// wantWhole checks that no image is left in the work folders but one that is done: the source's bytes, and said in the
// change set that the next run goes by, unless that is published already.
func (r *patchRun) wantWhole(what, out string) {
	r.T.Helper()
	want, err := os.ReadFile(r.Path("image"))
	r.Do(err)
	for _, work := range r.Works() {
		left, err := os.ReadFile(filepath.Join(work, "tree", "image"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		r.Do(err)
		if !bytes.Equal(left, want) {
			r.T.Errorf("%s: left half done\n%s", what, out)
		}
		if _, err := os.Lstat(filepath.Join(work, "changes")); err != nil {
			continue
		}
		if _, copied := r.DeadSet(work); !slices.Contains(copied, "image") {
			r.T.Errorf("%s: left, and no record tells of it\n%s", what, out)
		}
	}
}

// ends checks that the older snapshot is as it was, and that the next run makes the right one and leaves nothing.
func (r *patchRun) ends(what, out string) *record.Record {
	r.T.Helper()
	old, err := os.ReadFile(filepath.Join(r.first, "image"))
	r.Do(err)
	if !bytes.Equal(old, r.older) {
		r.T.Fatalf("%s: the older snapshot has changed\n%s", what, out)
	}
	res, rec := r.Backup(now)
	r.WantSame(res)
	if left := r.Works(); len(left) > 0 {
		r.T.Fatalf("%s: left behind: %v\n%s", what, left, out)
	}
	if found := backuptest.Said(r.Check(check.Options{Read: backuptest.ReadAll})); len(found) > 0 {
		r.T.Fatalf("%s: check: %q\n%s", what, found, out)
	}
	image := rec.Changes["image"]
	return &image
}

// TestPatchThatFails: whatever call on the way to a patched file fails, with whatever error, the run says so or makes
// the right snapshot, what it leaves is nothing but a file that is done, and the older snapshot stays.
func TestPatchThatFails(t *testing.T) {
	onCloning(t, func(t *testing.T, p *backuptest.Place) {
		from, step := newPatchRun(p).points(t)
		met := 0
		for n := from; ; n += step {
			hit := false
			for _, errno := range []string{"ENOSPC", "EIO", "EDQUOT"} {
				r, what := newPatchRun(p), fmt.Sprintf("%s at %d", errno, n)
				var out string
				if hit, out = p.At(t, n, patchCalls, []string{"-errno", errno}, r.args...); !hit {
					break
				}
				met++
				r.wantWhole(what, out)
				r.ends(what, out)
			}
			if !hit {
				break
			}
		}
		if t.Logf("%d points", met); met < 6 {
			t.Error("too few")
		}
	})
}

// TestPatchThatIsKilled kills a run before each call on the way to a patched file. The next one makes it right from what is
// there, and takes over what was done and recorded.
func TestPatchThatIsKilled(t *testing.T) {
	onCloning(t, func(t *testing.T, p *backuptest.Place) {
		from, step := newPatchRun(p).points(t)
		half, taken := 0, 0
		for n := from; ; n += step {
			r, what := newPatchRun(p), fmt.Sprintf("killed before call %d", n)
			hit, out := p.At(t, n, patchCalls, []string{"-kill"}, r.args...)
			if !hit {
				break
			}
			for _, work := range p.Works() {
				left, err := os.ReadFile(filepath.Join(work, "tree", "image"))
				if want := p.Read("image"); err == nil && string(left) != want {
					half++
				}
			}
			if rec := r.ends(what, out); rec.Stored == record.Copied && (rec.Shared == 0 || rec.Patched != 3) {
				t.Errorf("%s: %+v", what, rec)
			} else if rec.Stored != record.Copied {
				taken++
			}
		}
		t.Logf("%d half done, %d published", half, taken)
		if half == 0 && long.Form() {
			t.Error("none was half done")
		}
	})
}
