package restore

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"snap/index"
	"snap/internal/filetest"
	"snap/internal/harness"
	"snap/record"
)

func TestTranslate(t *testing.T) {
	local := map[string]uint32{"root": 0, "anna": 1007, "same": 1001, "toor": 0, "": 5}
	got := translate(map[uint32]string{0: "root", 1000: "anna", 1001: "same", 1002: "toor", 1003: "nobody-here", 1004: ""},
		func(name string) (uint32, bool) { id, ok := local[name]; return id, ok })
	if want := map[uint32]uint32{1000: 1007}; !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := translate(map[uint32]string{0: "anna"}, func(string) (uint32, bool) { return 1007, true }); len(got) != 0 {
		t.Errorf("root became somebody: %v", got)
	}
}

func TestOwnersByNameOrNumber(t *testing.T) {
	filetest.NeedRoot(t)
	nobody, known := localUser("nobody")
	if !known {
		t.Skip("no user nobody")
	}
	d := snapshot(t, func(tree string) {
		mk(t, tree, "a", "b")
		must(t, os.Chown(filepath.Join(tree, "a"), 4242, 4343))
		must(t, os.Chown(filepath.Join(tree, "b"), 4244, 4343))
	})
	d.header.Users = map[uint32]string{4242: "nobody", 4244: "surely not a user here", 0: "root"}
	for _, numeric := range []bool{false, true} {
		target := work(t)
		d.clean(target, Options{NumericIDs: numeric})
		want := map[string]uint32{"a": nobody, "b": 4244}
		if numeric {
			want["a"] = 4242
		}
		for name, uid := range want {
			info, err := os.Stat(filepath.Join(target, name))
			must(t, err)
			if st := info.Sys().(*syscall.Stat_t); st.Uid != uid || st.Gid != 4343 {
				t.Errorf("numeric %v: %s belongs to %d:%d, want %d", numeric, name, st.Uid, st.Gid, uid)
			}
		}
	}
}

// What the folder's default ACL gives a new file goes again, unless it was recorded.
func TestInheritedACLsGo(t *testing.T) {
	d := snapshot(t, func(tree string) {
		mk(t, tree, "d/", "d/f", "d/s/", "d/l -> f")
		must(t, syscall.Mkfifo(filepath.Join(tree, "d/p"), 0o644))
	})
	target := work(t)
	mk(t, target, "d/")
	if out, err := exec.Command("setfacl", "-d", "-m", "u:1234:rwx",
		filepath.Join(target, "d")).CombinedOutput(); err != nil {
		t.Skipf("setfacl: %v %s", err, out)
	}
	d.clean(target, Options{Overwrite: Always})
	sameTree(t, d.tree(), target)
}

// as names the environment variable with what a test wants from the test binary run as another user.
const as = "SNAP_TEST_RESTORE"

// order is what a test wants another user to do.
type order struct {
	Dest, Target string
	Overwrite    Overwrite
	Delete       bool
}

type answer struct {
	Result Result
	Texts  []string // of the problems
	Err    string
}

func TestMain(m *testing.M) {
	if b := os.Getenv(as); b != "" {
		json.NewEncoder(os.Stdout).Encode(obey([]byte(b)))
		return
	}
	os.Exit(harness.Run(m))
}

func obey(b []byte) (a answer) {
	fail := func(err error) answer { a.Err = err.Error(); return a }
	var o order
	if err := json.Unmarshal(b, &o); err != nil {
		return fail(err)
	}
	d := &dest{dir: o.Dest}
	db, err := index.Open(index.Path(o.Dest))
	if err != nil {
		return fail(err)
	}
	h := record.Header{Name: snapName, Seq: 1}
	a.Result, err = Run(context.Background(), db, &h, d.tree(),
		Options{Target: o.Target, Items: []Item{{}}, Overwrite: o.Overwrite, Delete: o.Delete})
	for _, p := range a.Result.Problems {
		a.Texts = append(a.Texts, p.Path+": "+p.Err.Error())
	}
	a.Result.Problems = nil
	if err != nil {
		return fail(err)
	}
	return a
}

