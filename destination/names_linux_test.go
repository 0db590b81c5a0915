package destination_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/destination"
	"snap/internal/filetest"
	"snap/internal/long"
)

// TestNamesAreThoseOfTheInodes backs up, deletes and damages at random, and compares the names that the index knows
// of every file's inode with those in the trees.
func TestNamesAreThoseOfTheInodes(t *testing.T) {
	did := map[string]int{}
	several := 0
	seeds := long.Random(t)
	for range 12 {
		seed := seeds.Uint64()
		p := backuptest.NewPlace(t)
		m := &backuptest.Mutator{P: p, R: rand.New(rand.NewPCG(seed, 1)), Old: time.Unix(500000000, 0), Did: did}
		for range 15 {
			backuptest.Mutations[m.R.IntN(3)].Do(m)
		}
		for i := range m.R.IntN(5) { // more hard links than chance makes
			os.Link(m.Pick(m.Paths(false)), p.Path(fmt.Sprintf("link%d", i)))
		}
		var log []string
		for range 3 + m.R.IntN(4) {
			for range m.R.IntN(10) {
				w := backuptest.Mutations[m.R.IntN(len(backuptest.Mutations))]
				w.Do(m)
				log = append(log, w.Name)
			}
			res, _ := p.Backup(backuptest.Force, backuptest.Empty)
			log = append(log, "backup "+res.Header.Name)
			if m.R.IntN(4) == 0 {
				log = append(log, m.Tamper(p.Tree(res)))
			}
		}
		p.InDestination(func(ctx context.Context, d *destination.Destination) {
			several += p.WantNames(ctx, d, fmt.Sprintf("seed %d, after %q", seed, log))
			heads, err := d.DB.Snapshots(ctx)
			p.Do(err)
			var victims []uint64
			for _, h := range heads {
				if m.R.IntN(3) == 0 {
					victims = append(victims, h.Seq)
				}
			}
			p.Do(d.Delete(ctx, victims, 2, nil))
			log = append(log, fmt.Sprintf("delete %d", victims))
			several += p.WantNames(ctx, d, fmt.Sprintf("seed %d, after %q", seed, log))
		})
		p.Do(os.RemoveAll(p.Src))
		p.Do(backuptest.RemoveAll(p.Dest))
	}
	if several == 0 {
		t.Error("no inode had more names than there were snapshots")
	}
}

// TestNameBesideALostOne: a file goes on under a name that it got in a snapshot that is deleted by now, though no
// snapshot is left in which it had two.
func TestNameBesideALostOne(t *testing.T) {
	for _, lost := range []struct {
		what string
		how  func(p *backuptest.Place)
	}{
		{"removed", func(p *backuptest.Place) { p.Do(os.Remove(p.Path("a"))) }},
		{"replaced", func(p *backuptest.Place) {
			p.Write("new",
				"another file")
			p.Do(os.Rename(p.Path("new"), p.Path("a")))
		}},
		{"another was moved there", func(p *backuptest.Place) { p.Do(os.Rename(p.Path("b"), p.Path("a"))) }},
	} {
		t.Run(lost.what, func(t *testing.T) {
			p := backuptest.NewPlace(t)
			p.Write("a", "a file")
			p.Write("b", "text")
			p.Backup()
			p.Do(os.Link(p.Path("a"), p.Path("c")))
			p.Backup()
			lost.how(p)
			p.Backup()
			p.InDestination(func(ctx context.Context, d *destination.Destination) {
				p.Do(d.Delete(ctx, []uint64{2}, 2, nil))
				p.WantNames(ctx, d, "after the snapshot with both names was deleted")
			})
		})
	}
}

// TestSpaceForSeveralNames: a file with several names needs its space once, and a rehearsal says so too.
func TestSpaceForSeveralNames(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Dest, _ = filetest.Image(t, "ext4", "48M")
	p.Write("a", strings.Repeat("0123456789abcdef", 1<<20))
	for _, name := range []string{"b", "c", "d"} {
		p.Do(os.Link(p.Path("a"), p.Path(name)))
	}
	for _, dry := range []bool{true, false} {
		res, _ := p.Backup(func(o *backup.Options) { o.DryRun = dry })
		if h := res.Header; h.CopiedBytes != 16<<20 || h.Linked != 3 {
			t.Errorf("dry %v: %d bytes copied, %d linked", dry, h.CopiedBytes, h.Linked)
		}
	}
}
