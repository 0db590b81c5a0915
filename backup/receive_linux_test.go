package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/destination"
	"snap/record"
)

// treeContents are the bytes of a snapshot's tree; with spoil, others.
type treeContents struct {
	dir    string
	spoil  func(path string) bool // others come, if not nil
	opens  int                    // before an error, if not 0
	change func(e *record.Entry)  // of each record, if not nil
	whole  bool                   // whole listings come instead of change sets
	mu     sync.Mutex
	n      int
	bytes  int64
	wanted []string
	jobs   int
	res    *backup.Result // of the last one
}

var errCut = errors.New("cut")

func (c *treeContents) Want(e *backup.Wanted) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wanted = append(c.wanted, e.Path)
}

func (c *treeContents) Open(_ context.Context, e *backup.Wanted) (io.ReadCloser, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.wanted, e.Path)
	if i < 0 {
		return nil, fmt.Errorf("%q was not wanted", e.Path)
	}
	c.wanted = slices.Delete(c.wanted, i, i+1)
	if c.n++; c.opens > 0 && c.n >= c.opens {
		return nil, errCut
	}
	b, err := os.ReadFile(filepath.Join(c.dir, e.Path))
	if c.spoil != nil && c.spoil(e.Path) && len(b) > 0 {
		b[0] ^= 1
	}
	c.bytes += int64(len(b))
	return io.NopCloser(bytes.NewReader(b)), err
}

// receiveNext brings the snapshots of x that y lacks.
func receiveNext(p *backuptest.Place, y string, c *treeContents) error {
	ctx := context.Background()
	x, err := destination.Open(ctx, p.Dest, destination.Options{Mode: destination.ReadOnly, AnyUser: true})
	p.Do(err)
	defer func() { p.Do(x.Close()) }()
	all, err := x.DB.Snapshots(ctx)
	p.Do(err)
	p.Do(os.MkdirAll(y, 0o755))
	d, err := destination.Open(ctx, y, destination.Options{Create: true, ID: x.ID})
	p.Do(err)
	defer func() { p.Do(d.Close()) }()
	has, err := d.DB.Snapshots(ctx)
	p.Do(err)
	all = slices.DeleteFunc(all, func(h record.Header) bool { return len(has) > 0 && h.Seq <= has[len(has)-1].Seq })
	for _, h := range all {
		c.dir, c.n, c.wanted = filepath.Join(p.Dest, h.Name), 0, nil
		in := backup.Incoming{Header: h, Contents: c, Whole: c.whole,
			Records: destination.ReadChanges(p.Meta("changes"), destination.ChangeSetName(h.Seq))}
		if c.whole {
			in.Records = x.DB.Entries(ctx, h.Seq, "")
		}
		if set := in.Records; c.change != nil {
			in.Records = func(yield func(*record.Entry, error) bool) {
				for e, err := range set {
					if err == nil {
						c.change(e)
					}
					if !yield(e, err) {
						return
					}
				}
			}
		}
		c.res, err = backup.Receive(ctx, d, in, backup.ReceiveOptions{Jobs: c.jobs})
		if err != nil {
			return err
		}
		if len(c.wanted) > 0 {
			p.T.Errorf("%s: wanted and never opened: %q", h.Name, c.wanted)
		}
	}
	return nil
}

// wantReplica compares each tree and each record that is seen.
func wantReplica(p *backuptest.Place, y string) {
	p.T.Helper()
	q := &backuptest.Place{T: p.T, Src: p.Src, Dest: y, N: p.N}
	want, got := p.Trees(), q.Trees()
	if len(want) == 0 || len(want) != len(got) {
		p.T.Fatalf("%d snapshots of %d", len(got), len(want))
	}
	for name := range want {
		if d := backuptest.Difference(want[name], got[name]); d != "" {
			p.T.Fatalf("%s:\n%s", name, d)
		}
	}
	backuptest.Sound(p.T, y)
	_, before := p.Knows()
	_, after := q.Knows()
	backuptest.WantSeen(p.T, "received", before, after)
}

