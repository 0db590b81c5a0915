package backuptest

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
	"sort"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"snap/backup"
	"snap/destination"
	"snap/destination/check"
	"snap/destination/reindex"
	"snap/destination/retention"
	"snap/index"
	"snap/internal/file"
	"snap/internal/harness"
	"snap/internal/progress"
)

// place is a source and a destination for one test.
type Place struct {
	T    testing.TB
	Src  string
	Dest string
	N    int
}

func NewPlace(t testing.TB) *Place {
	dir := t.TempDir()
	t.Cleanup(func() { openUp(dir) })
	p := &Place{T: t, Src: filepath.Join(dir, "src"), Dest: filepath.Join(dir, "dest")}
	for _, d := range []string{p.Src, p.Dest} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// answers are what the index says of the snapshots with these names: listings and differences of all pairs.
func (p *Place) Answers(names []string) map[string]string {
	p.T.Helper()
	ctx := context.Background()
	db, err := index.Open(index.Path(p.Dest))
	p.Do(err)
	all, err := db.Snapshots(ctx)
	p.Do(err)
	said := map[string]string{}
	for _, a := range all {
		if !slices.Contains(names, a.Name) {
			continue
		}
		for e, err := range db.Entries(ctx, a.Seq, "") {
			p.Do(err)
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
				p.Do(err)
				said["diff "+a.Name+" "+b.Name+" "+d.Path] = d.Change.String() + " " + d.From
			}
		}
	}
	return said
}

// at runs the program with a fault before its n-th call among only, and reports whether there was one.
func (p *Place) At(t *testing.T, n int, only string, fault []string, args ...string) (hit bool, out string) {
	t.Helper()
	all := append([]string{harness.Tool(t, "faultrun"), "-only", only, "-at", strconv.Itoa(n)}, fault...)
	b, _ := p.Command(append(append(all, "--", harness.Snap(t)), args...)...).CombinedOutput()
	if strings.Contains(string(b), "goroutine ") {
		t.Fatalf("a panic at call %d of %s:\n%s", n, only, b)
	}
	return theHit.Match(b), string(b)
}

// backup runs one backup; change adjusts its options.
func (p *Place) Backup(change ...func(*backup.Options)) (*backup.Result, *Recorder) {
	p.T.Helper()
	res, rec, err := p.Try(change...)
	if err != nil {
		p.T.Fatal(err)
	}
	if !p.T.Failed() {
		Sound(p.T, p.Dest)
	}
	return res, rec
}

// check runs a check of the place's destination.
func (p *Place) Check(o check.Options) *check.Result {
	p.T.Helper()
	res, err := check.Run(context.Background(), p.Dest, o)
	if err != nil {
		p.T.Fatal(err)
	}
	return res
}

// command is the program in an environment of its own.
func (p *Place) Command(args ...string) *exec.Cmd {
	p.T.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+filepath.Join(filepath.Dir(p.Src), "state"))
	return cmd
}

// copyOf is a copy of a tree with its times.
func (p *Place) CopyOf(dir string) string {
	to := filepath.Join(p.T.TempDir(), "copy")
	Must(p.T.(*testing.T), "cp", "-a", dir, to)
	return to
}

// dated makes a snapshot of the time in its name.
func (p *Place) Dated(change ...func(*backup.Options)) (*backup.Result, *Recorder) {
	p.T.Helper()
	return p.Backup(append(change, func(o *backup.Options) { o.Time, _ = nameTime(o.Name(time.Time{})) })...)
}

// deadSet reads the change set of a run that died: the paths of the files that it has copied, in order.
func (p *Place) DeadSet(work string) (begin *index.Header, copied []string) {
	p.T.Helper()
	b, err := os.ReadFile(filepath.Join(work, "changes"))
	p.Do(err)
	c, err := index.NewChangeReader(bytes.NewReader(b))
	p.Do(err)
	for e, err := range c.All() {
		if errors.Is(err, index.ErrTruncated) {
			break
		}
		p.Do(err)
		if e.Stored == index.Copied {
			copied = append(copied, e.Path)
		}
	}
	return c.Begin(), copied
}

// delete is remove that may fail.
func (p *Place) Delete(names ...string) error {
	p.T.Helper()
	ctx := context.Background()
	d, err := destination.Open(ctx, p.Dest, destination.Options{})
	if err != nil {
		return err
	}
	list, err := retention.PlanNamed(ctx, d, names)
	if err == nil {
		err = retention.Apply(ctx, d, list, 2, nil)
	}
	return errors.Join(err, d.Close())
}

// do fails the test on an error of preparing it.
func (p *Place) Do(err error) {
	p.T.Helper()
	if err != nil {
		p.T.Fatal(err)
	}
}

// grow makes a source of 150 entries that a run cuts into several tasks, since a large file ends one: 20
// small files and a large one in each of six folders, hard links across them, links, an empty folder.
func (p *Place) Grow() {
	p.T.Helper()
	for i := range 6 {
		for j := range 20 {
			p.Write(fmt.Sprintf("d%d/f%02d", i, j), strings.Repeat(fmt.Sprint(i), 3*j))
		}
		p.Write(fmt.Sprintf("d%d/large", i), fmt.Sprint("large ", i))
		p.Do(os.Truncate(p.Path(fmt.Sprintf("d%d/large", i)), 4<<20+int64(i)))
	}
	p.Do(os.Link(p.Path("d0/f10"), p.Path("d4/other")))
	p.Do(os.Link(p.Path("d1/large"), p.Path("d3/another")))
	p.Do(os.Symlink("f10", p.Path("d0/link")))
	p.Do(os.Mkdir(p.Path("d2/empty"), 0o750))
	p.Do(os.Chmod(p.Path("d3"), 0o500))
	p.T.Cleanup(func() { os.Chmod(p.Path("d3"), 0o700) })
}

