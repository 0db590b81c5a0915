package restore_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"snap/backup/backuptest"
	"snap/internal/filetest"
	"snap/internal/long"
)

// patchCalls are the system calls on the way to a file that is made from the one whose place it takes. Not unlinkat:
// what cannot be removed stays.
const patchCalls = "openat,ioctl,pread64,pwrite64,ftruncate,fallocate,sync_file_range,fchmod,fchown,fchownat," +
	"utimensat,renameat,renameat2,mkdirat"

// patchTarget is a target in which an image has changed since it was backed up, and has another name.
type patchTarget struct {
	*backuptest.Place
	dir             string
	backedUp, since []byte
	args            []string
}

func (r *patchTarget) reset() {
	r.T.Helper()
	for _, name := range []string{"image", "other"} {
		r.Do(os.RemoveAll(filepath.Join(r.dir, name)))
	}
	r.Do(os.WriteFile(filepath.Join(r.dir, "image"), r.since, 0o644))
	r.Do(os.Link(filepath.Join(r.dir, "image"), filepath.Join(r.dir, "other")))
}

// holds checks that the name has the bytes that were backed up, or those since; it reports whether it is the former.
func (r *patchTarget) holds(what, name, out string) bool {
	r.T.Helper()
	got, err := os.ReadFile(filepath.Join(r.dir, name))
	r.Do(err)
	if bytes.Equal(got, r.backedUp) {
		return true
	}
	if !bytes.Equal(got, r.since) {
		r.T.Fatalf("%s: %s is a mixture\n%s", what, name, out)
	}
	return false
}

// ends checks that the other name is as it was, and that a second restore is right.
func (r *patchTarget) ends(what, out string) {
	r.T.Helper()
	if r.holds(what, "other", out) {
		r.T.Fatalf("%s: the other name has changed\n%s", what, out)
	}
	if hit, again := r.At(r.T.(*testing.T), 0, patchCalls, nil, r.args...); hit || !r.holds(what, "image", again) {
		r.T.Fatalf("%s: not restored by the next one\n%s\n%s", what, out, again)
	}
}

// temps are the temporary names in the target.
func (r *patchTarget) temps() (names []string) {
	r.T.Helper()
	r.Do(filepath.WalkDir(r.dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(e.Name(), ".snap-") {
			names = append(names, path)
		}
		return err
	}))
	return names
}

// onCloning runs a test with a target on each file system that can share blocks, for the calls from the first of the
// image
// on: all of them, or some by even steps.
func onCloning(t *testing.T, test func(t *testing.T, r *patchTarget, from, step int)) {
	for kind, size := range map[string]string{"xfs": "400M", "btrfs": "256M"} {
		t.Run(kind, func(t *testing.T) {
			r := &patchTarget{Place: backuptest.NewPlace(t)}
			r.dir, _ = filetest.Image(t, kind, size)
			r.backedUp = make([]byte, 2<<20)
			rand.NewChaCha8([32]byte{}).Read(r.backedUp)
			clear(r.backedUp[1<<20 : 1<<20+64<<10])
			r.since = append(bytes.Clone(r.backedUp), "more"...)
			r.since[100]++
			r.since[1<<20]++
			r.Write("image", string(r.backedUp))
			filetest.Must(t, "fallocate", "-d", r.Path("image"))
			r.Backup()
			r.args = []string{"restore", "-d", r.Dest, "latest", "--target", r.dir, "--overwrite", "always", "--jobs", "1"}
			r.reset()
			from, step := r.Looks(t, patchCalls, []string{"image"}, r.args...)[0], 5
			if long.Form() {
				step = 1
			} else if testing.Short() {
				step = 11
			}
			test(t, r, from, step)
		})
	}
}

// TestPatchThatFails: whatever call on the way to a patched file fails, with whatever error, the name has what it had
// or what was backed up, the restore says which, and leaves nothing else.
func TestPatchThatFails(t *testing.T) {
	onCloning(t, func(t *testing.T, r *patchTarget, from, step int) {
		met, kept := 0, 0
		for n := from; ; n += step {
			hit := false
			for _, errno := range []string{"ENOSPC", "EIO", "EDQUOT"} {
				r.reset()
				what, out := fmt.Sprintf("%s at %d", errno, n), ""
				if hit, out = r.At(t, n, patchCalls, []string{"-errno", errno}, r.args...); !hit {
					break
				}
				met++
				if !r.holds(what, "image", out) {
					if kept++; strings.Contains(out, "status=<nil>") {
						t.Errorf("%s: it says that all is well\n%s", what, out)
					}
				}
				if left := r.temps(); len(left) > 0 {
					t.Errorf("%s: left behind: %q\n%s", what, left, out)
				}
				r.ends(what, out)
			}
			if !hit {
				break
			}
		}
		if t.Logf("%d points, %d times it kept what was there", met, kept); met < 6 {
			t.Error("too few")
		}
	})
}

// TestPatchThatIsKilled: killed before any call on the way to a patched file, the name has what it had or what was
// backed up, and the next restore is right.
func TestPatchThatIsKilled(t *testing.T) {
	onCloning(t, func(t *testing.T, r *patchTarget, from, step int) {
		kept := 0
		for n := from; ; n += step {
			r.reset()
			what := fmt.Sprintf("killed before call %d", n)
			hit, out := r.At(t, n, patchCalls, []string{"-kill"}, r.args...)
			if !hit {
				break
			}
			if !r.holds(what, "image", out) {
				kept++
			}
			for _, left := range r.temps() { // as a killed copy leaves it; the next restore does not need it
				r.Do(os.RemoveAll(left))
			}
			r.ends(what, out)
		}
		if kept == 0 {
			t.Error("it never died before the rename")
		}
	})
}
