package backup_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"snap/backup"
	"snap/index"
	"snap/internal/file"
	"snap/internal/harness"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// place is a source and a destination for one test.
type place struct {
	t    testing.TB
	src  string
	dest string
	n    int
}

func newPlace(t testing.TB) *place {
	dir := t.TempDir()
	t.Cleanup(func() { openUp(dir) })
	p := &place{t: t, src: filepath.Join(dir, "src"), dest: filepath.Join(dir, "dest")}
	for _, d := range []string{p.src, p.dest} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// answers are what the index says of the snapshots with these names: listings and differences of all pairs.
func (p *place) answers(names []string) map[string]string {
	p.t.Helper()
	ctx := context.Background()
	db, err := index.Open(index.Path(p.dest))
	p.do(err)
	all, err := db.Snapshots(ctx)
	p.do(err)
	said := map[string]string{}
	for _, a := range all {
		if !slices.Contains(names, a.Name) {
			continue
		}
		for e, err := range db.Entries(ctx, a.Seq, "") {
			p.do(err)
			r := e.Record
			// How it came there is not of the state; what was learned of the source is lost by a reindex.
			r.Change, r.Stored, r.Reason, r.From, r.To, r.Link, r.Since = 0, 0, 0, "", "", "", 0
			r.Ctime, r.Flags = r.Mtime, r.Flags&^index.Racy
			r.Volume, r.Ino, r.Btime, r.Nlink = 0, 0, r.Mtime, 0
			said["ls "+a.Name+" "+e.Path] = fmt.Sprintf("%+v", r)
		}
		for _, b := range all {
			if !slices.Contains(names, b.Name) {
				continue
			}
			for d, err := range db.Diff(ctx, a.Seq, b.Seq) {
				p.do(err)
				said["diff "+a.Name+" "+b.Name+" "+d.Path] = d.Change.String() + " " + d.From
			}
		}
	}
	return said
}

// at runs the program with a fault before its n-th call among only, and reports whether there was one.
func (p *place) at(t *testing.T, n int, only string, fault []string, args ...string) (hit bool, out string) {
	t.Helper()
	all := append([]string{harness.Tool(t, "faultrun"), "-only", only, "-at", strconv.Itoa(n)}, fault...)
	b, _ := p.command(append(append(all, "--", harness.Snap(t)), args...)...).CombinedOutput()
	if strings.Contains(string(b), "goroutine ") {
		t.Fatalf("a panic at call %d of %s:\n%s", n, only, b)
	}
	return theHit.Match(b), string(b)
}

// backup runs one backup; change adjusts its options.
func (p *place) backup(change ...func(*backup.Options)) (*backup.Result, *recorder) {
	p.t.Helper()
	res, rec, err := p.try(change...)
	if err != nil {
		p.t.Fatal(err)
	}
	if !p.t.Failed() {
		sound(p.t, p.dest)
	}
	return res, rec
}

// check runs a check of the place's destination.
func (p *place) check(o backup.CheckOptions) *backup.CheckResult {
	p.t.Helper()
	res, err := backup.Check(context.Background(), p.dest, o)
	if err != nil {
		p.t.Fatal(err)
	}
	return res
}

// command is the program in an environment of its own.
func (p *place) command(args ...string) *exec.Cmd {
	p.t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+filepath.Join(filepath.Dir(p.src), "state"))
	return cmd
}

// copyOf is a copy of a tree with its times.
func (p *place) copyOf(dir string) string {
	to := filepath.Join(p.t.TempDir(), "copy")
	must(p.t.(*testing.T), "cp", "-a", dir, to)
	return to
}

// dated makes a snapshot of the time in its name.
func (p *place) dated(change ...func(*backup.Options)) (*backup.Result, *recorder) {
	p.t.Helper()
	return p.backup(append(change, func(o *backup.Options) { o.Time, _ = nameTime(o.Name(time.Time{})) })...)
}

// deadSet reads the change set of a run that died: the paths of the files that it has copied, in order.
func (p *place) deadSet(work string) (begin *index.Header, copied []string) {
	p.t.Helper()
	b, err := os.ReadFile(filepath.Join(work, "changes"))
	p.do(err)
	c, err := index.NewChangeReader(bytes.NewReader(b))
	p.do(err)
	for e, err := range c.All() {
		if errors.Is(err, index.ErrTruncated) {
			break
		}
		p.do(err)
		if e.Stored == index.Copied {
			copied = append(copied, e.Path)
		}
	}
	return c.Begin(), copied
}

// delete is remove that may fail.
func (p *place) delete(names ...string) error {
	p.t.Helper()
	ctx := context.Background()
	d, err := backup.Open(ctx, p.dest, backup.OpenOptions{})
	if err != nil {
		return err
	}
	list, err := backup.PlanNamed(ctx, d, names)
	if err == nil {
		err = backup.Apply(ctx, d, list, 2, nil)
	}
	return errors.Join(err, d.Close())
}

