package backup_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/destination"
	"snap/destination/check"
	"snap/internal/file"
	"snap/internal/filetest"
	"snap/internal/long"
	"snap/record"
)

// received is a place with two snapshots, the first of which y has, too.
func received(t *testing.T, y string) (p *backuptest.Place) {
	p = backuptest.NewPlace(t)
	p.Write("a", "a")
	p.Write("b", "b, which moves")
	p.Write("c/d", "d")
	p.Backup()
	p.Do(receiveNext(p, y, &treeContents{}))
	return p
}

// TestReceiveRot: a copy at the receiver that is not what it was is replaced by the bytes from elsewhere, as is one
// that has as many names as its file system allows.
func TestReceiveRot(t *testing.T) {
	y := filepath.Join(t.TempDir(), "y")
	p := received(t, y)
	p.Do(os.Rename(p.Path("b"), p.Path("b2")))
	p.Backup()
	for _, name := range []string{"a", "b"} {
		p.Do(os.WriteFile(filepath.Join(y, "s0001", name), []byte("rotten, and longer"), 0o600))
	}
	c := &treeContents{}
	p.Do(receiveNext(p, y, c))
	q := &backuptest.Place{T: t, Src: p.Src, Dest: y, N: 2}
	if d := backuptest.Difference(p.Trees()["s0002"], q.Trees()["s0002"]); d != "" || c.n != 2 {
		t.Fatalf("%d came\n%s", c.n, d)
	}
	backuptest.Sound(t, y)
}

func TestReceiveLinkLimit(t *testing.T) {
	y, _ := filetest.Image(t, "ext4", "64M", "-N", "2000")
	p := received(t, y)
	p.Do(os.Rename(p.Path("b"), p.Path("b2")))
	p.Backup()
	extra := filepath.Join(y, "names")
	p.Do(os.Mkdir(extra, 0o755))
	full := false
	for n := range 70_000 {
		if err := os.Link(filepath.Join(y, "s0001", "b"), filepath.Join(extra, fmt.Sprint(n))); err != nil {
			full = true
			break
		}
	}
	if !full {
		t.Fatal("there is room for more names")
	}
	c := &treeContents{}
	p.Do(receiveNext(p, y, c))
	if c.n != 1 {
		t.Fatalf("%d came", c.n)
	}
	p.Do(os.RemoveAll(extra))
	wantReplica(p, y)
}

// TestReceiveHashless: what came without a hash gets that of its bytes, and it is said.
func TestReceiveHashless(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Grow()
	p.Backup()
	y := filepath.Join(t.TempDir(), "y")
	c := &treeContents{change: func(e *record.Entry) {
		e.Flags &^= record.Hashed | record.SparseHash
		e.Hash = [32]byte{}
	}}
	p.Do(receiveNext(p, y, c))
	if len(c.res.Problems) != 1 || !c.res.Problems[0].Note || c.res.Incomplete() {
		t.Fatalf("%v", c.res.Problems)
	}
	wantReplica(p, y) // the records too, hashes among them
}

// TestReceiveOdd: records that make no sense are refused or made of what comes. Nothing panics, nothing is published
// that is not sound, and no file has other bytes than its hash says.
func TestReceiveOdd(t *testing.T) {
	y := filepath.Join(t.TempDir(), "y")
	p := received(t, y)
	ctx := context.Background()
	var set []record.Entry
	head := record.Header{}
	p.Write("a", "another a")
	p.Do(os.Rename(p.Path("b"), p.Path("c/b")))
	p.Write("new", "new")
	p.Do(os.Link(p.Path("new"), p.Path("new2")))
	p.Do(os.Remove(p.Path("c/d")))
	p.Backup()
	for e, err := range destination.ReadChanges(p.Meta("changes"), destination.ChangeSetName(2)) {
		p.Do(err)
		set = append(set, *e)
	}
	p.InDestination(func(ctx context.Context, d *destination.Destination) {
		all, err := d.DB.Snapshots(ctx)
		p.Do(err)
		head = all[1]
	})
	paths := []string{"", "a", "b", "c", "c/b", "c/d", "new", "new2", "zz", "zz/y", "no/where"}
	made := 0
	n := 0
	law := func(r *rapid.T) {
		n++
		odd := slices.Clone(set)
		for range rapid.IntRange(1, 3).Draw(r, "times") {
			e := &odd[rapid.IntRange(0, len(odd)-1).Draw(r, "which")]
			switch rapid.IntRange(0, 9).Draw(r, "how") {
			case 0:
				e.Path = rapid.SampledFrom(paths).Draw(r, "path")
			case 1:
				e.Stored = record.Stored(rapid.IntRange(0, 5).Draw(r, "stored"))
			case 2:
				e.Change = record.Change(rapid.IntRange(1, 7).Draw(r, "change"))
			case 3:
				e.From = rapid.SampledFrom(paths).Draw(r, "from")
			case 4:
				e.Size = rapid.SampledFrom([]int64{-1, 0, 1, 1 << 40, 1<<63 - 1}).Draw(r, "size")
			case 5:
				e.Kind = file.Kind(rapid.IntRange(0, 9).Draw(r, "kind"))
			case 6:
				e.Hash[0] ^= 1
			case 7:
				e.Reason = record.Reason(rapid.IntRange(0, 40).Draw(r, "reason"))
			case 8:
				e.Nlink, e.Ino = 2, 7
			case 9:
				e.Record = record.Record{Change: record.Removed, Reason: record.Gone}
			}
		}
		slices.SortStableFunc(odd, func(a, b record.Entry) int { return record.Compare(a.Path, b.Path) })
		odd = slices.CompactFunc(odd, func(a, b record.Entry) bool { return a.Path == b.Path })
		to := p.CopyOf(y)
		d, err := destination.Open(ctx, to, destination.Options{})
		if err != nil {
			r.Fatal(err)
		}
		c := &treeContents{dir: filepath.Join(p.Dest, "s0002")}
		res, err := backup.Receive(ctx, d, backup.Incoming{Header: head, Records: entriesOf(odd), Contents: &lossy{c},
			Whole: rapid.Bool().Draw(r, "whole")}, backup.ReceiveOptions{})
		if err == nil {
			made++
		} else if res.Header != nil {
			r.Fatalf("published, and %v", err)
		}
		p.Do(d.Close())
		backuptest.Sound(t, to)
		q := &backuptest.Place{T: t, Src: p.Src, Dest: to, N: 1}
		if found := backuptest.Said(q.Check(check.Options{Read: backuptest.ReadAll})); len(found) > 0 {
			r.Fatalf("%q (%v)", found, err)
		}
	}
	long.Check(t, 50, law)
	t.Logf("%d rounds, %d were made", n, made)
}

func entriesOf(all []record.Entry) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		for i := range all {
			e := all[i]
			if !yield(&e, nil) {
				return
			}
		}
	}
}

// lossy says of what is not there that it is lost.
type lossy struct{ *treeContents }

func (l *lossy) Open(ctx context.Context, e *backup.Wanted) (io.ReadCloser, error) {
	r, err := l.treeContents.Open(ctx, e)
	if errors.Is(err, os.ErrNotExist) {
		err = fmt.Errorf("%w: %w", backup.ErrLost, err)
	}
	return r, err
}
