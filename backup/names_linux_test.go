package backup_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"snap/backup"
)

// TestNamesAreThoseOfTheInodes backs up, deletes and damages at random, and compares the names that the index knows
// of every file's inode with those in the trees.
func TestNamesAreThoseOfTheInodes(t *testing.T) {
	did := map[string]int{}
	several := 0
	for range 12 {
		seed := rand.Uint64()
		p := newPlace(t)
		m := &mutator{p: p, r: rand.New(rand.NewPCG(seed, 1)), old: time.Unix(500000000, 0), did: did}
		for range 15 {
			mutations[m.r.IntN(3)].do(m)
		}
		for i := range m.r.IntN(5) { // more hard links than chance makes
			os.Link(m.pick(m.paths(false)), p.path(fmt.Sprintf("link%d", i)))
		}
		var log []string
		for range 3 + m.r.IntN(4) {
			for range m.r.IntN(10) {
				w := mutations[m.r.IntN(len(mutations))]
				w.do(m)
				log = append(log, w.name)
			}
			res, _ := p.backup(force, empty)
			log = append(log, "backup "+res.Header.Name)
			if m.r.IntN(4) == 0 {
				log = append(log, m.tamper(p.tree(res)))
			}
		}
		p.inDestination(func(ctx context.Context, d *backup.Destination) {
			several += p.wantNames(ctx, d, fmt.Sprintf("seed %d, after %q", seed, log))
			heads, err := d.DB.Snapshots(ctx)
			p.do(err)
			var victims []uint64
			for _, h := range heads {
				if m.r.IntN(3) == 0 {
					victims = append(victims, h.Seq)
				}
			}
			p.do(d.Delete(ctx, victims, 2, nil))
			log = append(log, fmt.Sprintf("delete %d", victims))
			several += p.wantNames(ctx, d, fmt.Sprintf("seed %d, after %q", seed, log))
		})
		p.do(os.RemoveAll(p.src))
		p.do(os.RemoveAll(p.dest))
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
		how  func(p *place)
	}{
		{"removed", func(p *place) { p.do(os.Remove(p.path("a"))) }},
		{"replaced", func(p *place) { p.write("new", "another file"); p.do(os.Rename(p.path("new"), p.path("a"))) }},
		{"another was moved there", func(p *place) { p.do(os.Rename(p.path("b"), p.path("a"))) }},
	} {
		t.Run(lost.what, func(t *testing.T) {
			p := newPlace(t)
			p.write("a", "a file")
			p.write("b", "text")
			p.backup()
			p.do(os.Link(p.path("a"), p.path("c")))
			p.backup()
			lost.how(p)
			p.backup()
			p.inDestination(func(ctx context.Context, d *backup.Destination) {
				p.do(d.Delete(ctx, []uint64{2}, 2, nil))
				p.wantNames(ctx, d, "after the snapshot with both names was deleted")
			})
		})
	}
}

// TestSpaceForSeveralNames: a file with several names needs its space once, and a rehearsal says so too.
func TestSpaceForSeveralNames(t *testing.T) {
	p := newPlace(t)
	p.dest, _ = image(t, "ext4", "48M")
	p.write("a", strings.Repeat("0123456789abcdef", 1<<20))
	for _, name := range []string{"b", "c", "d"} {
		p.do(os.Link(p.path("a"), p.path(name)))
	}
	for _, dry := range []bool{true, false} {
		res, _ := p.backup(func(o *backup.Options) { o.DryRun = dry })
		if h := res.Header; h.CopiedBytes != 16<<20 || h.Linked != 3 {
			t.Errorf("dry %v: %d bytes copied, %d linked", dry, h.CopiedBytes, h.Linked)
		}
	}
}
