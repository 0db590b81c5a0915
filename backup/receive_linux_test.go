package backup_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/destination"
	"snap/record"
)

// treeContents are the bytes of a snapshot's tree; with spoil, others.
type treeContents struct {
	dir   string
	spoil bool
	opens int // before an error, if not 0
	n     int
}

var errCut = errors.New("cut")

func (c *treeContents) Want(*record.Entry) {}

func (c *treeContents) Open(_ context.Context, e *record.Entry) (io.ReadCloser, error) {
	if c.n++; c.opens > 0 && c.n >= c.opens {
		return nil, errCut
	}
	b, err := os.ReadFile(filepath.Join(c.dir, e.Path))
	if c.spoil && len(b) > 0 {
		b[0] ^= 1
	}
	return io.NopCloser(bytes.NewReader(b)), err
}

// receiveNext brings the snapshots of x that y lacks.
func receiveNext(p *backuptest.Place, y string, c treeContents) error {
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
	for _, h := range all[len(has):] {
		c.dir, c.n = filepath.Join(p.Dest, h.Name), 0
		in := backup.Incoming{Header: h, Contents: &c,
			Records: destination.ReadChanges(p.Meta("changes"), destination.ChangeSetName(h.Seq))}
		if _, err := backup.Receive(ctx, d, in, backup.ReceiveOptions{Jobs: 1}); err != nil {
			return err
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
	for seed := range uint64(6) {
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
		p.Do(receiveNext(p, y, treeContents{}))
		wantReplica(p, y)
	}
}

// What comes wrong is not published, and what has come before it stays for the next time.
func TestReceiveDamaged(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Grow()
	p.Backup()
	y := filepath.Join(t.TempDir(), "y")
	if err := receiveNext(p, y, treeContents{spoil: true}); !errors.Is(err, backup.ErrOtherContent) {
		t.Fatalf("%v", err)
	}
	if err := receiveNext(p, y, treeContents{opens: 2}); !errors.Is(err, errCut) {
		t.Fatalf("%v", err)
	}
	if names := (&backuptest.Place{T: t, Dest: y}).Snapshots(); len(names) != 0 {
		t.Fatalf("published: %q", names)
	}
	p.Do(receiveNext(p, y, treeContents{}))
	wantReplica(p, y)
}

// A backup of the same source to a replica finds nothing new, and links what it finds.
func TestBackupToReceived(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Grow()
	p.Backup()
	y := filepath.Join(t.TempDir(), "y")
	p.Do(receiveNext(p, y, treeContents{}))
	q := &backuptest.Place{T: t, Src: p.Src, Dest: y, N: p.N}
	if res, _ := q.Backup(); !res.Skipped {
		t.Fatalf("a snapshot of nothing new: %+v", res.Header)
	}
	if res, _ := q.Backup(backuptest.Force); res.Header.CopiedBytes != 0 {
		t.Fatalf("copied %d bytes that are there", res.Header.CopiedBytes)
	}
}