// held are the listings of the trees of snapshots by their names.
func (p *Place) Held(names []string) map[string]map[string]Entry {
	all := map[string]map[string]Entry{}
	for _, n := range names {
		all[n] = Listing(p.T, filepath.Join(p.Dest, n))
	}
	return all
}

// in is a path in a snapshot.
func (p *Place) In(snap, path string) string { return filepath.Join(p.Dest, snap, path) }

// inDestination opens the destination for writing.
func (p *Place) InDestination(f func(ctx context.Context, d *destination.Destination)) {
	p.T.Helper()
	ctx := context.Background()
	d, err := destination.Open(ctx, p.Dest, destination.Options{})
	p.Do(err)
	f(ctx, d)
	p.Do(d.Close())
}

// inTrees is what all trees hold together.
func (p *Place) InTrees() (total index.Amount) {
	heads, _ := p.Knows()
	for _, a := range UsageOfTrees(p.T, p.Dest, heads) {
		total.Add(a)
	}
	return total
}

// interrupt runs a backup that is interrupted when it tells of the n-th entry.
func (p *Place) Interrupt(n int, change ...func(*backup.Options)) *backup.Result {
	p.T.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p.N++
	o := backup.Options{
		Source: p.Src, Start: settled(), Name: func(time.Time) string { return fmt.Sprintf("s%04d", p.N) },
		Report: &stopper{Recorder{map[string]index.Record{}, map[string]index.Record{}}, n, cancel},
	}
	for _, f := range change {
		f(&o)
	}
	d, err := destination.Open(ctx, p.Dest, destination.Options{Create: true})
	p.Do(err)
	defer func() { p.Do(d.Close()) }()
	res, err := backup.Run(ctx, d, o)
	if !errors.Is(err, context.Canceled) {
		p.T.Fatalf("interrupted at entry %d: %v", n, err)
	}
	for _, work := range p.Works() {
		if begin, _ := p.DeadSet(work); begin.Boot == "" {
			p.T.Skip("this system does not tell one mount from the next: Linux does from 6.8 on")
		}
	}
	return res
}

// knows is what the index says of every snapshot: its header, and each path in it.
func (p *Place) Knows() (heads []index.Header, all []map[string]index.Record) {
	p.T.Helper()
	ctx := context.Background()
	db, err := index.Open(index.Path(p.Dest))
	p.Do(err)
	heads, err = db.Snapshots(ctx)
	p.Do(err)
	for _, h := range heads {
		m := map[string]index.Record{}
		for e, err := range db.Entries(ctx, h.Seq, "") {
			p.Do(err)
			m[e.Path] = e.Record
		}
		all = append(all, m)
	}
	return heads, all
}

// looks are the calls of a run, counted among only, whose last element of a path is one of names.
func (p *Place) Looks(t *testing.T, only string, names []string, args ...string) (at []int) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	p.At(t, 0, only, []string{"-log", log}, args...)
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
func (p *Place) Lose(paths ...string) {
	p.T.Helper()
	for _, path := range append(paths, index.Path(p.Dest), index.Path(p.Dest)+".old") {
		p.Do(os.RemoveAll(path))
	}
}

// mapped makes the file and changes it through a mapping, before and after backups.
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

func (p *Place) Meta(name ...string) string {
	return filepath.Join(append([]string{p.Dest, ".snap"}, name...)...)
}

// namesNothing makes sure that no file of the destination's own holds one of the paths, as far as they are long enough
// to say that.
func (p *Place) NamesNothing(what string, paths []string) {
	p.T.Helper()
	p.InDestination(func(ctx context.Context, d *destination.Destination) {
		err := d.DB.Editions(ctx, func(v *index.Edition) error {
			for _, path := range []string{v.Path, v.From, v.To, v.Link} {
				if path != "" && Within(path, paths) {
					return fmt.Errorf("%s: the record of %q in %d names %q", what, v.Path, v.Seq, path)
				}
			}
			return nil
		})
		p.Do(err)
	})
}

// of makes a backup one of these sources, below p.src. One that ends in a slash is a tree by itself.
func (p *Place) Of(sources ...string) func(*backup.Options) {
	return func(o *backup.Options) {
		o.Source, o.Scan.Roots = p.Src, index.Roots(sources)
		if len(sources) == 1 && strings.HasSuffix(sources[0], "/") {
			o.Source, o.Scan.Roots = p.Path(sources[0][:len(sources[0])-1]), nil
		}
	}
}

// open opens the destination for writing.
func (p *Place) Open() *destination.Destination {
	p.T.Helper()
	d, err := destination.Open(context.Background(), p.Dest, destination.Options{})
	p.Do(err)
	return d
}

func (p *Place) Path(rel string) string { return filepath.Join(p.Src, rel) }

