package backup_test

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"snap/backup"
	"snap/index"
)

// usageOfTrees finds out from the trees themselves which snapshots hold each inode of a regular file.
func usageOfTrees(t testing.TB, dest string, heads []index.Header) index.Usage {
	t.Helper()
	type life struct {
		index.Span
		size int64
	}
	all := map[uint64]life{}
	for _, h := range heads {
		err := filepath.WalkDir(filepath.Join(dest, h.Name), func(_ string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			ino := info.Sys().(*syscall.Stat_t).Ino
			l, ok := all[ino]
			if !ok {
				l.First, l.size = h.Seq, info.Size()
			}
			l.Last = h.Seq
			all[ino] = l
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	u := index.Usage{}
	for _, l := range all {
		a := u[l.Span]
		a.Inodes++
		a.Bytes += l.size
		u[l.Span] = a
	}
	return u
}

func differentUsage(want, got index.Usage) string {
	var out []string
	for s, a := range want {
		if got[s] != a {
			out = append(out, fmt.Sprintf("%d-%d: the trees hold %+v, the index says %+v", s.First, s.Last, a, got[s]))
		}
	}
	for s, a := range got {
		if _, ok := want[s]; !ok {
			out = append(out, fmt.Sprintf("%d-%d: the trees hold nothing, the index says %+v", s.First, s.Last, a))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// inDestination opens the destination for writing.
func (p *place) inDestination(f func(ctx context.Context, d *backup.Destination)) {
	p.t.Helper()
	ctx := context.Background()
	d, err := backup.Open(ctx, p.dest, backup.OpenOptions{})
	p.do(err)
	f(ctx, d)
	p.do(d.Close())
}

// wantUsage checks what the index says of the inodes against the trees.
func (p *place) wantUsage(what string) {
	p.t.Helper()
	p.inDestination(func(ctx context.Context, d *backup.Destination) {
		heads, err := d.DB.Snapshots(ctx)
		p.do(err)
		u, err := d.DB.Usage(ctx)
		p.do(err)
		if diff := differentUsage(usageOfTrees(p.t, p.dest, heads), u); diff != "" {
			p.t.Fatalf("%s:\n%s", what, diff)
		}
	})
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

// TestUsageIsThatOfTheTrees backs up, deletes and damages at random, and compares after each step the spans that
// the index knows with those of the inodes in the trees.
func TestUsageIsThatOfTheTrees(t *testing.T) {
	did := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		p := newPlace(t)
		m := &mutator{p: p, r: rand.New(rand.NewPCG(seed, 1)), old: time.Unix(500000000, 0), did: did}
		for range 15 {
			mutations[m.r.IntN(3)].do(m)
		}
		for i := range m.r.IntN(5) { // more hard links than chance makes
			os.Link(m.pick(m.paths(false)), p.path(fmt.Sprintf("link%d", i)))
		}
		var log []string
		say := func(format string, args ...any) { log = append(log, fmt.Sprintf(format, args...)) }
		for range rapid.IntRange(3, 8).Draw(rt, "steps") {
			for range m.r.IntN(10) {
				w := mutations[m.r.IntN(len(mutations))]
				w.do(m)
				did[w.name]++
				say("%s", w.name)
			}
			res, _ := p.backup(force)
			say("backup %s", res.Header.Name)
			p.wantUsage(strings.Join(log, "\n"))
			if m.r.IntN(4) == 0 {
				say("%s", m.tamper(p.tree(res)))
			}
			if m.r.IntN(3) == 0 {
				p.inDestination(func(ctx context.Context, d *backup.Destination) {
					heads, err := d.DB.Snapshots(ctx)
					p.do(err)
					var victims []uint64
					for _, h := range heads {
						if m.r.IntN(3) == 0 {
							victims = append(victims, h.Seq)
						}
					}
					p.do(d.Delete(ctx, victims, 2, nil))
					say("delete %d", victims)
				})
				p.wantUsage(strings.Join(log, "\n"))
			}
		}
		p.do(os.RemoveAll(p.src))
		p.do(os.RemoveAll(p.dest))
	})
	t.Logf("%v", did)
}
