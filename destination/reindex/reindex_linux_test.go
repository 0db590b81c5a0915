package reindex_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/destination"
	"snap/destination/reindex"
	"snap/index"
	"snap/internal/filetest"
	"snap/internal/long"
	"snap/record"
)

// TestReindexOfTreesAlone: after a random history all change sets are taken away, or one of them. The new
// index holds what the old one held, a backup then copies nothing, and the one after it finds nothing.
func TestReindexOfTreesAlone(t *testing.T) {
	if dir, err := os.MkdirTemp("/dev/shm", "snap-"); err == nil {
		// every commit is synced: spare the disk some thousand of them
		t.Cleanup(func() { os.RemoveAll(dir) })
		t.Setenv("TMPDIR", dir)
	}
	moved, made := int64(0), 0
	long.Check(t, 15, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		p := backuptest.NewPlace(t)
		m := &backuptest.Mutator{P: p, R: rand.New(rand.NewPCG(seed, 1)), Old: time.Unix(500000000, 0), Did: map[string]int{}}
		rounds := rapid.IntRange(2, 4).Draw(rt, "rounds")
		for range 15 {
			backuptest.Mutations[m.R.IntN(3)].Do(m)
		}
		for range rounds {
			for range m.R.IntN(10) {
				backuptest.Mutations[m.R.IntN(len(backuptest.Mutations))].Do(m)
			}
			if m.R.IntN(2) == 0 { // more of what is back than chance brings
				m.TakeAway()
			}
			p.Dated(backuptest.Force, backuptest.Empty)
		}
		heads, before := p.Knows()
		what := rapid.SampledFrom([]string{"all", "one", "tail of one", "byte of one"}).Draw(rt, "lost")
		one := p.Set(rapid.IntRange(1, rounds).Draw(rt, "which"))
		b, err := os.ReadFile(one)
		p.Do(err)
		switch what {
		case "all":
			p.Do(os.RemoveAll(p.Meta("changes")))
		case "one":
			p.Do(os.Remove(one))
		case "tail of one":
			p.Do(os.WriteFile(one, b[:m.R.IntN(len(b))], 0o600))
		case "byte of one":
			b[m.R.IntN(len(b))] ^= 0x41
			p.Do(os.WriteFile(one, b, 0o600))
		}
		p.Do(os.Remove(index.Path(p.Dest)))
		res := p.Reindex()
		if want := map[bool]int{true: rounds, false: 1}[what == "all"]; res.Snapshots != rounds ||
			len(res.FromTrees) != want || len(res.Lost)+len(res.Left)+len(res.Foreign)+len(res.Notes) > 0 {
			rt.Fatalf("%s: %+v", what, res)
		}
		made += len(res.FromTrees)
		after, now := p.Knows()
		backuptest.WantSeen(t, what, before, now)
		p.WantUsage("without change set: " + what)
		for i := range heads {
			a, b := heads[i], after[i]
			if a.Seq != b.Seq || a.Name != b.Name || a.Files != b.Files || a.Dirs != b.Dirs || a.Bytes != b.Bytes ||
				a.Linked != b.Linked || a.CopiedBytes != b.CopiedBytes {
				rt.Fatalf("%s: header %+v, want %+v", what, b, a)
			}
			moved += b.Moved
		}
		// The same again from the sets that were made.
		p.Do(os.Remove(index.Path(p.Dest)))
		if res := p.Reindex(); len(res.FromTrees) > 0 {
			rt.Fatalf("a second reindex: %+v", res)
		}
		_, again := p.Knows()
		for i := range now {
			delete(again[i], "")
			for path, r := range now[i] {
				if fmt.Sprint(again[i][path]) != fmt.Sprint(r) {
					rt.Fatalf("%s: %q is %+v from the set, %+v from the tree", what, path, again[i][path], r)
				}
			}
		}
		last := backuptest.Listing(t, filepath.Join(p.Dest, heads[rounds-1].Name))
		made, _ := p.Dated(backuptest.Force, backuptest.Empty)
		p.WantSame(made)
		if made.Header.CopiedBytes != 0 || made.Header.Added+made.Header.Modified+made.Header.Moved+made.Header.Removed > 0 {
			rt.Fatalf("%s: the next backup: %+v", what, made.Header)
		}
		for path, e := range backuptest.Listing(t, p.Tree(made)) {
			if e.Mode.IsRegular() && last[path].Ino != e.Ino {
				rt.Fatalf("%s: %q is no hard link into the snapshot before", what, path)
			}
		}
		if next, _ := p.Dated(backuptest.Empty); !next.Skipped {
			rt.Fatalf("%s: the second backup found changes: %+v", what, next.Header)
		}
		p.Do(os.RemoveAll(p.Src))
		p.Do(backuptest.RemoveAll(p.Dest))
	})
	if made == 0 || moved == 0 && !testing.Short() { // -short draws too few to be sure of a move
		t.Fatalf("%d moves, %d snapshots from trees: nothing was tested", moved, made)
	}
}