// purge takes paths out of the snapshots with these names.
func (p *Place) Purge(paths, names []string) {
	p.T.Helper()
	p.InDestination(func(ctx context.Context, d *destination.Destination) {
		_, err := d.Purge(ctx, p.purgeOf(ctx, d.DB, paths, names), nil)
		p.Do(err)
	})
	Sound(p.T, p.Dest)
	if found := Said(p.Check(check.Options{Read: ReadAll})); len(found) > 0 {
		p.T.Fatalf("after the purge of %q in %q: %q", paths, names, found)
	}
}

// purgeFrees is what a purge promises to free.
func (p *Place) PurgeFrees(paths, names []string) (freed index.Amount) {
	p.InDestination(func(ctx context.Context, d *destination.Destination) {
		plan, err := d.DB.Purging(ctx, p.purgeOf(ctx, d.DB, paths, names))
		p.Do(err)
		freed = plan.Freed
	})
	return freed
}

func (p *Place) purgeOf(ctx context.Context, db *index.DB, paths, names []string) *index.Purge {
	p.T.Helper()
	heads, err := db.Snapshots(ctx)
	p.Do(err)
	what := &index.Purge{Paths: paths}
	for _, h := range heads {
		if slices.Contains(names, h.Name) {
			what.Seqs = append(what.Seqs, h.Seq)
		}
	}
	return what
}

func (p *Place) Read(rel string) string {
	p.T.Helper()
	b, err := os.ReadFile(p.Path(rel))
	p.Do(err)
	return string(b)
}

// refuse checks that the next backup takes nothing over, and is right.
func (p *Place) Refuse(why string, change ...func(*backup.Options)) {
	p.T.Helper()
	res, _ := p.Backup(change...)
	p.WantSame(res)
	if res.Resumed != (destination.Amount{}) {
		p.T.Errorf("%s: %+v were taken over", why, res.Resumed)
	}
	if left := p.Works(); len(left) > 0 {
		p.T.Errorf("%s: left behind: %v", why, left)
	}
}

func (p *Place) Reindex(change ...func(*reindex.Options)) *reindex.Result {
	p.T.Helper()
	o := reindex.Options{Time: nameTime}
	for _, f := range change {
		f(&o)
	}
	res, err := reindex.Run(context.Background(), p.Dest, o)
	if err != nil {
		p.T.Fatal(err)
	}
	return res
}

// remains are the inodes of what the run that died in the work folder has copied.
func (p *Place) Remains(work string) map[string]uint64 {
	p.T.Helper()
	_, copied := p.DeadSet(work)
	all := map[string]uint64{}
	for _, path := range copied {
		switch path {
		case "d0/f10", "d4/other", "d1/large", "d3/another":
			continue // which name of a file is made first is a matter of timing; see TestResumeHardLinks
		}
		all[path] = InodeAt(p.T, filepath.Join(work, "tree", path))
	}
	return all
}

// remove deletes the snapshots with these names.
func (p *Place) Remove(names ...string) {
	p.T.Helper()
	d := p.Open()
	defer func() { p.Do(d.Close()) }()
	list, err := retention.PlanNamed(context.Background(), d, names)
	p.Do(err)
	p.Do(retention.Apply(context.Background(), d, list, 2, nil))
	Sound(p.T, p.Dest)
}

// repairs mends everything and compares the trees with what they were; damaged are the names whose inodes
// may be others.
func (p *Place) Repairs(before map[string]map[string]Entry, want []string, damaged ...string) *check.Result {
	p.T.Helper()
	for _, name := range damaged {
		if name == "each.txt" { // it is not in the source any more
			p.Do(os.WriteFile(p.Path("copy of each"), []byte("second!!"), 0o600))
			p.Backup()
			before = p.with(before)
		}
	}
	res := p.Check(check.Options{Read: ReadAll, Repair: true})
	want = slices.Clone(want)
	for i := range want {
		want[i] = "mended " + want[i]
	}
	p.WantSaid(res, want...)
	if res.Errors != 0 || res.Repaired != res.Damaged {
		p.T.Fatalf("%+v", res)
	}
	p.WantTrees(before, damaged...)
	p.WantSaid(p.Check(check.Options{Read: ReadAll}))
	return res
}

// rewrite replaces a file's bytes and keeps its time.
func (p *Place) Rewrite(rel, text string) {
	p.T.Helper()
	info, err := os.Lstat(p.Path(rel))
	p.Do(err)
	p.Write(rel, text)
	p.Do(os.Chtimes(p.Path(rel), info.ModTime(), info.ModTime()))
}

// rewriteSet writes the change set of a dead run anew, with another session and a checkpoint after the
// first n records (none if n is 0), four records a frame.
func (p *Place) RewriteSet(work, boot string, n int) {
	p.T.Helper()
	path := filepath.Join(work, "changes")
	b, err := os.ReadFile(path)
	p.Do(err)
	c, err := index.NewChangeReader(bytes.NewReader(b))
	p.Do(err)
	var out bytes.Buffer
	begin := *c.Begin()
	begin.Boot = boot
	w, err := index.NewChangeWriter(&out, &begin)
	p.Do(err)
	for e, err := range c.All() {
		if errors.Is(err, index.ErrTruncated) {
			break
		}
		p.Do(err)
		p.Do(w.Add(e.Path, &e.Record))
		if w.Count() == int64(n) {
			p.Do(w.Checkpoint())
		}
		if w.Count()%4 == 0 {
			p.Do(w.Flush())
		}
	}
	p.Do(w.Flush())
	p.Do(os.WriteFile(path, out.Bytes(), 0o600))
}