// user runs a restore as user 1234, with Delete if anything more is given.
func (d *dest) user(target string, how Overwrite, del ...bool) answer {
	d.t.Helper()
	self, err := os.ReadFile("/proc/self/exe")
	must(d.t, err)
	exe := filepath.Join(work(d.t), "exe")
	must(d.t, os.WriteFile(exe, self, 0o755))
	b, err := json.Marshal(order{d.dir, target, how, len(del) > 0})
	must(d.t, err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), as+"="+string(b))
	cmd.Dir = "/"
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 1234, Gid: 1234}}
	out, err := cmd.Output()
	var a answer
	if err := errors.Join(err, json.Unmarshal(out, &a)); err != nil {
		d.t.Fatalf("%v\n%s", err, out)
	}
	return a
}

// give makes everything below dir belong to user 1234.
func give(t *testing.T, dir string) {
	t.Helper()
	if out, err := exec.Command("chown", "-R", "-h", "1234:1234", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
}

func TestOrdinaryUser(t *testing.T) {
	filetest.NeedRoot(t)
	d := snapshot(t, func(tree string) {
		mk(t, tree, "ro/", "ro/sub/", "ro/sub/f", "ro/f", "ro/g = ro/f", "setuid", "foreign", "l -> f", "locked")
		must(t, os.Chmod(filepath.Join(tree, "ro/sub"), 0o500))
		must(t, os.Chmod(filepath.Join(tree, "ro"), 0o555))
		for _, name := range []string{"setuid", "foreign"} {
			must(t, os.Chmod(filepath.Join(tree, name), 0o755|os.ModeSetuid|os.ModeSetgid))
		}
		for _, name := range []string{"ro", "ro/sub"} {
			must(t, os.Chtimes(filepath.Join(tree, name), stamp, stamp))
		}
		give(t, filepath.Dir(tree))
		for _, name := range []string{"setuid", "foreign"} {
			must(t, os.Chmod(filepath.Join(tree, name), 0o755|os.ModeSetuid|os.ModeSetgid)) // chown took it
		}
		must(t, syscall.Mknod(filepath.Join(tree, "dev"), syscall.S_IFCHR|0o600, 1<<8|3))
	}, func(e *record.Entry) {
		switch e.Path {
		case "foreign":
			e.UID, e.GID = 0, 0
		}
	})
	give(t, d.dir)
	dir := work(t)
	must(t, os.Chmod(dir, 0o777))
	target := filepath.Join(dir, "out")
	check := func(a answer, how Overwrite) {
		t.Helper()
		if a.Err != "" || len(a.Texts) != 1 {
			t.Errorf("overwrite %d: %q, problems %q", how, a.Err, a.Texts)
		}
		if want := (Lost{Owner: 1, Setuid: 1}); a.Result.Lost != want {
			t.Errorf("overwrite %d: lost %+v, want %+v", how, a.Result.Lost, want)
		}
		for name, mode := range map[string]os.FileMode{
			"foreign": 0o755, "setuid": 0o755 | os.ModeSetuid | os.ModeSetgid, "ro": 0o555 | os.ModeDir,
			"ro/sub": 0o500 | os.ModeDir, "ro/sub/f": 0o644,
		} {
			info, err := os.Stat(filepath.Join(target, name))
			must(t, err)
			if info.Mode() != mode || !info.ModTime().Equal(stamp) && how != IfNewer {
				t.Errorf("overwrite %d: %s is %v of %v, want %v of %v", how, name, info.Mode(), info.ModTime(), mode, stamp)
			}
		}
	}
	check(d.user(target, Never), Never)
	// Read-only folders that exist are written to, and are read-only again.
	must(t, os.Remove(filepath.Join(target, "ro/sub/f")))
	must(t, os.WriteFile(filepath.Join(target, "ro/f"), []byte("other"), 0o600))
	check(d.user(target, IfChanged), IfChanged)
	check(d.user(target, Always), Always)
	if filetest.Inode(t, filepath.Join(target, "ro/f")) != filetest.Inode(t, filepath.Join(target, "ro/g")) {
		t.Error("ro/f and ro/g are two files")
	}
	// A folder that is not restored itself gets back its mode: Never keeps what is in use.
	must(t, os.Chmod(filepath.Join(target, "ro"), 0o511))
	must(t, os.RemoveAll(filepath.Join(target, "ro/sub")))
	for _, name := range []string{"setuid", "foreign", "l", "locked", "ro/f", "ro/g"} {
		must(t, os.Remove(filepath.Join(target, name)))
	}
	must(t, os.WriteFile(filepath.Join(target, "ro/mine"), nil, 0o600))
	if a := d.user(target, Never); a.Err != "" || len(a.Texts) != 1 {
		t.Errorf("%+v", a)
	}
	if info, err := os.Stat(filepath.Join(target, "ro")); err != nil || info.Mode().Perm() != 0o511 {
		t.Errorf("ro: %v %v", info.Mode(), err)
	}
}

// What the user may not write to is a problem of that path.
func TestOrdinaryUserInAFolderOfAnother(t *testing.T) {
	filetest.NeedRoot(t)
	d := snapshot(t, func(tree string) { mk(t, tree, "a/", "a/f", "a/own/", "a/own/g", "b") })
	give(t, d.dir)
	dir := work(t)
	target := filepath.Join(dir, "out")
	mk(t, dir, "out/", "out/a/", "out/a/own/")
	give(t, target)
	must(t, os.Chown(filepath.Join(target, "a"), 0, 0))
	must(t, os.Chmod(filepath.Join(target, "a"), 0o711))
	a := d.user(target, Always)
	if a.Err != "" || len(a.Texts) != 1 || a.Result.FilesRestored != 2 || a.Result.Lost.Owner == 0 {
		t.Errorf("%+v", a)
	}
	if info, _ := os.Stat(filepath.Join(target, "a")); info.Mode().Perm() != 0o711 ||
		info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Errorf("a: %v", info.Mode())
	}
}

