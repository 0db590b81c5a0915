package backup_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"snap/backup"
	"snap/internal/long"
	"snap/scan"
)

// TestUsageIsThatOfTheTrees backs up, deletes and damages at random, and compares after each step the spans that
// the index knows with those of the inodes in the trees.
func TestUsageIsThatOfTheTrees(t *testing.T) {
	did := map[string]int{}
	long.Check(t, 15, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		p := newPlace(t)
		m := &mutator{p: p, r: rand.New(rand.NewPCG(seed, 1)), old: time.Unix(500000000, 0), did: did}
		for range 15 {
			mutations[m.r.IntN(3)].do(m)
		}
		for i := range m.r.IntN(5) { // more hard links than chance makes
			os.Link(m.pick(m.paths(false)), p.path(fmt.Sprintf("link%d", i)))
		}
		log := []string{fmt.Sprintf("seed %d", seed)}
		say := func(format string, args ...any) { log = append(log, fmt.Sprintf(format, args...)) }
		for range 3 + m.r.IntN(6) {
			for range m.r.IntN(10) {
				w := mutations[m.r.IntN(len(mutations))]
				w.do(m)
				did[w.name]++
				say("%s", w.name)
			}
			if m.r.IntN(2) == 0 { // more of what is back than chance brings
				m.takeAway()
				did["back or away"]++
				say("away: %q", m.away)
			}
			var rules scan.Rules
			if m.r.IntN(3) == 0 {
				rules = scan.Rules{Checksum: m.r.IntN(2) == 0, TrustMoves: m.r.IntN(2) == 0, IgnoreCtime: m.r.IntN(2) == 0, IgnoreInode: m.r.IntN(2) == 0}
			}
			res, _ := p.backup(force, empty, func(o *backup.Options) { o.Rules = rules })
			say("backup %s with %+v", res.Header.Name, rules)
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

// TestUsageOfHardLinks makes and breaks hard links in steps, with a backup after each, deletes all snapshots but
// the last, one after the other, and compares the index with the trees all the time.
func TestUsageOfHardLinks(t *testing.T) {
	type step = func(p *place)
	link := func(from, to string) step {
		return func(p *place) {
			os.Remove(p.path(to))
			p.do(os.Link(p.path(from), p.path(to)))
		}
	}
	rename := func(from, to string) step { return func(p *place) { p.do(os.Rename(p.path(from), p.path(to))) } }
	remove := func(path string) step { return func(p *place) { p.do(os.Remove(p.path(path))) } }
	write := func(path, text string) step {
		return func(p *place) {
			p.write(path, text)
			p.do(os.Chtimes(p.path(path), fixed, fixed))
		}
	}
	chmod := func(path string) step { return func(p *place) { p.do(os.Chmod(p.path(path), 0o600)) } }
	for name, steps := range map[string][]step{
		"moved, then another file linked over it": {rename("a", "b"), link("x", "b")},
		"linked over, then moved":                 {link("x", "a"), rename("a", "b")},
		"linked, the first name removed":          {link("a", "b"), remove("a")},
		"linked, moved, the first name removed":   {link("a", "b"), rename("b", "c"), remove("a")},
		"new, linked twice, the first removed":    {write("n", "new"), link("n", "b"), link("n", "c"), remove("n")},
		"new, linked, the first replaced":         {write("n", "new"), link("n", "b"), link("n", "z"), remove("n"), write("n", "newer")},
		"three new names, the copied one removed": {func(p *place) { write("n", "new")(p); link("n", "b")(p); link("n", "c")(p) }, remove("b")},
		"three new names, the copied one renamed": {func(p *place) { write("n", "new")(p); link("n", "b")(p); link("n", "c")(p) }, rename("b", "z")},
		"linked, then all new":                    {link("a", "b"), chmod("a"), link("b", "c")},
		"linked, made new, parted":                {link("a", "b"), chmod("a"), remove("b"), write("b", "aaa")},
		"there and back":                          {rename("a", "b"), link("b", "c"), rename("b", "a"), remove("c")},
	} {
		up := make([]uint64, len(steps))
		for i := range up {
			up[i] = uint64(i + 1)
		}
		down := slices.Clone(up)
		slices.Reverse(down)
		for _, victims := range [][]uint64{up, down} {
			t.Run(fmt.Sprint(name, victims), func(t *testing.T) {
				p := newPlace(t)
				write("a", "aaa")(p)
				write("x", "xxx")(p)
				p.backup()
				for _, s := range steps {
					s(p)
					res, _ := p.backup(force, empty)
					p.wantSame(res)
				}
				p.wantUsage("before deleting")
				for _, seq := range victims {
					p.inDestination(func(ctx context.Context, d *backup.Destination) {
						p.do(d.Delete(ctx, []uint64{seq}, 1, nil))
					})
					p.wantUsage(fmt.Sprint("deleted ", seq))
				}
			})
		}
	}
}

// TestUsageAtTheLinkLimit: where an inode has no room for more names, some names of a file stay and the others
// get a new inode together.
func TestUsageAtTheLinkLimit(t *testing.T) {
	p := newPlace(t)
	p.dest, _ = image(t, "ext4", "64M", "-N", "2000")
	p.write("a", "text")
	for _, name := range []string{"b", "c", "d"} {
		p.do(os.Link(p.path("a"), p.path(name)))
	}
	first, _ := p.backup()
	dir := filepath.Join(p.dest, "names")
	p.do(os.Mkdir(dir, 0o700))
	n := 0
	for os.Link(filepath.Join(p.tree(first), "a"), filepath.Join(dir, fmt.Sprint(n))) == nil {
		n++
	}
	p.do(os.Remove(filepath.Join(dir, "0")))
	p.do(os.Remove(filepath.Join(dir, "1")))
	p.backup(force)
	p.wantUsage("two names found room")
	p.backup(force)
	p.wantUsage("and once more")
	p.inDestination(func(ctx context.Context, d *backup.Destination) {
		p.do(d.Delete(ctx, []uint64{2}, 1, nil))
	})
	p.wantUsage("deleted between")
}

// TestUsageOfAMissingSnapshot: a tree that the user removed holds nothing, and the next backup copies all.
func TestUsageOfAMissingSnapshot(t *testing.T) {
	p := newPlace(t)
	p.write("a", "aaa")
	p.write("b", "b")
	p.do(os.Link(p.path("a"), p.path("c")))
	p.backup()
	p.write("b", "bb")
	second, _ := p.backup()
	p.do(os.RemoveAll(p.tree(second)))
	p.backup()
	p.inDestination(func(ctx context.Context, d *backup.Destination) {
		heads, err := d.DB.Snapshots(ctx)
		p.do(err)
		u, err := d.DB.Usage(ctx)
		p.do(err)
		there := []uint64{1, 3}
		trees := usageOfTrees(t, p.dest, slices.Delete(heads, 1, 2))
		if got, want := u.Total(there), trees.Total(there); got != want {
			t.Errorf("total %+v, the trees hold %+v", got, want)
		}
		if got, want := u.Shares(there), trees.Shares(there); !slices.Equal(got, want) {
			t.Errorf("shares %+v, the trees hold %+v", got, want)
		}
	})
}