// TestWeakRecordsLearnTheirHash: files adopted without a hash are read once, on both sides, and what is
// equal is linked. The hash then stands in a change set: no later reindex forgets it.
func TestWeakRecordsLearnTheirHash(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("same", "same")
	p.Write("mode", "mode")
	p.Write("other", "other")
	p.Write("empty", "")
	p.Write("gone", "gone")
	p.Dated()
	p.Lose(p.Meta("changes"))
	p.Reindex()
	info, err := os.Stat(p.Path("other"))
	p.Do(err)
	p.Do(os.WriteFile(p.Path("other"), []byte("OTHER"), 0o644))
	p.Do(os.Chtimes(p.Path("other"), info.ModTime(), info.ModTime()))
	p.Do(os.Chmod(p.Path("mode"), 0o600))
	p.Do(os.Remove(p.Path("gone")))
	dry, _ := p.Dated(func(o *backup.Options) { o.DryRun = true })
	res, rec := p.Dated()
	p.WantSame(res)
	for path, want := range map[string]string{"same": "silent linked", "empty": "silent linked",
		"other": "modified copied", "mode": "metadata copied", "gone": "removed absent"} {
		r := rec.Changes[path]
		if r.Stored == record.Cloned {
			r.Stored = record.Copied
		}
		if got := fmt.Sprint(r.Change, " ", r.Stored); got != want || r.Exists() && !r.Has(record.Hashed) {
			t.Errorf("%s: %s, flags %b, want %s", path, got, r.Flags, want)
		}
	}
	if dry.Header.Modified != 1 || dry.Header.Linked != 2 {
		t.Errorf("the dry run: %+v", dry.Header)
	}
	p.Do(os.Remove(index.Path(p.Dest)))
	p.Reindex()
	_, all := p.Knows()
	for path, r := range all[1] {
		if r.Weak() {
			t.Errorf("%q has no hash after the second reindex", path)
		}
	}
	// The copy in the snapshot is not trusted: it is compared.
	p.Lose(p.Meta("changes"))
	p.Reindex()
	stored := filepath.Join(p.Tree(res), "same")
	info, err = os.Stat(stored)
	p.Do(err)
	backuptest.Unseal(p.Tree(res))
	p.Do(os.WriteFile(stored, []byte("SAME"), 0o644))
	p.Do(os.Chtimes(stored, info.ModTime(), info.ModTime()))
	res, rec = p.Dated()
	p.WantSame(res)
	if r := rec.Changes["same"]; r.Stored != record.Copied {
		t.Errorf("an altered copy was %v", r.Stored)
	}
}