// The first name of a file is in a folder that may no longer be entered when the second comes.
func TestOrdinaryUserWithAClosedFolder(t *testing.T) {
	filetest.NeedRoot(t)
	d := snapshot(t, func(tree string) { mk(t, tree, "closed/", "closed/one", "two = closed/one", "z = two") },
		func(e *record.Entry) {
			if e.Path == "closed" {
				e.Mode = 0o600
			}
			e.UID, e.GID = 1234, 1234
		})
	give(t, d.dir)
	target := work(t)
	must(t, os.Chown(target, 1234, 1234))
	a := d.user(target, Never)
	if a.Err != "" || len(a.Texts) != 0 || read(t, filepath.Join(target, "two")) != "closed/one" {
		t.Errorf("%+v", a)
	}
	if filetest.Inode(t, filepath.Join(target, "two")) != filetest.Inode(t, filepath.Join(target, "z")) {
		t.Error("the others are not linked")
	}
}

func TestOrdinaryUserDeletesReadOnlyFolders(t *testing.T) {
	filetest.NeedRoot(t)
	d := snapshot(t, func(tree string) { mk(t, tree, "a") })
	give(t, d.dir)
	target := work(t)
	mk(t, target, "x/", "x/y/", "x/y/z")
	must(t, os.Chmod(filepath.Join(target, "x/y"), 0o500))
	must(t, os.Chmod(filepath.Join(target, "x"), 0o500))
	give(t, filepath.Dir(target))
	if a := d.user(target, Never, true); a.Err != "" || len(a.Texts) != 0 || a.Result.FilesDeleted != 3 ||
		exists(filepath.Join(target, "x")) {
		t.Errorf("%+v", a)
	}
}
