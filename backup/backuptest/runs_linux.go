package backuptest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"snap/backup"
	"snap/destination"
	"snap/destination/check"
	"snap/destination/retention"
	"snap/internal/filetest"
	"snap/internal/harness"
	"snap/internal/progress"
	"snap/record"
)

// Backup runs one backup; change adjusts its options.
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

func (p *Place) Try(change ...func(*backup.Options)) (*backup.Result, *Recorder, error) {
	p.T.Helper()
	ctx := context.Background()
	rec := &Recorder{map[string]record.Record{}, map[string]record.Record{}}
	p.N++
	o := backup.Options{
		Source: p.Src, Start: settled(), Report: rec,
		Name: func(time.Time) string { return fmt.Sprintf("s%04d", p.N) },
	}
	for _, f := range change {
		f(&o)
	}
	d, err := destination.Open(ctx, p.Dest, destination.Options{Create: true, Mode: destination.ReadOnlyIf(o.DryRun)})
	if err != nil {
		return nil, rec, err
	}
	defer func() { p.Do(d.Close()) }()
	res, err := backup.Run(ctx, d, o)
	return res, rec, err
}

// Dated makes a snapshot of the time in its name.
func (p *Place) Dated(change ...func(*backup.Options)) (*backup.Result, *Recorder) {
	p.T.Helper()
	return p.Backup(append(change, func(o *backup.Options) { o.Time, _ = nameTime(o.Name(time.Time{})) })...)
}