// do fails the test on an error of preparing it.
func (p *place) do(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// grow makes a source of 150 entries that a run cuts into several tasks, since a large file ends one: 20
// small files and a large one in each of six folders, hard links across them, links, an empty folder.
func (p *place) grow() {
	p.t.Helper()
	for i := range 6 {
		for j := range 20 {
			p.write(fmt.Sprintf("d%d/f%02d", i, j), strings.Repeat(fmt.Sprint(i), 3*j))
		}
		p.write(fmt.Sprintf("d%d/large", i), fmt.Sprint("large ", i))
		p.do(os.Truncate(p.path(fmt.Sprintf("d%d/large", i)), 4<<20+int64(i)))
	}
	p.do(os.Link(p.path("d0/f10"), p.path("d4/other")))
	p.do(os.Link(p.path("d1/large"), p.path("d3/another")))
	p.do(os.Symlink("f10", p.path("d0/link")))
	p.do(os.Mkdir(p.path("d2/empty"), 0o750))
	p.do(os.Chmod(p.path("d3"), 0o500))
	p.t.Cleanup(func() { os.Chmod(p.path("d3"), 0o700) })
}

// held are the listings of the trees of snapshots by their names.
func (p *place) held(names []string) map[string]map[string]entry {
	all := map[string]map[string]entry{}
	for _, n := range names {
		all[n] = listing(p.t, filepath.Join(p.dest, n))
	}
	return all
}

// in is a path in a snapshot.
func (p *place) in(snap, path string) string { return filepath.Join(p.dest, snap, path) }

// inDestination opens the destination for writing.
func (p *place) inDestination(f func(ctx context.Context, d *backup.Destination)) {
	p.t.Helper()
	ctx := context.Background()
	d, err := backup.Open(ctx, p.dest, backup.OpenOptions{})
	p.do(err)
	f(ctx, d)
	p.do(d.Close())
}

// inTrees is what all trees hold together.
func (p *place) inTrees() (total index.Amount) {
	heads, _ := p.knows()
	for _, a := range usageOfTrees(p.t, p.dest, heads) {
		total.Add(a)
	}
	return total
}

// interrupt runs a backup that is interrupted when it tells of the n-th entry.
func (p *place) interrupt(n int, change ...func(*backup.Options)) *backup.Result {
	p.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p.n++
	o := backup.Options{
		Source: p.src, Start: settled(), Name: func(time.Time) string { return fmt.Sprintf("s%04d", p.n) },
		Report: &stopper{recorder{map[string]index.Record{}, map[string]index.Record{}}, n, cancel},
	}
	for _, f := range change {
		f(&o)
	}
	d, err := backup.Open(ctx, p.dest, backup.OpenOptions{Create: true})
	p.do(err)
	defer func() { p.do(d.Close()) }()
	res, err := backup.Run(ctx, d, o)
	if !errors.Is(err, context.Canceled) {
		p.t.Fatalf("interrupted at entry %d: %v", n, err)
	}
	for _, work := range p.works() {
		if begin, _ := p.deadSet(work); begin.Boot == "" {
			p.t.Skip("this system does not tell one mount from the next: Linux does from 6.8 on")
		}
	}
	return res
}

// knows is what the index says of every snapshot: its header, and each path in it.
func (p *place) knows() (heads []index.Header, all []map[string]index.Record) {
	p.t.Helper()
	ctx := context.Background()
	db, err := index.Open(index.Path(p.dest))
	p.do(err)
	heads, err = db.Snapshots(ctx)
	p.do(err)
	for _, h := range heads {
		m := map[string]index.Record{}
		for e, err := range db.Entries(ctx, h.Seq, "") {
			p.do(err)
			m[e.Path] = e.Record
		}
		all = append(all, m)
	}
	return heads, all
}

// looks are the calls of a run, counted among only, whose last element of a path is one of names.
func (p *place) looks(t *testing.T, only string, names []string, args ...string) (at []int) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	p.at(t, 0, only, []string{"-log", log}, args...)
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(b), "\n") {
		if f := strings.Fields(line); len(f) > 0 && slices.Contains(names, filepath.Base(strings.Trim(f[len(f)-1], `"`))) {
			at = append(at, i+1)
		}
	}
	if len(at) < 3 {
		t.Fatalf("%d looks:\n%s", len(at), b)
	}
	return at
}

// lose removes the index, and of the change sets what is named.
func (p *place) lose(paths ...string) {
	p.t.Helper()
	for _, path := range append(paths, index.Path(p.dest), index.Path(p.dest)+".old") {
		p.do(os.RemoveAll(path))
	}
}

