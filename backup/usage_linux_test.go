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
	"snap/backup/backuptest"
	"snap/destination"
	"snap/internal/filetest"
	"snap/internal/long"
	"snap/scan"
)

// TestUsageIsThatOfTheTrees backs up, deletes and damages at random, and compares after each step the spans that
// the index knows with those of the inodes in the trees.
func TestUsageIsThatOfTheTrees(t *testing.T) {
	did := map[string]int{}
	long.Check(t, 15, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		p := backuptest.NewPlace(t)
		m := &backuptest.Mutator{P: p, R: rand.New(rand.NewPCG(seed, 1)), Old: time.Unix(500000000, 0), Did: did}
		for range 15 {
			backuptest.Mutations[m.R.IntN(3)].Do(m)
		}
		for i := range m.R.IntN(5) { // more hard links than chance makes
			os.Link(m.Pick(m.Paths(false)), p.Path(fmt.Sprintf("link%d", i)))
		}
		log := []string{fmt.Sprintf("seed %d", seed)}
		say := func(format string, args ...any) { log = append(log, fmt.Sprintf(format, args...)) }
		for range 3 + m.R.IntN(6) {
			for range m.R.IntN(10) {
				w := backuptest.Mutations[m.R.IntN(len(backuptest.Mutations))]
				w.Do(m)
				did[w.Name]++
				say("%s", w.Name)
			}
			if m.R.IntN(2) == 0 { // more of what is back than chance brings
				m.TakeAway()
				did["back or away"]++
				say("away: %q", m.Away)
			}
			var rules scan.Rules
			if m.R.IntN(3) == 0 {
				rules = scan.Rules{Checksum: m.R.IntN(2) == 0, TrustMoves: m.R.IntN(2) == 0, IgnoreCtime: m.R.IntN(2) == 0,
					IgnoreInode: m.R.IntN(2) == 0}
			}
			res, _ := p.Backup(backuptest.Force, backuptest.Empty, func(o *backup.Options) { o.Rules = rules })
			say("backup %s with %+v", res.Header.Name, rules)
			p.WantUsage(strings.Join(log, "\n"))
			if m.R.IntN(4) == 0 {
				say("%s", m.Tamper(p.Tree(res)))
			}
			if m.R.IntN(3) == 0 {
				p.InDestination(func(ctx context.Context, d *destination.Destination) {
					heads, err := d.DB.Snapshots(ctx)
					p.Do(err)
					var victims []uint64
					for _, h := range heads {
						if m.R.IntN(3) == 0 {
							victims = append(victims, h.Seq)
						}
					}
					p.Do(d.Delete(ctx, victims, 2, nil))
					say("delete %d", victims)
				})
				p.WantUsage(strings.Join(log, "\n"))
			}
		}
		p.Do(os.RemoveAll(p.Src))
		p.Do(backuptest.RemoveAll(p.Dest))
	})
	t.Logf("%v", did)
}