// Interrupt runs a backup that is interrupted when it tells of the n-th entry.
func (p *Place) Interrupt(n int, change ...func(*backup.Options)) *backup.Result {
	p.T.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p.N++
	o := backup.Options{
		Source: p.Src, Start: settled(), Name: func(time.Time) string { return fmt.Sprintf("s%04d", p.N) },
		Report: &stopper{Recorder{map[string]record.Record{}, map[string]record.Record{}}, n, cancel},
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

// Refuse checks that the next backup takes nothing over, and is right.
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

// Command is the program in an environment of its own.
func (p *Place) Command(args ...string) *exec.Cmd {
	p.T.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+filepath.Join(filepath.Dir(p.Src), "state"))
	return cmd
}

// At runs the program with a fault before its n-th call among only, and reports whether there was one.
func (p *Place) At(t *testing.T, n int, only string, fault []string, args ...string) (hit bool, out string) {
	t.Helper()
	all := append([]string{harness.Tool(t, "faultrun"), "-only", only, "-at", strconv.Itoa(n)}, fault...)
	b, _ := p.Command(append(append(all, "--", harness.Snap(t)), args...)...).CombinedOutput()
	if strings.Contains(string(b), "goroutine ") {
		t.Fatalf("a panic at call %d of %s:\n%s", n, only, b)
	}
	return theHit.Match(b), string(b)
}

// Looks are the calls of a run, counted among only, whose last element of a path is one of names.
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

// Recorder keeps what a run reports.
type Recorder struct {
	Changes map[string]record.Record
	Kept    map[string]record.Record
}

func (r *Recorder) Entry(path string, rec *record.Record, changed bool) {
	if changed {
		r.Changes[path] = *rec
	} else {
		r.Kept[path] = *rec
	}
}

func (r *Recorder) Problem(p backup.Problem) {}

func (r *Recorder) Progress(progress.State) {}

// stopper interrupts a run when it tells of the n-th entry.
type stopper struct {
	Recorder
	left int
	stop context.CancelFunc
}

func (s *stopper) Entry(path string, rec *record.Record, changed bool) {
	if s.left--; s.left == 0 {
		s.stop()
	}
	s.Recorder.Entry(path, rec, changed)
}

func Force(o *backup.Options) { o.Force = true }

// Empty accepts a source that the mutations left nothing in.
func Empty(o *backup.Options) { o.AllowEmptySource = true }

func Moved(o *backup.Options) { o.SourceMoved = true }

// Of makes a backup one of these sources, below p.src. One that ends in a slash is a tree by itself.
func (p *Place) Of(sources ...string) func(*backup.Options) {
	return func(o *backup.Options) {
		o.Source, o.Scan.Roots = p.Src, record.Roots(sources)
		if len(sources) == 1 && strings.HasSuffix(sources[0], "/") {
			o.Source, o.Scan.Roots = p.Path(sources[0][:len(sources[0])-1]), nil
		}
	}
}

// Untold are the problems of a run that are no notes, by their paths.
func Untold(res *backup.Result) (paths []string) {
	for _, p := range res.Problems {
		if !p.Note {
			paths = append(paths, p.Path)
		}
	}
	slices.Sort(paths)
	return paths
}

// DeadSet reads the change set of a run that died: the paths of the files that it has copied, in order.
func (p *Place) DeadSet(work string) (begin *record.Header, copied []string) {
	p.T.Helper()
	b, err := os.ReadFile(filepath.Join(work, "changes"))
	p.Do(err)
	c, err := record.NewChangeReader(bytes.NewReader(b))
	p.Do(err)
	for e, err := range c.All() {
		if errors.Is(err, record.ErrTruncated) {
			break
		}
		p.Do(err)
		if e.Stored == record.Copied {
			copied = append(copied, e.Path)
		}
	}
	return c.Begin(), copied
}

// Remains are the inodes of what the run that died in the work folder has copied.
func (p *Place) Remains(work string) map[string]uint64 {
	p.T.Helper()
	_, copied := p.DeadSet(work)
	all := map[string]uint64{}
	for _, path := range copied {
		switch path {
		case "d0/f10", "d4/other", "d1/large", "d3/another":
			continue // which name of a file is made first is a matter of timing; see TestResumeHardLinks
		}
		all[path] = filetest.Inode(p.T, filepath.Join(work, "tree", path))
	}
	return all
}

// RewriteSet writes the change set of an interrupted run anew, with another session and a checkpoint after the first
// n records (none if n is 0), four records a frame.
func (p *Place) RewriteSet(work, boot string, n int) {
	p.T.Helper()
	path := filepath.Join(work, "changes")
	b, err := os.ReadFile(path)
	p.Do(err)
	c, err := record.NewChangeReader(bytes.NewReader(b))
	p.Do(err)
	var out bytes.Buffer
	begin := *c.Begin()
	begin.Boot = boot
	w, err := record.NewChangeWriter(&out, &begin)
	p.Do(err)
	for e, err := range c.All() {
		if errors.Is(err, record.ErrTruncated) {
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

// WantResumed checks that the snapshot is the source, that it has the inodes of all that was there to go
// on from and says so, and that nothing of that is left.
func (p *Place) WantResumed(res *backup.Result, dead map[string]uint64) {
	p.T.Helper()
	p.WantSame(res)
	for path, ino := range dead {
		if got := filetest.Inode(p.T, filepath.Join(p.Tree(res), path)); got != ino {
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

// WantLinked checks that the paths of the newest tree are the inodes that they are in an older one.
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

// WantSame checks that a snapshot is the source.
func (p *Place) WantSame(res *backup.Result) {
	p.T.Helper()
	if d := Difference(Listing(p.T, p.Src), Listing(p.T, p.Tree(res))); d != "" {
		p.T.Fatalf("snapshot %s is not the source:\n%s", res.Header.Name, d)
	}
}

// WantStuck makes a backup, and a deletion before it has left something in the trash or not.
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

// Delete is remove that may fail.
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

// Remove deletes the snapshots with these names.
func (p *Place) Remove(names ...string) {
	p.T.Helper()
	d := p.Open()
	defer func() { p.Do(d.Close()) }()
	list, err := retention.PlanNamed(context.Background(), d, names)
	p.Do(err)
	p.Do(retention.Apply(context.Background(), d, list, 2, nil))
	Sound(p.T, p.Dest)
}

// Open opens the destination for writing.
func (p *Place) Open() *destination.Destination {
	p.T.Helper()
	d, err := destination.Open(context.Background(), p.Dest, destination.Options{})
	p.Do(err)
	return d
}

// InDestination opens the destination for writing.
func (p *Place) InDestination(f func(ctx context.Context, d *destination.Destination)) {
	p.T.Helper()
	ctx := context.Background()
	d, err := destination.Open(ctx, p.Dest, destination.Options{})
	p.Do(err)
	f(ctx, d)
	p.Do(d.Close())
}

// start lies so far ahead that nothing a test just wrote counts as racy.
func settled() time.Time { return time.Now().Add(time.Hour) }

var theHit = regexp.MustCompile(`faultrun: total=\d+ hit=[a-mo-z]`)