func (p *Place) Set(seq int) string { return p.Meta("changes", fmt.Sprintf("%010d", seq)) }

// snapshots are the folders that can be seen.
func (p *Place) Snapshots() []string {
	all, err := filepath.Glob(filepath.Join(p.Dest, "[0-9s]*"))
	p.Do(err)
	return all
}

// sparse makes a file of 64 MiB with one MiB of data in the middle.
func (p *Place) Sparse(rel string, fill byte) {
	p.T.Helper()
	f, err := os.Create(p.Path(rel))
	p.Do(err)
	data := make([]byte, 1<<20)
	for i := range data {
		data[i] = fill
	}
	_, err = f.WriteAt(data, 32<<20)
	p.Do(err)
	p.Do(f.Truncate(64 << 20))
	p.Do(f.Close())
	p.Do(os.Chtimes(p.Path(rel), Fixed, Fixed))
	s, err := os.Stat(p.Path(rel))
	if p.Do(err); s.Sys().(*syscall.Stat_t).Blocks > 2<<20/512 {
		p.T.Skip("the temporary folder's file system keeps no holes")
	}
}

// tree is the folder of a snapshot.
func (p *Place) Tree(res *backup.Result) string { return filepath.Join(p.Dest, res.Header.Name) }

// trees are the listings of all snapshots.
func (p *Place) Trees() map[string]map[string]Entry {
	p.T.Helper()
	all := map[string]map[string]Entry{}
	for i := range p.N {
		name := fmt.Sprintf("s%04d", i+1)
		all[name] = Listing(p.T, filepath.Join(p.Dest, name))
	}
	return all
}

func (p *Place) Try(change ...func(*backup.Options)) (*backup.Result, *Recorder, error) {
	p.T.Helper()
	ctx := context.Background()
	rec := &Recorder{map[string]index.Record{}, map[string]index.Record{}}
	p.N++
	o := backup.Options{
		Source: p.Src, Start: settled(), Report: rec,
		Name: func(time.Time) string { return fmt.Sprintf("s%04d", p.N) },
	}
	for _, f := range change {
		f(&o)
	}
	d, err := destination.Open(ctx, p.Dest, destination.Options{Create: true, ReadOnly: o.DryRun})
	if err != nil {
		return nil, rec, err
	}
	defer func() { p.Do(d.Close()) }()
	res, err := backup.Run(ctx, d, o)
	return res, rec, err
}