// mapped makes the file and changes it through a mapping, before and after backups.
func (p *place) mapped(name string) {
	p.t.Helper()
	p.write(name, strings.Repeat("a", 4096))
	f, err := os.OpenFile(p.path(name), os.O_RDWR, 0)
	p.do(err)
	defer f.Close()
	m, err := syscall.Mmap(int(f.Fd()), 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	p.do(err)
	defer syscall.Munmap(m)
	for i := range 20 {
		m[0] = byte('b' + i)
		p.backup(force)
		m[1] = byte('b' + i)
		res, _ := p.backup(force)
		got, err := os.ReadFile(filepath.Join(p.tree(res), name))
		if err != nil || got[1] != byte('b'+i) {
			p.t.Fatalf("round %d: the store is not in the snapshot: %q %v", i, got[:2], err)
		}
	}
}

func (p *place) meta(name ...string) string {
	return filepath.Join(append([]string{p.dest, ".snap"}, name...)...)
}

// namesNothing makes sure that no file of the destination's own holds one of the paths, as far as they are long enough
// to say that.
func (p *place) namesNothing(what string, paths []string) {
	p.t.Helper()
	p.inDestination(func(ctx context.Context, d *backup.Destination) {
		err := d.DB.Editions(ctx, func(v *index.Edition) error {
			for _, path := range []string{v.Path, v.From, v.To, v.Link} {
				if path != "" && within(path, paths) {
					return fmt.Errorf("%s: the record of %q in %d names %q", what, v.Path, v.Seq, path)
				}
			}
			return nil
		})
		p.do(err)
	})
}

// of makes a backup one of these sources, below p.src. One that ends in a slash is a tree by itself.
func (p *place) of(sources ...string) func(*backup.Options) {
	return func(o *backup.Options) {
		o.Source, o.Scan.Roots = p.src, index.Roots(sources)
		if len(sources) == 1 && strings.HasSuffix(sources[0], "/") {
			o.Source, o.Scan.Roots = p.path(sources[0][:len(sources[0])-1]), nil
		}
	}
}

// open opens the destination for writing.
func (p *place) open() *backup.Destination {
	p.t.Helper()
	d, err := backup.Open(context.Background(), p.dest, backup.OpenOptions{})
	p.do(err)
	return d
}

func (p *place) path(rel string) string { return filepath.Join(p.src, rel) }

// purge takes paths out of the snapshots with these names.
func (p *place) purge(paths, names []string) {
	p.t.Helper()
	p.inDestination(func(ctx context.Context, d *backup.Destination) {
		_, err := d.Purge(ctx, p.purgeOf(ctx, d.DB, paths, names), nil)
		p.do(err)
	})
	sound(p.t, p.dest)
	if found := said(p.check(backup.CheckOptions{Read: readAll})); len(found) > 0 {
		p.t.Fatalf("after the purge of %q in %q: %q", paths, names, found)
	}
}

// purgeFrees is what a purge promises to free.
func (p *place) purgeFrees(paths, names []string) (freed index.Amount) {
	p.inDestination(func(ctx context.Context, d *backup.Destination) {
		plan, err := d.DB.Purging(ctx, p.purgeOf(ctx, d.DB, paths, names))
		p.do(err)
		freed = plan.Freed
	})
	return freed
}

func (p *place) purgeOf(ctx context.Context, db *index.DB, paths, names []string) *index.Purge {
	p.t.Helper()
	heads, err := db.Snapshots(ctx)
	p.do(err)
	what := &index.Purge{Paths: paths}
	for _, h := range heads {
		if slices.Contains(names, h.Name) {
			what.Seqs = append(what.Seqs, h.Seq)
		}
	}
	return what
}

func (p *place) read(rel string) string {
	p.t.Helper()
	b, err := os.ReadFile(p.path(rel))
	p.do(err)
	return string(b)
}

// refuse checks that the next backup takes nothing over, and is right.
func (p *place) refuse(why string, change ...func(*backup.Options)) {
	p.t.Helper()
	res, _ := p.backup(change...)
	p.wantSame(res)
	if res.Resumed != (backup.Amount{}) {
		p.t.Errorf("%s: %+v were taken over", why, res.Resumed)
	}
	if left := p.works(); len(left) > 0 {
		p.t.Errorf("%s: left behind: %v", why, left)
	}
}

func (p *place) reindex(change ...func(*backup.ReindexOptions)) *backup.ReindexResult {
	p.t.Helper()
	o := backup.ReindexOptions{Time: nameTime}
	for _, f := range change {
		f(&o)
	}
	res, err := backup.Reindex(context.Background(), p.dest, o)
	if err != nil {
		p.t.Fatal(err)
	}
	return res
}

// remains are the inodes of what the run that died in the work folder has copied.
func (p *place) remains(work string) map[string]uint64 {
	p.t.Helper()
	_, copied := p.deadSet(work)
	all := map[string]uint64{}
	for _, path := range copied {
		switch path {
		case "d0/f10", "d4/other", "d1/large", "d3/another":
			continue // which name of a file is made first is a matter of timing; see TestResumeHardLinks
		}
		all[path] = inodeAt(p.t, filepath.Join(work, "tree", path))
	}
	return all
}

// remove deletes the snapshots with these names.
func (p *place) remove(names ...string) {
	p.t.Helper()
	d := p.open()
	defer func() { p.do(d.Close()) }()
	list, err := backup.PlanNamed(context.Background(), d, names)
	p.do(err)
	p.do(backup.Apply(context.Background(), d, list, 2, nil))
	sound(p.t, p.dest)
}

// repairs mends everything and compares the trees with what they were; damaged are the names whose inodes
// may be others.
func (p *place) repairs(before map[string]map[string]entry, want []string, damaged ...string) *backup.CheckResult {
	p.t.Helper()
	for _, name := range damaged {
		if name == "each.txt" { // it is not in the source any more
			p.do(os.WriteFile(p.path("copy of each"), []byte("second!!"), 0o600))
			p.backup()
			before = p.with(before)
		}
	}
	res := p.check(backup.CheckOptions{Read: readAll, Repair: true})
	want = slices.Clone(want)
	for i := range want {
		want[i] = "mended " + want[i]
	}
	p.wantSaid(res, want...)
	if res.Errors != 0 || res.Repaired != res.Damaged {
		p.t.Fatalf("%+v", res)
	}
	p.wantTrees(before, damaged...)
	p.wantSaid(p.check(backup.CheckOptions{Read: readAll}))
	return res
}

// rewrite replaces a file's bytes and keeps its time.
func (p *place) rewrite(rel, text string) {
	p.t.Helper()
	info, err := os.Lstat(p.path(rel))
	p.do(err)
	p.write(rel, text)
	p.do(os.Chtimes(p.path(rel), info.ModTime(), info.ModTime()))
}

// rewriteSet writes the change set of a dead run anew, with another session and a checkpoint after the
// first n records (none if n is 0), four records a frame.
func (p *place) rewriteSet(work, boot string, n int) {
	p.t.Helper()
	path := filepath.Join(work, "changes")
	b, err := os.ReadFile(path)
	p.do(err)
	c, err := index.NewChangeReader(bytes.NewReader(b))
	p.do(err)
	var out bytes.Buffer
	begin := *c.Begin()
	begin.Boot = boot
	w, err := index.NewChangeWriter(&out, &begin)
	p.do(err)
	for e, err := range c.All() {
		if errors.Is(err, index.ErrTruncated) {
			break
		}
		p.do(err)
		p.do(w.Add(e.Path, &e.Record))
		if w.Count() == int64(n) {
			p.do(w.Checkpoint())
		}
		if w.Count()%4 == 0 {
			p.do(w.Flush())
		}
	}
	p.do(w.Flush())
	p.do(os.WriteFile(path, out.Bytes(), 0o600))
}

func (p *place) set(seq int) string { return p.meta("changes", fmt.Sprintf("%010d", seq)) }

// snapshots are the folders that can be seen.
func (p *place) snapshots() []string {
	all, err := filepath.Glob(filepath.Join(p.dest, "[0-9s]*"))
	p.do(err)
	return all
}

// sparse makes a file of 64 MiB with one MiB of data in the middle.
func (p *place) sparse(rel string, fill byte) {
	p.t.Helper()
	f, err := os.Create(p.path(rel))
	p.do(err)
	data := make([]byte, 1<<20)
	for i := range data {
		data[i] = fill
	}
	_, err = f.WriteAt(data, 32<<20)
	p.do(err)
	p.do(f.Truncate(64 << 20))
	p.do(f.Close())
	p.do(os.Chtimes(p.path(rel), fixed, fixed))
	s, err := os.Stat(p.path(rel))
	if p.do(err); s.Sys().(*syscall.Stat_t).Blocks > 2<<20/512 {
		p.t.Skip("the temporary folder's file system keeps no holes")
	}
}

// tree is the folder of a snapshot.
func (p *place) tree(res *backup.Result) string { return filepath.Join(p.dest, res.Header.Name) }

// trees are the listings of all snapshots.
func (p *place) trees() map[string]map[string]entry {
	p.t.Helper()
	all := map[string]map[string]entry{}
	for i := range p.n {
		name := fmt.Sprintf("s%04d", i+1)
		all[name] = listing(p.t, filepath.Join(p.dest, name))
	}
	return all
}

func (p *place) try(change ...func(*backup.Options)) (*backup.Result, *recorder, error) {
	p.t.Helper()
	ctx := context.Background()
	rec := &recorder{map[string]index.Record{}, map[string]index.Record{}}
	p.n++
	o := backup.Options{
		Source: p.src, Start: settled(), Report: rec,
		Name: func(time.Time) string { return fmt.Sprintf("s%04d", p.n) },
	}
	for _, f := range change {
		f(&o)
	}
	d, err := backup.Open(ctx, p.dest, backup.OpenOptions{Create: true, ReadOnly: o.DryRun})
	if err != nil {
		return nil, rec, err
	}
	defer func() { p.do(d.Close()) }()
	res, err := backup.Run(ctx, d, o)
	return res, rec, err
}

// wantExactly makes sure that a check named every path that differs between two states of the trees, in
// each snapshot, and no other.
func (p *place) wantExactly(res *backup.CheckResult, before, after map[string]map[string]entry) {
	p.t.Helper()
	want := map[string]bool{}
	for snap := range before {
		for path, e := range before[snap] {
			if n, there := after[snap][path]; !there || !without(e).same(without(n)) {
				want[snap+"/"+path] = true
			}
		}
		for path := range after[snap] {
			if _, there := before[snap][path]; !there {
				want[snap+"/"+path] = true
			}
		}
	}
	got := map[string]bool{}
	for _, f := range res.Findings {
		for _, snap := range f.Snapshots {
			got[snap+"/"+f.Path] = true
			if f.What == backup.FaultMissing || f.What == backup.FaultType {
				for path := range before[snap] {
					if strings.HasPrefix(path, f.Path+"/") {
						got[snap+"/"+path] = true
					}
				}
			}
		}
	}
	var wrong []string
	for at := range want {
		snap, path, _ := strings.Cut(at, "/")
		if folder := before[snap][path].mode.IsDir() && after[snap][path].mode.IsDir(); !got[at] && !folder {
			wrong = append(wrong, "not told: "+at)
		}
	}
	for at := range got {
		if !want[at] {
			wrong = append(wrong, "told for nothing: "+at)
		}
	}
	slices.Sort(wrong)
	if len(wrong) > 0 {
		p.t.Fatalf("%d wrong:\n%s", len(wrong), strings.Join(wrong[:min(len(wrong), 20)], "\n"))
	}
}

func (p *place) wantFrom(res *backup.CheckResult, path, part string) {
	p.t.Helper()
	if got := froms(res)[path]; !strings.Contains(got, part) {
		p.t.Fatalf("%s: %q, want %q", path, got, part)
	}
}

// wantLinked checks that the paths of the newest tree are the inodes that they are in an older one.
func (p *place) wantLinked(older, newer *backup.Result, paths ...string) {
	p.t.Helper()
	for _, path := range paths {
		a, err := os.Lstat(filepath.Join(p.tree(older), path))
		p.do(err)
		b, err := os.Lstat(filepath.Join(p.tree(newer), path))
		p.do(err)
		if !os.SameFile(a, b) {
			p.t.Errorf("%s is not linked to snapshot %s", path, older.Header.Name)
		}
	}
}

// wantLinks compares which files with several names are one inode: as a restore is told, and in the tree.
func (p *place) wantLinks(ctx context.Context, d *backup.Destination, h *index.Header, what string, inTree func(path string) uint64) {
	p.t.Helper()
	told, has := map[uint64]index.Inode{}, map[index.Inode]uint64{}
	for e, err := range d.DB.LinkedEntries(ctx, h.Seq, "") {
		p.do(err)
		if e.Kind == file.Folder || e.Nlink < 2 {
			continue
		}
		in := inTree(e.Path)
		if in == 0 {
			continue // damage took it
		}
		if i, ok := told[in]; ok && i != e.Inode {
			p.t.Fatalf("%s: %q in %d is told of another inode than a name that it shares one with", what, e.Path, h.Seq)
		}
		if i, ok := has[e.Inode]; ok && i != in {
			p.t.Fatalf("%s: %q in %d is told of the inode of another file", what, e.Path, h.Seq)
		}
		told[in], has[e.Inode] = e.Inode, in
	}
}

// wantNames compares the names that the index knows of every file's inode with those in the trees. It returns how
// often an inode had more names than there are snapshots.
func (p *place) wantNames(ctx context.Context, d *backup.Destination, what string) (several int) {
	p.t.Helper()
	p.do(d.DB.Hold(ctx))
	defer func() { p.do(d.DB.Release()) }()
	heads, err := d.DB.Snapshots(ctx)
	p.do(err)
	names, inodes := namesInTrees(p.t, p.dest, heads)
	for _, h := range heads {
		p.wantLinks(ctx, d, &h, what, func(path string) uint64 { return inodes[fmt.Sprintf("%d %q", h.Seq, path)] })
		for e, err := range d.DB.Entries(ctx, h.Seq, "") {
			p.do(err)
			var got []string
			all, err := d.DB.Names(ctx, h.Seq, e.Path)
			p.do(err)
			for _, s := range all {
				for _, o := range heads {
					if s.First <= o.Seq && o.Seq <= s.Last {
						got = append(got, fmt.Sprintf("%d %q", o.Seq, s.Path))
					}
				}
			}
			want := names[inodes[fmt.Sprintf("%d %q", h.Seq, e.Path)]]
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				p.t.Fatalf("%s: %q in %d\n the index says %q\nthe trees hold %q", what, e.Path, h.Seq, got, want)
			}
			if len(got) > len(heads) {
				several++
			}
		}
	}
	return several
}