// TestUnchangedAdoptedSnapshot: where nothing changed the hashes alone are worth one snapshot, and no second.
func TestUnchangedAdoptedSnapshot(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a", "a")
	p.Do(os.Chmod(p.Src, 0o700)) // as the top of a snapshot, so that not even this differs
	p.Dated()
	p.Lose(p.Meta("changes"))
	p.Reindex()
	res, _ := p.Dated()
	if res.Skipped || res.Header.CopiedBytes != 0 || res.Header.Modified+res.Header.Added != 0 {
		t.Fatalf("%+v", res.Header)
	}
	if res, _ := p.Dated(); !res.Skipped {
		t.Fatalf("%+v", res.Header)
	}
}

// TestRenamesOfTreesAlone: moves are recognised by inodes, renamed folders by what is in them.
func TestRenamesOfTreesAlone(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("docs/deep/a", "a")
	p.Write("docs/deep/b", "b")
	p.Write("docs/c", "c")
	p.Write("x", "x")
	p.Write("y", "y")
	p.Do(os.Link(p.Path("x"), p.Path("x2")))
	p.Dated()
	p.Do(os.Rename(p.Path("docs"), p.Path("papers")))
	p.Do(os.Rename(p.Path("y"), p.Path("z")))
	p.Do(os.Link(p.Path("x"), p.Path("x3")))
	p.Do(os.Remove(p.Path("x2")))
	p.Dated()
	p.Do(os.Rename(p.Path("x"), p.Path("swap")))
	p.Do(os.Rename(p.Path("z"), p.Path("x")))
	p.Do(os.Rename(p.Path("swap"), p.Path("z")))
	p.Dated()
	heads, _ := p.Knows()
	tell := func() (out []string) {
		db, err := index.Open(index.Path(p.Dest))
		p.Do(err)
		for i := 1; i < len(heads); i++ {
			for d, err := range db.Diff(context.Background(), heads[i-1].Seq, heads[i].Seq) {
				p.Do(err)
				if d.Path != "" {
					out = append(out, fmt.Sprintf("%d %v %s %s", i, d.Change, d.Path, d.From))
				}
			}
		}
		steps, err := db.Follow(context.Background(), "papers/deep/a")
		p.Do(err)
		for _, s := range steps {
			out = append(out, fmt.Sprint("life ", s.Seq, s.Path, s.Change))
		}
		return out
	}
	want := tell()
	for _, lost := range []string{"0000000001", "0000000002", "0000000003", ""} {
		p.Do(os.RemoveAll(p.Meta("changes", lost)))
		p.Do(os.Remove(index.Path(p.Dest)))
		p.Reindex()
		if got := tell(); !slices.Equal(got, want) {
			t.Errorf("without change set %q:\n%s\nwant\n%s", lost, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		after, _ := p.Knows()
		for i := range heads {
			a, b := heads[i], after[i]
			if a.Added != b.Added || a.Moved != b.Moved || a.Removed != b.Removed || a.Modified != b.Modified {
				t.Errorf("without %q: %+v, want %+v", lost, b, a)
			}
		}
	}
}

// TestAdopt takes in the snapshots of cp -al and rsync --link-dest.
func TestAdopt(t *testing.T) {
	if _, err := exec.LookPath("rsync"); err != nil {
		t.Skip("no rsync")
	}
	p := backuptest.NewPlace(t)
	p.Write("docs/a", "aaa")
	p.Write("docs/b", "bbb")
	p.Write("c", "ccc")
	p.Do(os.Symlink("c", p.Path("link")))
	one, two, three := filepath.Join(p.Dest, "monday"), filepath.Join(p.Dest, "tuesday"),
		filepath.Join(p.Dest, "wednesday")
	filetest.Must(t, "cp", "-a", p.Src, one)
	filetest.Must(t, "cp", "-al", one, two)
	p.Do(os.Rename(filepath.Join(two, "docs"), filepath.Join(two, "papers")))
	p.Do(os.Rename(p.Path("docs"), p.Path("papers")))
	p.Write("c", "changed")
	filetest.Must(t, "rsync", "-aH", "--link-dest="+two, p.Src+"/", three)
	for i, dir := range []string{one, two, three} {
		at := time.Unix(1e9+int64(i), 0)
		p.Do(os.Chtimes(dir, at, at))
	}
	p.Do(os.Mkdir(filepath.Join(p.Dest, "lost+found"), 0o700))
	d, err := destination.Open(context.Background(), p.Dest, destination.Options{Create: true}) // snap init
	p.Do(err)
	id := d.ID
	p.Do(d.Close())

	if res := p.Reindex(); res.Snapshots != 0 || !slices.Equal(res.Foreign, []string{"monday", "tuesday", "wednesday"}) {
		t.Fatalf("without --adopt: %+v", res)
	}
	res := p.Reindex(func(o *reindex.Options) { o.Adopt, o.Source = true, p.Src })
	if res.Snapshots != 3 || len(res.FromTrees) != 3 || len(res.Foreign) != 0 {
		t.Fatalf("%+v", res)
	}
	heads, all := p.Knows()
	for _, h := range heads {
		if len(h.Volumes) != 0 || h.Destination != id {
			t.Errorf("%+v, want destination %s and no volume", h, id)
		}
	}
	if h := heads[1]; h.Name != "tuesday" || h.Moved != 3 || h.Added+h.Removed+h.Modified != 0 || h.Source != p.Src {
		t.Errorf("%+v", h)
	}
	if h := heads[2]; h.Modified != 1 || h.Moved+h.Added+h.Removed != 0 || h.CopiedBytes != 7 {
		t.Errorf("%+v", h)
	}
	if len(all[2]) != 6 {
		t.Errorf("%v", all[2])
	}
	made, _ := p.Dated()
	p.WantSame(made)
	if made.Header.CopiedBytes != 0 || made.Header.Added+made.Header.Modified+made.Header.Moved+made.Header.Removed != 0 {
		t.Errorf("%+v", made.Header)
	}
	a, b := backuptest.Listing(t, three), backuptest.Listing(t, p.Tree(made))
	for path := range a {
		if !a[path].Mode.IsDir() && a[path].Ino != b[path].Ino {
			t.Errorf("%s was copied", path)
		}
	}
	if next, _ := p.Dated(); !next.Skipped {
		t.Errorf("%+v", next.Header)
	}
	// A folder older than the snapshot that snap made cannot come between.
	filetest.Must(t, "cp", "-al", one, filepath.Join(p.Dest, "sunday"))
	at := time.Unix(1e9-1, 0)
	p.Do(os.Chtimes(filepath.Join(p.Dest, "sunday"), at, at))
	if res := p.Reindex(func(o *reindex.Options) { o.Adopt = true }); !slices.Equal(res.Left, []string{"sunday"}) ||
		res.Snapshots != 4 {
		t.Errorf("%+v", res)
	}
}

// TestReindexOfEqualSymlinks: symlinks that are equal and changed places were made anew in the tree. Without its change
// set the snapshot has as many linked entries as before.
func TestReindexOfEqualSymlinks(t *testing.T) {
	p := backuptest.NewPlace(t)
	for _, name := range []string{"a", "b", "same"} {
		p.Do(os.Symlink("target", p.Path(name)))
	}
	p.Do(exec.Command("touch", "-h", "-d", "@500000000", p.Path("a"), p.Path("b"), p.Path("same")).Run())
	p.Dated()
	p.Do(os.Rename(p.Path("a"), p.Path("c")))
	p.Do(os.Rename(p.Path("b"), p.Path("a")))
	p.Do(os.Rename(p.Path("c"), p.Path("b")))
	second, _ := p.Dated(backuptest.Force)
	p.Lose(p.Set(2))
	p.Reindex()
	heads, _ := p.Knows()
	if got, want := heads[1].Linked, second.Header.Linked; got != want || want == 3 {
		t.Errorf("%d entries are linked, the run has linked %d", got, want)
	}
}