func TestReceive(t *testing.T) {
	for seed := range uint64(8) {
		p := backuptest.NewPlace(t)
		y := filepath.Join(t.TempDir(), "y")
		r := rand.New(rand.NewPCG(seed, 1))
		m := &backuptest.Mutator{P: p, R: r, Old: time.Now().Add(-time.Hour), Did: map[string]int{}}
		p.Grow()
		for range 5 {
			p.Backup(backuptest.Force, backuptest.Empty)
			for range 8 {
				backuptest.Mutations[r.IntN(len(backuptest.Mutations))].Do(m)
			}
		}
		p.Do(receiveNext(p, y, &treeContents{whole: seed%2 == 1, jobs: 4}))
		wantReplica(p, y)
	}
}

// A cut connection publishes nothing, and what has come before it stays for the next time.
func TestReceiveCut(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Grow()
	p.Backup()
	y := filepath.Join(t.TempDir(), "y")
	all := &treeContents{jobs: 1}
	p.Do(receiveNext(p, filepath.Join(t.TempDir(), "other"), all))
	if err := receiveNext(p, y, &treeContents{opens: all.n / 2, jobs: 1}); !errors.Is(err, errCut) {
		t.Fatalf("%v", err)
	}
	if names := (&backuptest.Place{T: t, Dest: y}).Snapshots(); len(names) != 0 {
		t.Fatalf("published: %q", names)
	}
	rest := &treeContents{jobs: 1}
	p.Do(receiveNext(p, y, rest))
	wantReplica(p, y)
	if want := all.n - all.n/2 + 1; rest.n != want {
		t.Errorf("%d files of %d came again, want %d", rest.n, all.n, want)
	}
}

// A file that is lost where the snapshot comes from is left out and named, and the next snapshot asks for it again.
func TestReceiveLost(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Grow()
	p.Write("lost", "lost")
	p.Write("moves", "lost, and moves")
	p.Backup()
	p.Do(os.Rename(p.Path("moves"), p.Path("moved")))
	p.Backup()
	y := filepath.Join(t.TempDir(), "y")
	c := &treeContents{spoil: func(path string) bool { return path == "lost" || path == "moves" }}
	p.Do(receiveNext(p, y, c))
	q := &backuptest.Place{T: t, Src: p.Src, Dest: y, N: 2}
	backuptest.Sound(t, y)
	if len(c.res.Problems) != 1 || !c.res.Incomplete() || c.res.Problems[0].Path != "lost" {
		t.Fatalf("%v", c.res.Problems)
	}
	for path, there := range map[string]bool{"s0001/lost": false, "s0001/moves": false, "s0002/lost": false,
		"s0002/moved": true} {
		if _, err := os.Lstat(filepath.Join(y, path)); (err == nil) != there {
			t.Errorf("%s: %v", path, err)
		}
	}
	p.Write("more", "more")
	p.Backup()
	q.N++
	c = &treeContents{}
	p.Do(receiveNext(p, y, c))
	if want, got := p.Trees()["s0003"], q.Trees()["s0003"]; c.res.Incomplete() || backuptest.Difference(want, got) != "" {
		t.Fatalf("%v\n%s", c.res.Problems, backuptest.Difference(want, got))
	}
	backuptest.Sound(t, y)
}

// A backup of the same source to a replica finds nothing new, and links what it finds.
func TestBackupToReceived(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Grow()
	p.Backup()
	y := filepath.Join(t.TempDir(), "y")
	p.Do(receiveNext(p, y, &treeContents{}))
	q := &backuptest.Place{T: t, Src: p.Src, Dest: y, N: p.N}
	if res, _ := q.Backup(); !res.Skipped {
		t.Fatalf("a snapshot of nothing new: %+v", res.Header)
	}
	if res, _ := q.Backup(backuptest.Force); res.Header.CopiedBytes != 0 {
		t.Fatalf("copied %d bytes that are there", res.Header.CopiedBytes)
	}
}