// wantResumed checks that the snapshot is the source, that it has the inodes of all that was there to go
// on from and says so, and that nothing of that is left.
func (p *place) wantResumed(res *backup.Result, dead map[string]uint64) {
	p.t.Helper()
	p.wantSame(res)
	for path, ino := range dead {
		if got := inodeAt(p.t, filepath.Join(p.tree(res), path)); got != ino {
			p.t.Errorf("%s was not taken over: inode %d, want %d", path, got, ino)
		}
	}
	if n := int64(len(dead)); res.Resumed.Files < n || res.Resumed.Files > n+2 {
		p.t.Errorf("%d files were taken over, want %d and up to two with several names", res.Resumed.Files, n)
	}
	if left := p.works(); len(left) > 0 {
		p.t.Errorf("left behind: %v", left)
	}
}

func (p *place) wantSaid(res *backup.CheckResult, want ...string) {
	p.t.Helper()
	slices.Sort(want)
	if got := said(res); !slices.Equal(got, want) {
		for _, f := range res.Findings {
			p.t.Logf("%+v", f)
		}
		p.t.Fatalf("the check says\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// wantSame checks that a snapshot is the source.
func (p *place) wantSame(res *backup.Result) {
	p.t.Helper()
	if d := difference(listing(p.t, p.src), listing(p.t, p.tree(res))); d != "" {
		p.t.Fatalf("snapshot %s is not the source:\n%s", res.Header.Name, d)
	}
}

// wantStuck makes a backup, and a deletion before it has left something in the trash or not.
func (p *place) wantStuck(stuck bool) {
	p.t.Helper()
	res, _ := p.backup(force)
	p.wantSame(res)
	d := p.open()
	if (d.Stuck != nil) != stuck {
		p.t.Errorf("stuck: %v", d.Stuck)
	}
	p.do(d.Close())
	if left, _ := os.ReadDir(p.meta("trash")); (len(left) > 0) != stuck {
		p.t.Errorf("in the trash: %v", left)
	}
	if found := said(p.check(backup.CheckOptions{})); len(found) > 0 {
		p.t.Errorf("%q", found)
	}
}

func (p *place) wantTrees(before map[string]map[string]entry, damaged ...string) {
	p.t.Helper()
	now := p.trees()
	for name, tree := range before {
		if diff := difference(tree, now[name]); diff != "" {
			p.t.Fatalf("%s is not what it was:\n%s", name, diff)
		}
		for path, e := range tree {
			if !slices.Contains(damaged, path) && now[name][path].ino != e.ino {
				p.t.Fatalf("%s/%s is another inode, although nothing was wrong with it", name, path)
			}
		}
	}
	left, err := os.ReadDir(filepath.Join(p.dest, ".snap", "tmp"))
	if err != nil || len(left) > 0 {
		p.t.Fatalf("left behind: %v %v", left, err)
	}
}

// wantUsage checks what the index says of the inodes against the trees.
func (p *place) wantUsage(what string) {
	p.t.Helper()
	p.inDestination(func(ctx context.Context, d *backup.Destination) {
		heads, err := d.DB.Snapshots(ctx)
		p.do(err)
		u, err := d.DB.Usage(ctx)
		p.do(err)
		trees := usageOfTrees(p.t, p.dest, heads)
		if diff := differentUsage(trees, u); diff != "" {
			p.t.Fatalf("%s:\n%s", what, diff)
		}
		for one := range heads { // that one goes, that one stays, and every second stays
			for _, stays := range []func(int) bool{func(i int) bool { return i != one }, func(i int) bool { return i == one }, func(i int) bool { return (i^one)&1 == 0 }} {
				var stay []uint64
				for i := range heads {
					if stays(i) {
						stay = append(stay, heads[i].Seq)
					}
				}
				free, err := d.DB.Freeable(ctx, stay)
				p.do(err)
				want := maps.Clone(trees)
				maps.DeleteFunc(want, func(s index.Span, _ index.Amount) bool {
					return slices.ContainsFunc(stay, s.Holds)
				})
				if diff := differentUsage(want, free); diff != "" {
					p.t.Fatalf("%s, and %v stay:\n%s", what, stay, diff)
				}
			}
		}
	})
}

// with is before with the snapshot made since.
func (p *place) with(before map[string]map[string]entry) map[string]map[string]entry {
	for name, tree := range p.trees() {
		if before[name] == nil {
			before[name] = tree
		}
	}
	return before
}

// works are the work folders that are there.
func (p *place) works() []string {
	p.t.Helper()
	all, err := filepath.Glob(filepath.Join(p.dest, ".snap/tmp/*"))
	p.do(err)
	return all
}

func (p *place) write(rel, text string) {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(p.path(rel)), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(p.path(rel), []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// difference says where two listings differ, "" if nowhere.
func difference(a, b map[string]entry) string {
	var out []string
	for p, x := range a {
		if y, ok := b[p]; !ok {
			out = append(out, fmt.Sprintf("only in the first: %q", p))
		} else if !x.same(y) {
			out = append(out, fmt.Sprintf("%q: %+v, %+v", p, x, y))
		}
	}
	for p := range b {
		if _, ok := a[p]; !ok {
			out = append(out, fmt.Sprintf("only in the second: %q", p))
		}
	}
	slices.Sort(out)
	return strings.Join(out[:min(len(out), 10)], "\n")
}

// empty accepts a source that the mutations left nothing in.
func empty(o *backup.Options) { o.AllowEmptySource = true }

// entry is what a test knows of one path, read by means that snap does not use.
type entry struct {
	mode   fs.FileMode
	uid    uint32
	gid    uint32
	mtime  time.Time
	size   int64
	sum    [32]byte
	target string
	ino    uint64
	links  string // the other names of the inode in the tree, joined
}

// same compares everything but inode numbers.
func (e entry) same(o entry) bool {
	e.ino, o.ino = 0, 0
	return e == o
}

// fill leaves not a byte free.
func fill(t *testing.T, dir string) {
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

func force(o *backup.Options) { o.Force = true }

// image makes a file system of the type in a file and mounts it.
func image(t *testing.T, kind, size string, options ...string) (mnt, img string) {
	t.Helper()
	needRoot(t)
	mkfs, err := exec.LookPath("mkfs." + kind)
	if err != nil {
		t.Skipf("mkfs.%s is missing", kind)
	}
	img, mnt = filepath.Join(t.TempDir(), "img"), t.TempDir()
	must(t, "truncate", "-s", size, img)
	must(t, mkfs, append(options, "-q", img)...)
	mount(t, img, mnt)
	return mnt, img
}

// listing reads a tree. The root's own entry is left out.
func listing(t testing.TB, root string) map[string]entry {
	t.Helper()
	all := map[string]entry{}
	names := map[uint64][]string{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if p == root {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		st := info.Sys().(*syscall.Stat_t)
		e := entry{mode: info.Mode(), uid: st.Uid, gid: st.Gid, mtime: info.ModTime(), ino: st.Ino}
		rel, _ := filepath.Rel(root, p)
		switch {
		case info.Mode().IsRegular():
			b, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			e.size, e.sum = info.Size(), sha256.Sum256(b)
		case info.Mode()&fs.ModeSymlink != 0:
			if e.target, err = os.Readlink(p); err != nil {
				return err
			}
		}
		if !info.IsDir() {
			names[st.Ino] = append(names[st.Ino], rel)
		}
		all[rel] = e
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for p, e := range all {
		if n := names[e.ino]; len(n) > 1 {
			e.links = strings.Join(n, "\n")
			all[p] = e
		}
	}
	return all
}

func moved(o *backup.Options) { o.SourceMoved = true }

func must(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// mutations are the ways. Each names itself, so that a run can say what it tried.
var mutations = []struct {
	name string
	do   func(m *mutator)
}{
	{"create", func(m *mutator) { os.WriteFile(m.free(), m.text(), 0o644) }},
	{"create with an old time", func(m *mutator) {
		p := m.free()
		os.WriteFile(p, m.text(), 0o644)
		os.Chtimes(p, m.old, m.old)
	}},
	{"mkdir", func(m *mutator) { os.Mkdir(m.free(), 0o755) }},
	{"symlink", func(m *mutator) { os.Symlink([]string{"a", "../b", "/nowhere"}[m.r.IntN(3)], m.free()) }},
	{"rewrite", func(m *mutator) {
		if p := m.pick(m.paths(false)); m.file(p) {
			os.WriteFile(p, m.text(), 0o644)
		}
	}},
	{"rewrite, same size and time", func(m *mutator) {
		p := m.pick(m.paths(false))
		if !m.file(p) {
			return
		}
		i, _ := os.Lstat(p)
		b, _ := os.ReadFile(p)
		if len(b) > 0 {
			b[m.r.IntN(len(b))] ^= 1
		}
		os.WriteFile(p, b, 0)
		os.Chtimes(p, i.ModTime(), i.ModTime())
	}},
	{"replace, same size and time", func(m *mutator) {
		p := m.pick(m.paths(false))
		if !m.file(p) {
			return
		}
		i, _ := os.Lstat(p)
		b, _ := os.ReadFile(p)
		if len(b) > 0 {
			b[0] ^= 1
		}
		os.Remove(p)
		os.WriteFile(p, b, 0o644)
		os.Chtimes(p, i.ModTime(), i.ModTime())
	}},
	{"replace by an equal copy", func(m *mutator) {
		p := m.pick(m.paths(false))
		if !m.file(p) {
			return
		}
		i, _ := os.Lstat(p)
		b, _ := os.ReadFile(p)
		os.WriteFile(p+"~", b, i.Mode().Perm())
		os.Chtimes(p+"~", i.ModTime(), i.ModTime())
		os.Rename(p+"~", p)
	}},
	{"copy with its time", func(m *mutator) {
		p, q := m.pick(m.paths(false)), m.free()
		if !m.file(p) {
			return
		}
		i, _ := os.Lstat(p)
		b, _ := os.ReadFile(p)
		os.WriteFile(q, b, i.Mode().Perm())
		os.Chtimes(q, i.ModTime(), i.ModTime())
	}},
	{"append", func(m *mutator) {
		if p := m.pick(m.paths(false)); m.file(p) {
			f, err := os.OpenFile(p, os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				f.WriteString("x")
				f.Close()
			}
		}
	}},
	{"touch", func(m *mutator) {
		if p := m.pick(m.paths(false)); m.file(p) {
			t := m.old.Add(time.Duration(m.r.IntN(1e9)))
			os.Chtimes(p, t, t)
		}
	}},
	{"chmod", func(m *mutator) {
		if p := m.pick(m.paths(m.r.IntN(2) == 0)); p != "" && (m.file(p) || isDir(p)) {
			mode := []os.FileMode{0o644, 0o600, 0o755, 0o700}[m.r.IntN(4)]
			if isDir(p) && os.Geteuid() != 0 {
				mode |= 0o100 // else what is in it is out of reach for the test
			}
			os.Chmod(p, mode)
		}
	}},
	{"remove", func(m *mutator) { os.Remove(m.pick(m.paths(false))) }},
	{"remove a folder", func(m *mutator) {
		if d := m.pick(m.paths(true)); d != "" && m.r.IntN(3) == 0 {
			os.RemoveAll(d)
		}
	}},
	{"rename", func(m *mutator) { os.Rename(m.pick(m.paths(false)), m.free()) }},
	{"rename over", func(m *mutator) { os.Rename(m.pick(m.paths(false)), m.pick(m.paths(false))) }},
	{"rename a folder", func(m *mutator) { os.Rename(m.pick(m.paths(true)), m.free()) }},
	{"rename and edit", func(m *mutator) {
		p, q := m.pick(m.paths(false)), m.free()
		if m.file(p) && os.Rename(p, q) == nil {
			os.WriteFile(q, m.text(), 0o644)
		}
	}},
	{"rotate", func(m *mutator) { // what logrotate does
		dir := m.dir()
		for i := 4; i > 0; i-- {
			os.Rename(filepath.Join(dir, fmt.Sprint("log.", i)), filepath.Join(dir, fmt.Sprint("log.", i+1)))
		}
		os.WriteFile(filepath.Join(dir, "log.1"), m.text(), 0o644)
	}},
	{"swap", func(m *mutator) {
		p, q := m.pick(m.paths(false)), m.pick(m.paths(false))
		if p == "" || p == q {
			return
		}
		os.Rename(p, p+"~")
		os.Rename(q, p)
		os.Rename(p+"~", q)
	}},
	{"hard link", func(m *mutator) { os.Link(m.pick(m.paths(false)), m.free()) }},
	{"break a hard link", func(m *mutator) {
		p := m.pick(m.paths(false))
		if !m.file(p) {
			return
		}
		i, _ := os.Lstat(p)
		b, _ := os.ReadFile(p)
		os.Remove(p)
		os.WriteFile(p, b, i.Mode().Perm())
		os.Chmod(p, i.Mode().Perm())
		os.Chtimes(p, i.ModTime(), i.ModTime())
	}},
	{"file to folder", func(m *mutator) {
		if p := m.pick(m.paths(false)); p != "" && os.Remove(p) == nil {
			os.Mkdir(p, 0o755)
		}
	}},
	{"file to link", func(m *mutator) {
		if p := m.pick(m.paths(false)); p != "" && os.Remove(p) == nil {
			os.Symlink("a", p)
		}
	}},
	{"take away for a while", (*mutator).takeAway},
	{"move and leave a copy", func(m *mutator) {
		p, q := m.pick(m.paths(false)), m.free()
		if !m.file(p) {
			return
		}
		i, _ := os.Lstat(p)
		b, _ := os.ReadFile(p)
		if os.Rename(p, q) == nil {
			os.WriteFile(p, b, i.Mode().Perm())
			os.Chtimes(p, i.ModTime(), i.ModTime())
		}
	}},
}

// mutator changes a source tree at random, in every way that people and programs do.
type mutator struct {
	p   *place
	r   *rand.Rand
	old time.Time
	did map[string]int

	away string // where in the source what is beside it now was, "" if nothing is
}

func (m *mutator) paths(dirs bool) []string {
	var all []string
	filepath.WalkDir(m.p.src, func(p string, d os.DirEntry, err error) error {
		if err == nil && p != m.p.src && d.IsDir() == dirs {
			all = append(all, p)
		}
		return nil
	})
	sort.Strings(all)
	return all
}

func (m *mutator) pick(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[m.r.IntN(len(all))]
}

// takeAway moves something out of the source, or back what was taken away last.
func (m *mutator) takeAway() {
	beside := m.p.src + "-away"
	if m.away != "" {
		if _, err := os.Lstat(m.away); err != nil {
			os.Rename(beside, m.away)
		}
		os.RemoveAll(beside)
		m.away = ""
	} else if p := m.pick(m.paths(m.r.IntN(2) == 0)); p != "" && os.Rename(p, beside) == nil {
		m.away = p
	}
}

// tampering is what happens to the newest tree behind snap's back. What is altered in place is altered under
// every name; what is replaced or removed is copied afresh by the next backup.
func (m *mutator) tamper(tree string) string {
	var files []string
	filepath.WalkDir(tree, func(p string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, p)
		}
		return nil
	})
	p := m.pick(files)
	if p == "" {
		return "nothing tampered with"
	}
	os.Chtimes(p, m.old, m.old.Add(time.Second))
	return "tampered with " + p
}

// needRoot skips a test that mounts.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("mounting needs root")
	}
}

func newUsers(t *testing.T) *users {
	needRoot(t)
	u := &users{t, t.TempDir(), 65534}
	for dir := u.dir; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		u.do(os.Chmod(dir, 0o755))
	}
	must(t, "cp", harness.Snap(t), filepath.Join(u.dir, "snap"))
	must(t, "mkdir", u.path("s"), u.path("d"), u.path("home-of-root")) // else the tests' list of destinations is the real root's
	must(t, "chown", "65534:65534", u.dir, u.path("s"), u.path("d"))
	return u
}

// oddfs mounts a view of real that misbehaves as args say.
func oddfs(t *testing.T, real string, args ...string) string {
	t.Helper()
	return oddfsAt(t, t.TempDir(), real, args...)
}

// openUp lets the owner remove everything below dir.
func openUp(dir string) {
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, _ error) error {
		if d != nil && d.IsDir() {
			os.Chmod(path, 0o700)
		}
		return nil
	})
}

var readAll = backup.Subset{All: true}

// recorder keeps what a run reports.
type recorder struct {
	changes map[string]index.Record
	kept    map[string]index.Record
}

// said is what a check found, a line a finding: "content a.txt s0001 s0002".
func said(res *backup.CheckResult) []string {
	var all []string
	for _, f := range res.Findings {
		line := fmt.Sprintf("%s %s %s", f.What, f.Path, strings.Join(f.Snapshots, " "))
		if f.Below > 0 {
			line += fmt.Sprintf(" +%d", f.Below)
		}
		if f.Repaired {
			line = "mended " + line
		}
		all = append(all, line)
	}
	slices.Sort(all)
	return all
}

// sound makes sure that the index contradicts neither itself nor the change sets.
func sound(t testing.TB, dest string) {
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

// three makes three snapshots: same.txt is one inode in all of them, each.txt another in each; old.txt is
// in the first two, and then elsewhere.
func three(t testing.TB) *place {
	p := newPlace(t)
	p.write("same.txt", "the same")
	p.write("each.txt", "first!!!")
	p.write("docs/deep/in.txt", "inside")
	p.write("docs/deep/in2.txt", "inside too")
	p.write("docs/old.txt", "moves away")
	p.write("docs/keep.txt", "stays with it")
	p.do(os.Symlink("same.txt", p.path("link")))
	p.do(syscall.Mkfifo(p.path("fifo"), 0o640))
	p.do(os.Link(p.path("docs/keep.txt"), p.path("docs/keep2.txt")))
	for i, text := range []string{"first!!!", "second!!", "third!!!"} {
		p.write("each.txt", text)
		if i == 2 {
			p.do(os.Rename(p.path("docs/old.txt"), p.path("new.txt")))
		}
		p.backup(force)
	}
	return p
}

// untold are the problems of a run that are no notes, by their paths.
func untold(res *backup.Result) (paths []string) {
	for _, p := range res.Problems {
		if !p.Note {
			paths = append(paths, p.Path)
		}
	}
	slices.Sort(paths)
	return paths
}

// usageOfTrees finds out from the trees themselves which snapshots hold each inode of a regular file.
func usageOfTrees(t testing.TB, dest string, heads []index.Header) index.Usage {
	t.Helper()
	type life struct {
		size int64
		in   map[uint64]bool
	}
	all := map[uint64]*life{}
	var seqs []uint64
	for _, h := range heads {
		seqs = append(seqs, h.Seq)
		err := filepath.WalkDir(filepath.Join(dest, h.Name), func(_ string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			s := info.Sys().(*syscall.Stat_t)
			l := all[s.Ino]
			if l == nil {
				l = &life{info.Size(), map[uint64]bool{}}
				if holes := s.Size - s.Blocks*512; holes >= 1<<20 { // else it is small, and its blocks may lie in its inode
					l.size -= holes
				}
				all[s.Ino] = l
			}
			l.in[h.Seq] = true
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	u := index.Usage{}
	for _, l := range all {
		span, _ := index.SpanOf(seqs, func(seq uint64) bool { return l.in[seq] })
		a := u[span]
		a.Add(index.Amount{Inodes: 1, Bytes: l.size})
		u[span] = a
	}
	return u
}

func (u *users) path(name string) string { return filepath.Join(u.dir, name) }

// run runs snap in the folder, as the user or as root, and answers what it says.
func (u *users) run(root bool, code int, args ...string) string {
	u.Helper()
	return u.command(root, code, exec.Command(u.path("snap"), args...))
}

// wantSeen compares what the index says with what it said, as far as trees can tell. The top folder of a
// snapshot is for its owner alone: that of the source is not in it.
func wantSeen(t testing.TB, what string, before, after []map[string]index.Record) {
	t.Helper()
	if len(before) != len(after) {
		t.Fatalf("%s: %d snapshots, want %d", what, len(after), len(before))
	}
	for i := range before {
		delete(before[i], "")
		delete(after[i], "")
		if a, b := slices.Sorted(maps.Keys(before[i])), slices.Sorted(maps.Keys(after[i])); !slices.Equal(a, b) {
			t.Fatalf("%s: snapshot %d holds %q, want %q", what, i, b, a)
		}
		type inode struct {
			volume uint32
			ino    uint64
		}
		names := map[inode]uint32{}
		for _, r := range before[i] {
			names[inode{r.Volume, r.Ino}]++
		}
		for path, r := range before[i] {
			got := after[i][path]
			if n := names[inode{r.Volume, r.Ino}]; r.Kind != file.Folder { // a name outside of the source is in no tree
				got.Nlink, r.Nlink = min(got.Nlink, n), min(r.Nlink, n)
			}
			if seen(got) != seen(r) {
				t.Fatalf("%s: snapshot %d: %q is %s, want %s", what, i, path, seen(got), seen(r))
			}
		}
	}
}

// dir is a folder of the source, the source itself too.
func (m *mutator) dir() string {
	return m.pick(append(m.paths(true), m.p.src))
}

func (m *mutator) file(p string) bool {
	i, err := os.Lstat(p)
	return err == nil && i.Mode().IsRegular()
}

func (m *mutator) free() string {
	for range 20 {
		p := filepath.Join(m.dir(), alphabet[m.r.IntN(len(alphabet))])
		if _, err := os.Lstat(p); err != nil {
			return p
		}
	}
	return filepath.Join(m.p.src, fmt.Sprintf("n%d", m.r.Int()))
}

func (m *mutator) text() []byte {
	b := make([]byte, []int{0, 1, 5, 5, 100, 5000, 70000}[m.r.IntN(7)])
	c := byte('a' + m.r.IntN(3))
	for i := range b {
		b[i] = c
	}
	return b
}

func (r *recorder) Entry(path string, rec *index.Record, changed bool) {
	if changed {
		r.changes[path] = *rec
	} else {
		r.kept[path] = *rec
	}
}

func (r *recorder) Problem(p backup.Problem) {}

func (r *recorder) Progress(backup.Progress) {}

func differentUsage(want, got index.Usage) string {
	var out []string
	for s, a := range want {
		if got[s] != a {
			out = append(out, fmt.Sprintf("%v: the trees hold %+v, the index says %+v", s, a, got[s]))
		}
	}
	for s, a := range got {
		if _, ok := want[s]; !ok {
			out = append(out, fmt.Sprintf("%v: the trees hold nothing, the index says %+v", s, a))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

var fixed = time.Unix(499162500, 0) // 1985-10-26, the time npm gives every file

// froms are what each mended path was mended from.
func froms(res *backup.CheckResult) map[string]string {
	all := map[string]string{}
	for _, f := range res.Findings {
		all[f.Path] = f.From
	}
	return all
}

func inodeAt(t testing.TB, path string) uint64 {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Ino
}

func isDir(p string) bool {
	i, err := os.Lstat(p)
	return err == nil && i.IsDir()
}

func mount(t *testing.T, img, mnt string) {
	t.Helper()
	must(t, "mount", "-o", "loop", img, mnt)
	t.Cleanup(func() { exec.Command("umount", mnt).Run() })
}

// nameTime reads the names that these tests give: s0001, s0002, …
func nameTime(name string) (time.Time, bool) {
	var n int
	_, err := fmt.Sscanf(name, "s%04d", &n)
	return time.Unix(1e9+int64(n)*3600, 0), err == nil
}

// namesInTrees are the names of each inode that is no folder's in the trees, as snapshot and path, and the inode of
// each name.
func namesInTrees(t testing.TB, dest string, heads []index.Header) (names map[uint64][]string, inodes map[string]uint64) {
	t.Helper()
	names, inodes = map[uint64][]string{}, map[string]uint64{}
	for _, h := range heads {
		top := filepath.Join(dest, h.Name)
		err := filepath.WalkDir(top, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(top, p)
			name, ino := fmt.Sprintf("%d %q", h.Seq, rel), info.Sys().(*syscall.Stat_t).Ino
			names[ino], inodes[name] = append(names[ino], name), ino
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return names, inodes
}

// oddfsAt is oddfs mounted at mnt.
func oddfsAt(t *testing.T, mnt, real string, args ...string) string {
	t.Helper()
	needRoot(t)
	if _, err := os.Stat("/dev/fuse"); err != nil {
		t.Skip("no /dev/fuse")
	}
	cmd := exec.Command(harness.Tool(t, "oddfs"), append(args, real, mnt)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		exec.Command("umount", "-l", mnt).Run()
		cmd.Process.Kill() // it would not end while another mount namespace has a copy of the mount
		cmd.Wait()
	})
	for range 200 {
		b, err := os.ReadFile("/proc/self/mounts")
		if err == nil && strings.Contains(string(b), " "+mnt+" ") {
			return mnt
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("oddfs did not mount")
	return ""
}

// seen is what a tree can tell of a record.
func seen(r index.Record) string {
	if r.Kind == file.Folder {
		return fmt.Sprint(r.Kind, r.Mode, r.UID, r.GID, r.Mtime)
	}
	return fmt.Sprint(r.Kind, r.Mode, r.UID, r.GID, r.Nlink, r.Size, r.Mtime, r.Target, r.Rdev, r.Xattrs)
}

// start lies so far ahead that nothing a test just wrote counts as racy.
func settled() time.Time { return time.Now().Add(time.Hour) }

// stopper interrupts a run when it tells of the n-th entry.
type stopper struct {
	recorder
	left int
	stop context.CancelFunc
}

var theHit = regexp.MustCompile(`faultrun: total=\d+ hit=[a-mo-z]`)

// users is a folder with a source s and a destination d of an ordinary user's, where he and root run snap.
type users struct {
	*testing.T
	dir string
	uid uint32
}

func (u *users) command(root bool, code int, c *exec.Cmd) string {
	u.Helper()
	args, home := c.Args, u.path("home-of-root")
	if !root {
		home = u.path("home")
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: u.uid, Gid: u.uid}}
	}
	c.Dir, c.Env = u.dir, append(os.Environ(), "HOME="+home, "XDG_STATE_HOME="+home)
	out, err := c.CombinedOutput()
	if c.ProcessState == nil || c.ProcessState.ExitCode() != code {
		u.Fatalf("%q: %v\n%s", args, err, out)
	}
	return string(out)
}

func (u *users) do(err error) {
	u.Helper()
	if err != nil {
		u.Fatal(err)
	}
}

// within reports whether path is one of paths, or below one.
func within(path string, paths []string) bool {
	return slices.ContainsFunc(paths, func(dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") })
}

// without is an entry without the names that share its inode.
func without(e entry) entry {
	e.links = ""
	return e
}

func (s *stopper) Entry(path string, rec *index.Record, changed bool) {
	if s.left--; s.left == 0 {
		s.stop()
	}
	s.recorder.Entry(path, rec, changed)
}

// owner is who owns a file of a snapshot, and its inode number.
func (u *users) owner(name string) (uid uint32, ino uint64) {
	u.Helper()
	s, err := os.Lstat(u.path(name))
	u.do(err)
	stat := s.Sys().(*syscall.Stat_t)
	return stat.Uid, stat.Ino
}

var alphabet = []string{"a", "b", "b.txt", "c-d", "c", "A", "ü", " x", "\x01y", "z\xff"}