// TestUsageOfHardLinks makes and breaks hard links in steps, with a backup after each, deletes all snapshots but
// the last, one after the other, and compares the index with the trees all the time.
func TestUsageOfHardLinks(t *testing.T) {
	type step = func(p *backuptest.Place)
	link := func(from, to string) step {
		return func(p *backuptest.Place) {
			os.Remove(p.Path(to))
			p.Do(os.Link(p.Path(from), p.Path(to)))
		}
	}
	rename := func(from, to string) step {
		return func(p *backuptest.Place) { p.Do(os.Rename(p.Path(from), p.Path(to))) }
	}
	remove := func(path string) step { return func(p *backuptest.Place) { p.Do(os.Remove(p.Path(path))) } }
	write := func(path, text string) step {
		return func(p *backuptest.Place) {
			p.Write(path, text)
			p.Do(os.Chtimes(p.Path(path), backuptest.Fixed, backuptest.Fixed))
		}
	}
	chmod := func(path string) step { return func(p *backuptest.Place) { p.Do(os.Chmod(p.Path(path), 0o600)) } }
	for name, steps := range map[string][]step{
		"moved, then another file linked over it": {rename("a", "b"), link("x", "b")},
		"linked over, then moved":                 {link("x", "a"), rename("a", "b")},
		"linked, the first name removed":          {link("a", "b"), remove("a")},
		"linked, moved, the first name removed":   {link("a", "b"), rename("b", "c"), remove("a")},
		"new, linked twice, the first removed":    {write("n", "new"), link("n", "b"), link("n", "c"), remove("n")},
		"new, linked, the first replaced": {write("n", "new"), link("n", "b"), link("n", "z"), remove("n"),
			write("n", "newer")},
		"three new names, the copied one removed": {func(p *backuptest.Place) {
			write("n", "new")(p)
			link("n",
				"b")(p)
			link("n", "c")(p)
		}, remove("b")},
		"three new names, the copied one renamed": {func(p *backuptest.Place) {
			write("n", "new")(p)
			link("n",
				"b")(p)
			link("n", "c")(p)
		}, rename("b", "z")},
		"linked, then all new":     {link("a", "b"), chmod("a"), link("b", "c")},
		"linked, made new, parted": {link("a", "b"), chmod("a"), remove("b"), write("b", "aaa")},
		"there and back":           {rename("a", "b"), link("b", "c"), rename("b", "a"), remove("c")},
	} {
		up := make([]uint64, len(steps))
		for i := range up {
			up[i] = uint64(i + 1)
		}
		down := slices.Clone(up)
		slices.Reverse(down)
		for _, victims := range [][]uint64{up, down} {
			t.Run(fmt.Sprint(name, victims), func(t *testing.T) {
				p := backuptest.NewPlace(t)
				write("a", "aaa")(p)
				write("x", "xxx")(p)
				p.Backup()
				for _, s := range steps {
					s(p)
					res, _ := p.Backup(backuptest.Force, backuptest.Empty)
					p.WantSame(res)
				}
				p.WantUsage("before deleting")
				for _, seq := range victims {
					p.InDestination(func(ctx context.Context, d *destination.Destination) {
						p.Do(d.Delete(ctx, []uint64{seq}, 1, nil))
					})
					p.WantUsage(fmt.Sprint("deleted ", seq))
				}
			})
		}
	}
}

// TestUsageAtTheLinkLimit: where an inode has no room for more names, some names of a file stay and the others
// get a new inode together.
func TestUsageAtTheLinkLimit(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Dest, _ = filetest.Image(t, "ext4", "64M", "-N", "2000")
	p.Write("a", "text")
	for _, name := range []string{"b", "c", "d"} {
		p.Do(os.Link(p.Path("a"), p.Path(name)))
	}
	first, _ := p.Backup()
	dir := filepath.Join(p.Dest, "names")
	p.Do(os.Mkdir(dir, 0o700))
	n := 0
	for os.Link(filepath.Join(p.Tree(first), "a"), filepath.Join(dir, fmt.Sprint(n))) == nil {
		n++
	}
	p.Do(os.Remove(filepath.Join(dir, "0")))
	p.Do(os.Remove(filepath.Join(dir, "1")))
	p.Backup(backuptest.Force)
	p.WantUsage("two names found room")
	p.Backup(backuptest.Force)
	p.WantUsage("and once more")
	p.InDestination(func(ctx context.Context, d *destination.Destination) {
		p.Do(d.Delete(ctx, []uint64{2}, 1, nil))
	})
	p.WantUsage("deleted between")
}

// TestUsageOfAMissingSnapshot: a tree that the user removed holds nothing, and the next backup copies all.
func TestUsageOfAMissingSnapshot(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a", "aaa")
	p.Write("b", "b")
	p.Do(os.Link(p.Path("a"), p.Path("c")))
	p.Backup()
	p.Write("b", "bb")
	second, _ := p.Backup()
	p.Do(backuptest.RemoveAll(p.Tree(second)))
	p.Backup()
	p.InDestination(func(ctx context.Context, d *destination.Destination) {
		heads, err := d.DB.Snapshots(ctx)
		p.Do(err)
		u, err := d.DB.Usage(ctx)
		p.Do(err)
		there := []uint64{1, 3}
		trees := backuptest.UsageOfTrees(t, p.Dest, slices.Delete(heads, 1, 2))
		if got, want := u.Total(there), trees.Total(there); got != want {
			t.Errorf("total %+v, the trees hold %+v", got, want)
		}
		if got, want := u.Shares(there), trees.Shares(there); !slices.Equal(got, want) {
			t.Errorf("shares %+v, the trees hold %+v", got, want)
		}
	})
}