// wantExactly makes sure that a check named every path that differs between two states of the trees, in
// each snapshot, and no other.
func (p *Place) WantExactly(res *check.Result, before, after map[string]map[string]Entry) {
	p.T.Helper()
	want := map[string]bool{}
	for snap := range before {
		for path, e := range before[snap] {
			if n, there := after[snap][path]; !there || !Without(e).Same(Without(n)) {
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
			if f.What == check.FaultMissing || f.What == check.FaultType {
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
		if folder := before[snap][path].Mode.IsDir() && after[snap][path].Mode.IsDir(); !got[at] && !folder {
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
		p.T.Fatalf("%d wrong:\n%s", len(wrong), strings.Join(wrong[:min(len(wrong), 20)], "\n"))
	}
}

func (p *Place) WantFrom(res *check.Result, path, part string) {
	p.T.Helper()
	if got := froms(res)[path]; !strings.Contains(got, part) {
		p.T.Fatalf("%s: %q, want %q", path, got, part)
	}
}

// wantLinked checks that the paths of the newest tree are the inodes that they are in an older one.
func (p *Place) WantLinked(older, newer *backup.Result, paths ...string) {
	p.T.Helper()
	for _, path := range paths {
		a, err := os.Lstat(filepath.Join(p.Tree(older), path))
		p.Do(err)
		b, err := os.Lstat(filepath.Join(p.Tree(newer), path))
		p.Do(err)
		if !os.SameFile(a, b) {
			p.T.Errorf("%s is not linked to snapshot %s", path, older.Header.Name)
		}
	}
}

// wantLinks compares which files with several names are one inode: as a restore is told, and in the tree.
func (p *Place) wantLinks(ctx context.Context, d *destination.Destination, h *index.Header, what string, inTree func(path string) uint64) {
	p.T.Helper()
	told, has := map[uint64]index.Inode{}, map[index.Inode]uint64{}
	for e, err := range d.DB.LinkedEntries(ctx, h.Seq, "") {
		p.Do(err)
		if e.Kind == file.Folder || e.Nlink < 2 {
			continue
		}
		in := inTree(e.Path)
		if in == 0 {
			continue // damage took it
		}
		if i, ok := told[in]; ok && i != e.Inode {
			p.T.Fatalf("%s: %q in %d is told of another inode than a name that it shares one with", what, e.Path, h.Seq)
		}
		if i, ok := has[e.Inode]; ok && i != in {
			p.T.Fatalf("%s: %q in %d is told of the inode of another file", what, e.Path, h.Seq)
		}
		told[in], has[e.Inode] = e.Inode, in
	}
}

// wantNames compares the names that the index knows of every file's inode with those in the trees. It returns how
// often an inode had more names than there are snapshots.
func (p *Place) WantNames(ctx context.Context, d *destination.Destination, what string) (several int) {
	p.T.Helper()
	p.Do(d.DB.Hold(ctx))
	defer func() { p.Do(d.DB.Release()) }()
	heads, err := d.DB.Snapshots(ctx)
	p.Do(err)
	names, inodes := namesInTrees(p.T, p.Dest, heads)
	for _, h := range heads {
		p.wantLinks(ctx, d, &h, what, func(path string) uint64 { return inodes[fmt.Sprintf("%d %q", h.Seq, path)] })
		for e, err := range d.DB.Entries(ctx, h.Seq, "") {
			p.Do(err)
			var got []string
			all, err := d.DB.Names(ctx, h.Seq, e.Path)
			p.Do(err)
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
				p.T.Fatalf("%s: %q in %d\n the index says %q\nthe trees hold %q", what, e.Path, h.Seq, got, want)
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
func (p *Place) WantResumed(res *backup.Result, dead map[string]uint64) {
	p.T.Helper()
	p.WantSame(res)
	for path, ino := range dead {
		if got := InodeAt(p.T, filepath.Join(p.Tree(res), path)); got != ino {
			p.T.Errorf("%s was not taken over: inode %d, want %d", path, got, ino)
		}
	}
	if n := int64(len(dead)); res.Resumed.Files < n || res.Resumed.Files > n+2 {
		p.T.Errorf("%d files were taken over, want %d and up to two with several names", res.Resumed.Files, n)
	}
	if left := p.Works(); len(left) > 0 {
		p.T.Errorf("left behind: %v", left)
	}
}

func (p *Place) WantSaid(res *check.Result, want ...string) {
	p.T.Helper()
	slices.Sort(want)
	if got := Said(res); !slices.Equal(got, want) {
		for _, f := range res.Findings {
			p.T.Logf("%+v", f)
		}
		p.T.Fatalf("the check says\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// wantSame checks that a snapshot is the source.
func (p *Place) WantSame(res *backup.Result) {
	p.T.Helper()
	if d := Difference(Listing(p.T, p.Src), Listing(p.T, p.Tree(res))); d != "" {
		p.T.Fatalf("snapshot %s is not the source:\n%s", res.Header.Name, d)
	}
}

// wantStuck makes a backup, and a deletion before it has left something in the trash or not.
func (p *Place) WantStuck(stuck bool) {
	p.T.Helper()
	res, _ := p.Backup(Force)
	p.WantSame(res)
	d := p.Open()
	if (d.Stuck != nil) != stuck {
		p.T.Errorf("stuck: %v", d.Stuck)
	}
	p.Do(d.Close())
	if left, _ := os.ReadDir(p.Meta("trash")); (len(left) > 0) != stuck {
		p.T.Errorf("in the trash: %v", left)
	}
	if found := Said(p.Check(check.Options{})); len(found) > 0 {
		p.T.Errorf("%q", found)
	}
}

func (p *Place) WantTrees(before map[string]map[string]Entry, damaged ...string) {
	p.T.Helper()
	now := p.Trees()
	for name, tree := range before {
		if diff := Difference(tree, now[name]); diff != "" {
			p.T.Fatalf("%s is not what it was:\n%s", name, diff)
		}
		for path, e := range tree {
			if !slices.Contains(damaged, path) && now[name][path].Ino != e.Ino {
				p.T.Fatalf("%s/%s is another inode, although nothing was wrong with it", name, path)
			}
		}
	}
	left, err := os.ReadDir(filepath.Join(p.Dest, ".snap", "tmp"))
	if err != nil || len(left) > 0 {
		p.T.Fatalf("left behind: %v %v", left, err)
	}
}

// wantUsage checks what the index says of the inodes against the trees.
func (p *Place) WantUsage(what string) {
	p.T.Helper()
	p.InDestination(func(ctx context.Context, d *destination.Destination) {
		heads, err := d.DB.Snapshots(ctx)
		p.Do(err)
		u, err := d.DB.Usage(ctx)
		p.Do(err)
		trees := UsageOfTrees(p.T, p.Dest, heads)
		if diff := differentUsage(trees, u); diff != "" {
			p.T.Fatalf("%s:\n%s", what, diff)
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
				p.Do(err)
				want := maps.Clone(trees)
				maps.DeleteFunc(want, func(s index.Span, _ index.Amount) bool {
					return slices.ContainsFunc(stay, s.Holds)
				})
				if diff := differentUsage(want, free); diff != "" {
					p.T.Fatalf("%s, and %v stay:\n%s", what, stay, diff)
				}
			}
		}
	})
}

// with is before with the snapshot made since.
func (p *Place) with(before map[string]map[string]Entry) map[string]map[string]Entry {
	for name, tree := range p.Trees() {
		if before[name] == nil {
			before[name] = tree
		}
	}
	return before
}

// works are the work folders that are there.
func (p *Place) Works() []string {
	p.T.Helper()
	all, err := filepath.Glob(filepath.Join(p.Dest, ".snap/tmp/*"))
	p.Do(err)
	return all
}

func (p *Place) Write(rel, text string) {
	p.T.Helper()
	if err := os.MkdirAll(filepath.Dir(p.Path(rel)), 0o755); err != nil {
		p.T.Fatal(err)
	}
	if err := os.WriteFile(p.Path(rel), []byte(text), 0o644); err != nil {
		p.T.Fatal(err)
	}
}

// difference says where two listings differ, "" if nowhere.
func Difference(a, b map[string]Entry) string {
	var out []string
	for p, x := range a {
		if y, ok := b[p]; !ok {
			out = append(out, fmt.Sprintf("only in the first: %q", p))
		} else if !x.Same(y) {
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
func Empty(o *backup.Options) { o.AllowEmptySource = true }

// entry is what a test knows of one path, read by means that snap does not use.
type Entry struct {
	Mode   fs.FileMode
	uid    uint32
	gid    uint32
	Mtime  time.Time
	Size   int64
	Sum    [32]byte
	Target string
	Ino    uint64
	Links  string // the other names of the inode in the tree, joined
}

// same compares everything but inode numbers.
func (e Entry) Same(o Entry) bool {
	e.Ino, o.Ino = 0, 0
	return e == o
}

// fill leaves not a byte free.
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

func Force(o *backup.Options) { o.Force = true }

// image makes a file system of the type in a file and mounts it.
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

// listing reads a tree. The root's own entry is left out.
func Listing(t testing.TB, root string) map[string]Entry {
	t.Helper()
	all := map[string]Entry{}
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
		e := Entry{Mode: info.Mode(), uid: st.Uid, gid: st.Gid, Mtime: info.ModTime(), Ino: st.Ino}
		rel, _ := filepath.Rel(root, p)
		switch {
		case info.Mode().IsRegular():
			b, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			e.Size, e.Sum = info.Size(), sha256.Sum256(b)
		case info.Mode()&fs.ModeSymlink != 0:
			if e.Target, err = os.Readlink(p); err != nil {
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
		if n := names[e.Ino]; len(n) > 1 {
			e.Links = strings.Join(n, "\n")
			all[p] = e
		}
	}
	return all
}

func Moved(o *backup.Options) { o.SourceMoved = true }

func Must(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// mutations are the ways. Each names itself, so that a run can say what it tried.
var Mutations = []struct {
	Name string
	Do   func(m *Mutator)
}{
	{"create", func(m *Mutator) { os.WriteFile(m.free(), m.Text(), 0o644) }},
	{"create with an old time", func(m *Mutator) {
		p := m.free()
		os.WriteFile(p, m.Text(), 0o644)
		os.Chtimes(p, m.Old, m.Old)
	}},
	{"mkdir", func(m *Mutator) { os.Mkdir(m.free(), 0o755) }},
	{"symlink", func(m *Mutator) { os.Symlink([]string{"a", "../b", "/nowhere"}[m.R.IntN(3)], m.free()) }},
	{"rewrite", func(m *Mutator) {
		if p := m.Pick(m.Paths(false)); m.file(p) {
			os.WriteFile(p, m.Text(), 0o644)
		}
	}},
	{"rewrite, same size and time", func(m *Mutator) {
		p := m.Pick(m.Paths(false))
		if !m.file(p) {
			return
		}
		i, _ := os.Lstat(p)
		b, _ := os.ReadFile(p)
		if len(b) > 0 {
			b[m.R.IntN(len(b))] ^= 1
		}
		os.WriteFile(p, b, 0)
		os.Chtimes(p, i.ModTime(), i.ModTime())
	}},
	{"replace, same size and time", func(m *Mutator) {
		p := m.Pick(m.Paths(false))
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
	{"replace by an equal copy", func(m *Mutator) {
		p := m.Pick(m.Paths(false))
		if !m.file(p) {
			return
		}
		i, _ := os.Lstat(p)
		b, _ := os.ReadFile(p)
		os.WriteFile(p+"~", b, i.Mode().Perm())
		os.Chtimes(p+"~", i.ModTime(), i.ModTime())
		os.Rename(p+"~", p)
	}},
	{"copy with its time", func(m *Mutator) {
		p, q := m.Pick(m.Paths(false)), m.free()
		if !m.file(p) {
			return
		}
		i, _ := os.Lstat(p)
		b, _ := os.ReadFile(p)
		os.WriteFile(q, b, i.Mode().Perm())
		os.Chtimes(q, i.ModTime(), i.ModTime())
	}},
	{"append", func(m *Mutator) {
		if p := m.Pick(m.Paths(false)); m.file(p) {
			f, err := os.OpenFile(p, os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				f.WriteString("x")
				f.Close()
			}
		}
	}},
	{"touch", func(m *Mutator) {
		if p := m.Pick(m.Paths(false)); m.file(p) {
			t := m.Old.Add(time.Duration(m.R.IntN(1e9)))
			os.Chtimes(p, t, t)
		}
	}},
	{"chmod", func(m *Mutator) {
		if p := m.Pick(m.Paths(m.R.IntN(2) == 0)); p != "" && (m.file(p) || isDir(p)) {
			mode := []os.FileMode{0o644, 0o600, 0o755, 0o700}[m.R.IntN(4)]
			if isDir(p) && os.Geteuid() != 0 {
				mode |= 0o100 // else what is in it is out of reach for the test
			}
			os.Chmod(p, mode)
		}
	}},
	{"remove", func(m *Mutator) { os.Remove(m.Pick(m.Paths(false))) }},
	{"remove a folder", func(m *Mutator) {
		if d := m.Pick(m.Paths(true)); d != "" && m.R.IntN(3) == 0 {
			os.RemoveAll(d)
		}
	}},
	{"rename", func(m *Mutator) { os.Rename(m.Pick(m.Paths(false)), m.free()) }},
	{"rename over", func(m *Mutator) { os.Rename(m.Pick(m.Paths(false)), m.Pick(m.Paths(false))) }},
	{"rename a folder", func(m *Mutator) { os.Rename(m.Pick(m.Paths(true)), m.free()) }},
	{"rename and edit", func(m *Mutator) {
		p, q := m.Pick(m.Paths(false)), m.free()
		if m.file(p) && os.Rename(p, q) == nil {
			os.WriteFile(q, m.Text(), 0o644)
		}
	}},
	{"rotate", func(m *Mutator) { // what logrotate does
		dir := m.dir()
		for i := 4; i > 0; i-- {
			os.Rename(filepath.Join(dir, fmt.Sprint("log.", i)), filepath.Join(dir, fmt.Sprint("log.", i+1)))
		}
		os.WriteFile(filepath.Join(dir, "log.1"), m.Text(), 0o644)
	}},
	{"swap", func(m *Mutator) {
		p, q := m.Pick(m.Paths(false)), m.Pick(m.Paths(false))
		if p == "" || p == q {
			return
		}
		os.Rename(p, p+"~")
		os.Rename(q, p)
		os.Rename(p+"~", q)
	}},
	{"hard link", func(m *Mutator) { os.Link(m.Pick(m.Paths(false)), m.free()) }},
	{"break a hard link", func(m *Mutator) {
		p := m.Pick(m.Paths(false))
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
	{"file to folder", func(m *Mutator) {
		if p := m.Pick(m.Paths(false)); p != "" && os.Remove(p) == nil {
			os.Mkdir(p, 0o755)
		}
	}},
	{"file to link", func(m *Mutator) {
		if p := m.Pick(m.Paths(false)); p != "" && os.Remove(p) == nil {
			os.Symlink("a", p)
		}
	}},
	{"take away for a while", (*Mutator).TakeAway},
	{"move and leave a copy", func(m *Mutator) {
		p, q := m.Pick(m.Paths(false)), m.free()
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
type Mutator struct {
	P   *Place
	R   *rand.Rand
	Old time.Time
	Did map[string]int

	Away string // where in the source what is beside it now was, "" if nothing is
}

func (m *Mutator) Paths(dirs bool) []string {
	var all []string
	filepath.WalkDir(m.P.Src, func(p string, d os.DirEntry, err error) error {
		if err == nil && p != m.P.Src && d.IsDir() == dirs {
			all = append(all, p)
		}
		return nil
	})
	sort.Strings(all)
	return all
}

func (m *Mutator) Pick(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[m.R.IntN(len(all))]
}

// takeAway moves something out of the source, or back what was taken away last.
func (m *Mutator) TakeAway() {
	beside := m.P.Src + "-away"
	if m.Away != "" {
		if _, err := os.Lstat(m.Away); err != nil {
			os.Rename(beside, m.Away)
		}
		os.RemoveAll(beside)
		m.Away = ""
	} else if p := m.Pick(m.Paths(m.R.IntN(2) == 0)); p != "" && os.Rename(p, beside) == nil {
		m.Away = p
	}
}

// tampering is what happens to the newest tree behind snap's back. What is altered in place is altered under
// every name; what is replaced or removed is copied afresh by the next backup.
func (m *Mutator) Tamper(tree string) string {
	var files []string
	filepath.WalkDir(tree, func(p string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, p)
		}
		return nil
	})
	p := m.Pick(files)
	if p == "" {
		return "nothing tampered with"
	}
	os.Chtimes(p, m.Old, m.Old.Add(time.Second))
	return "tampered with " + p
}

// needRoot skips a test that mounts.
func NeedRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("mounting needs root")
	}
}

func NewUsers(t *testing.T) *users {
	NeedRoot(t)
	u := &users{t, t.TempDir(), 65534}
	for dir := u.Dir; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		u.Do(os.Chmod(dir, 0o755))
	}
	Must(t, "cp", harness.Snap(t), filepath.Join(u.Dir, "snap"))
	Must(t, "mkdir", u.Path("s"), u.Path("d"), u.Path("home-of-root")) // else the tests' list of destinations is the real root's
	Must(t, "chown", "65534:65534", u.Dir, u.Path("s"), u.Path("d"))
	return u
}

// oddfs mounts a view of real that misbehaves as args say.
func Oddfs(t *testing.T, real string, args ...string) string {
	t.Helper()
	return OddfsAt(t, t.TempDir(), real, args...)
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

var ReadAll = check.Subset{All: true}

// recorder keeps what a run reports.
type Recorder struct {
	Changes map[string]index.Record
	Kept    map[string]index.Record
}

// said is what a check found, a line a finding: "content a.txt s0001 s0002".
func Said(res *check.Result) []string {
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

// three makes three snapshots: same.txt is one inode in all of them, each.txt another in each; old.txt is
// in the first two, and then elsewhere.
func Three(t testing.TB) *Place {
	p := NewPlace(t)
	p.Write("same.txt", "the same")
	p.Write("each.txt", "first!!!")
	p.Write("docs/deep/in.txt", "inside")
	p.Write("docs/deep/in2.txt", "inside too")
	p.Write("docs/old.txt", "moves away")
	p.Write("docs/keep.txt", "stays with it")
	p.Do(os.Symlink("same.txt", p.Path("link")))
	p.Do(syscall.Mkfifo(p.Path("fifo"), 0o640))
	p.Do(os.Link(p.Path("docs/keep.txt"), p.Path("docs/keep2.txt")))
	for i, text := range []string{"first!!!", "second!!", "third!!!"} {
		p.Write("each.txt", text)
		if i == 2 {
			p.Do(os.Rename(p.Path("docs/old.txt"), p.Path("new.txt")))
		}
		p.Backup(Force)
	}
	return p
}

// untold are the problems of a run that are no notes, by their paths.
func Untold(res *backup.Result) (paths []string) {
	for _, p := range res.Problems {
		if !p.Note {
			paths = append(paths, p.Path)
		}
	}
	slices.Sort(paths)
	return paths
}

// usageOfTrees finds out from the trees themselves which snapshots hold each inode of a regular file.
func UsageOfTrees(t testing.TB, dest string, heads []index.Header) index.Usage {
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

func (u *users) Path(name string) string { return filepath.Join(u.Dir, name) }

// run runs snap in the folder, as the user or as root, and answers what it says.
func (u *users) Run(root bool, code int, args ...string) string {
	u.Helper()
	return u.command(root, code, exec.Command(u.Path("snap"), args...))
}

// wantSeen compares what the index says with what it said, as far as trees can tell. The top folder of a
// snapshot is for its owner alone: that of the source is not in it.
func WantSeen(t testing.TB, what string, before, after []map[string]index.Record) {
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
func (m *Mutator) dir() string {
	return m.Pick(append(m.Paths(true), m.P.Src))
}

func (m *Mutator) file(p string) bool {
	i, err := os.Lstat(p)
	return err == nil && i.Mode().IsRegular()
}

func (m *Mutator) free() string {
	for range 20 {
		p := filepath.Join(m.dir(), alphabet[m.R.IntN(len(alphabet))])
		if _, err := os.Lstat(p); err != nil {
			return p
		}
	}
	return filepath.Join(m.P.Src, fmt.Sprintf("n%d", m.R.Int()))
}

func (m *Mutator) Text() []byte {
	b := make([]byte, []int{0, 1, 5, 5, 100, 5000, 70000}[m.R.IntN(7)])
	c := byte('a' + m.R.IntN(3))
	for i := range b {
		b[i] = c
	}
	return b
}

func (r *Recorder) Entry(path string, rec *index.Record, changed bool) {
	if changed {
		r.Changes[path] = *rec
	} else {
		r.Kept[path] = *rec
	}
}

func (r *Recorder) Problem(p backup.Problem) {}

func (r *Recorder) Progress(progress.State) {}

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

var Fixed = time.Unix(499162500, 0) // 1985-10-26, the time npm gives every file

// froms are what each mended path was mended from.
func froms(res *check.Result) map[string]string {
	all := map[string]string{}
	for _, f := range res.Findings {
		all[f.Path] = f.From
	}
	return all
}

func InodeAt(t testing.TB, path string) uint64 {
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

func Mount(t *testing.T, img, mnt string) {
	t.Helper()
	Must(t, "mount", "-o", "loop", img, mnt)
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
func OddfsAt(t *testing.T, mnt, real string, args ...string) string {
	t.Helper()
	NeedRoot(t)
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
	Recorder
	left int
	stop context.CancelFunc
}

var theHit = regexp.MustCompile(`faultrun: total=\d+ hit=[a-mo-z]`)

// users is a folder with a source s and a destination d of an ordinary user's, where he and root run snap.
type users struct {
	*testing.T
	Dir string
	Uid uint32
}

func (u *users) command(root bool, code int, c *exec.Cmd) string {
	u.Helper()
	args, home := c.Args, u.Path("home-of-root")
	if !root {
		home = u.Path("home")
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: u.Uid, Gid: u.Uid}}
	}
	c.Dir, c.Env = u.Dir, append(os.Environ(), "HOME="+home, "XDG_STATE_HOME="+home)
	out, err := c.CombinedOutput()
	if c.ProcessState == nil || c.ProcessState.ExitCode() != code {
		u.Fatalf("%q: %v\n%s", args, err, out)
	}
	return string(out)
}

func (u *users) Do(err error) {
	u.Helper()
	if err != nil {
		u.Fatal(err)
	}
}

// within reports whether path is one of paths, or below one.
func Within(path string, paths []string) bool {
	return slices.ContainsFunc(paths, func(dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") })
}

// without is an entry without the names that share its inode.
func Without(e Entry) Entry {
	e.Links = ""
	return e
}

func (s *stopper) Entry(path string, rec *index.Record, changed bool) {
	if s.left--; s.left == 0 {
		s.stop()
	}
	s.Recorder.Entry(path, rec, changed)
}

// owner is who owns a file of a snapshot, and its inode number.
func (u *users) Owner(name string) (uid uint32, ino uint64) {
	u.Helper()
	s, err := os.Lstat(u.Path(name))
	u.Do(err)
	stat := s.Sys().(*syscall.Stat_t)
	return stat.Uid, stat.Ino
}

var alphabet = []string{"a", "b", "b.txt", "c-d", "c", "A", "ü", " x", "\x01y", "z\xff"}
