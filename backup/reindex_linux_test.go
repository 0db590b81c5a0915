package backup_test

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
	"snap/index"
	"snap/internal/long"
)

// TestReindexOfTreesAlone: after a random history all change sets are taken away, or one of them. The new
// index holds what the old one held, a backup then copies nothing, and the one after it finds nothing.
func TestReindexOfTreesAlone(t *testing.T) {
	if dir, err := os.MkdirTemp("/dev/shm", "snap-"); err == nil { // every commit is synced: spare the disk some thousand of them
		t.Cleanup(func() { os.RemoveAll(dir) })
		t.Setenv("TMPDIR", dir)
	}
	moved, made := int64(0), 0
	long.Check(t, 15, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		p := newPlace(t)
		m := &mutator{p: p, r: rand.New(rand.NewPCG(seed, 1)), old: time.Unix(500000000, 0), did: map[string]int{}}
		rounds := rapid.IntRange(2, 4).Draw(rt, "rounds")
		for range 15 {
			mutations[m.r.IntN(3)].do(m)
		}
		for range rounds {
			for range m.r.IntN(10) {
				mutations[m.r.IntN(len(mutations))].do(m)
			}
			if m.r.IntN(2) == 0 { // more of what is back than chance brings
				m.takeAway()
			}
			p.dated(force, empty)
		}
		heads, before := p.knows()
		what := rapid.SampledFrom([]string{"all", "one", "tail of one", "byte of one"}).Draw(rt, "lost")
		one := p.set(rapid.IntRange(1, rounds).Draw(rt, "which"))
		b, err := os.ReadFile(one)
		p.do(err)
		switch what {
		case "all":
			p.do(os.RemoveAll(p.meta("changes")))
		case "one":
			p.do(os.Remove(one))
		case "tail of one":
			p.do(os.WriteFile(one, b[:m.r.IntN(len(b))], 0o600))
		case "byte of one":
			b[m.r.IntN(len(b))] ^= 0x41
			p.do(os.WriteFile(one, b, 0o600))
		}
		p.do(os.Remove(index.Path(p.dest)))
		res := p.reindex()
		if want := map[bool]int{true: rounds, false: 1}[what == "all"]; res.Snapshots != rounds || len(res.FromTrees) != want || len(res.Lost)+len(res.Left)+len(res.Foreign)+len(res.Notes) > 0 {
			rt.Fatalf("%s: %+v", what, res)
		}
		made += len(res.FromTrees)
		after, now := p.knows()
		wantSeen(t, what, before, now)
		p.wantUsage("without change set: " + what)
		for i := range heads {
			a, b := heads[i], after[i]
			if a.Seq != b.Seq || a.Name != b.Name || a.Files != b.Files || a.Dirs != b.Dirs || a.Bytes != b.Bytes || a.Linked != b.Linked || a.CopiedBytes != b.CopiedBytes {
				rt.Fatalf("%s: header %+v, want %+v", what, b, a)
			}
			moved += b.Moved
		}
		// The same again from the sets that were made.
		p.do(os.Remove(index.Path(p.dest)))
		if res := p.reindex(); len(res.FromTrees) > 0 {
			rt.Fatalf("a second reindex: %+v", res)
		}
		_, again := p.knows()
		for i := range now {
			delete(again[i], "")
			for path, r := range now[i] {
				if fmt.Sprint(again[i][path]) != fmt.Sprint(r) {
					rt.Fatalf("%s: %q is %+v from the set, %+v from the tree", what, path, again[i][path], r)
				}
			}
		}
		last := listing(t, filepath.Join(p.dest, heads[rounds-1].Name))
		made, _ := p.dated(force, empty)
		p.wantSame(made)
		if made.Header.CopiedBytes != 0 || made.Header.Added+made.Header.Modified+made.Header.Moved+made.Header.Removed > 0 {
			rt.Fatalf("%s: the next backup: %+v", what, made.Header)
		}
		for path, e := range listing(t, p.tree(made)) {
			if e.mode.IsRegular() && last[path].ino != e.ino {
				rt.Fatalf("%s: %q is no hard link into the snapshot before", what, path)
			}
		}
		if next, _ := p.dated(empty); !next.Skipped {
			rt.Fatalf("%s: the second backup found changes: %+v", what, next.Header)
		}
		p.do(os.RemoveAll(p.src))
		p.do(os.RemoveAll(p.dest))
	})
	if moved == 0 || made == 0 {
		t.Fatalf("%d moves, %d snapshots from trees: nothing was tested", moved, made)
	}
}

// TestWeakRecordsLearnTheirHash: files adopted without a hash are read once, on both sides, and what is
// equal is linked. The hash then stands in a change set: no later reindex forgets it.
func TestWeakRecordsLearnTheirHash(t *testing.T) {
	p := newPlace(t)
	p.write("same", "same")
	p.write("mode", "mode")
	p.write("other", "other")
	p.write("empty", "")
	p.write("gone", "gone")
	p.dated()
	p.lose(p.meta("changes"))
	p.reindex()
	info, err := os.Stat(p.path("other"))
	p.do(err)
	p.do(os.WriteFile(p.path("other"), []byte("OTHER"), 0o644))
	p.do(os.Chtimes(p.path("other"), info.ModTime(), info.ModTime()))
	p.do(os.Chmod(p.path("mode"), 0o600))
	p.do(os.Remove(p.path("gone")))
	dry, _ := p.dated(func(o *backup.Options) { o.DryRun = true })
	res, rec := p.dated()
	p.wantSame(res)
	for path, want := range map[string]string{"same": "silent linked", "empty": "silent linked", "other": "modified copied", "mode": "metadata copied", "gone": "removed absent"} {
		r := rec.changes[path]
		if r.Stored == index.Cloned {
			r.Stored = index.Copied
		}
		if got := fmt.Sprint(r.Change, " ", r.Stored); got != want || r.Exists() && !r.Has(index.Hashed) {
			t.Errorf("%s: %s, flags %b, want %s", path, got, r.Flags, want)
		}
	}
	if dry.Header.Modified != 1 || dry.Header.Linked != 2 {
		t.Errorf("the dry run: %+v", dry.Header)
	}
	p.do(os.Remove(index.Path(p.dest)))
	p.reindex()
	_, all := p.knows()
	for path, r := range all[1] {
		if r.Weak() {
			t.Errorf("%q has no hash after the second reindex", path)
		}
	}
	// The copy in the snapshot is not trusted: it is compared.
	p.lose(p.meta("changes"))
	p.reindex()
	stored := filepath.Join(p.tree(res), "same")
	info, err = os.Stat(stored)
	p.do(err)
	p.do(os.WriteFile(stored, []byte("SAME"), 0o644))
	p.do(os.Chtimes(stored, info.ModTime(), info.ModTime()))
	res, rec = p.dated()
	p.wantSame(res)
	if r := rec.changes["same"]; r.Stored != index.Copied {
		t.Errorf("an altered copy was %v", r.Stored)
	}
}

// TestUnchangedAdoptedSnapshot: where nothing changed the hashes alone are worth one snapshot, and no second.
func TestUnchangedAdoptedSnapshot(t *testing.T) {
	p := newPlace(t)
	p.write("a", "a")
	p.do(os.Chmod(p.src, 0o700)) // as the top of a snapshot, so that not even this differs
	p.dated()
	p.lose(p.meta("changes"))
	p.reindex()
	res, _ := p.dated()
	if res.Skipped || res.Header.CopiedBytes != 0 || res.Header.Modified+res.Header.Added != 0 {
		t.Fatalf("%+v", res.Header)
	}
	if res, _ := p.dated(); !res.Skipped {
		t.Fatalf("%+v", res.Header)
	}
}

// TestRenamesOfTreesAlone: moves are recognised by inodes, renamed folders by what is in them.
func TestRenamesOfTreesAlone(t *testing.T) {
	p := newPlace(t)
	p.write("docs/deep/a", "a")
	p.write("docs/deep/b", "b")
	p.write("docs/c", "c")
	p.write("x", "x")
	p.write("y", "y")
	p.do(os.Link(p.path("x"), p.path("x2")))
	p.dated()
	p.do(os.Rename(p.path("docs"), p.path("papers")))
	p.do(os.Rename(p.path("y"), p.path("z")))
	p.do(os.Link(p.path("x"), p.path("x3")))
	p.do(os.Remove(p.path("x2")))
	p.dated()
	p.do(os.Rename(p.path("x"), p.path("swap")))
	p.do(os.Rename(p.path("z"), p.path("x")))
	p.do(os.Rename(p.path("swap"), p.path("z")))
	p.dated()
	heads, _ := p.knows()
	tell := func() (out []string) {
		db, err := index.Open(index.Path(p.dest))
		p.do(err)
		for i := 1; i < len(heads); i++ {
			for d, err := range db.Diff(context.Background(), heads[i-1].Seq, heads[i].Seq) {
				p.do(err)
				if d.Path != "" {
					out = append(out, fmt.Sprintf("%d %v %s %s", i, d.Change, d.Path, d.From))
				}
			}
		}
		steps, err := db.Follow(context.Background(), "papers/deep/a")
		p.do(err)
		for _, s := range steps {
			out = append(out, fmt.Sprint("life ", s.Seq, s.Path, s.Change))
		}
		return out
	}
	want := tell()
	for _, lost := range []string{"0000000001", "0000000002", "0000000003", ""} {
		p.do(os.RemoveAll(p.meta("changes", lost)))
		p.do(os.Remove(index.Path(p.dest)))
		p.reindex()
		if got := tell(); !slices.Equal(got, want) {
			t.Errorf("without change set %q:\n%s\nwant\n%s", lost, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		after, _ := p.knows()
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
	p := newPlace(t)
	p.write("docs/a", "aaa")
	p.write("docs/b", "bbb")
	p.write("c", "ccc")
	p.do(os.Symlink("c", p.path("link")))
	one, two, three := filepath.Join(p.dest, "monday"), filepath.Join(p.dest, "tuesday"), filepath.Join(p.dest, "wednesday")
	must(t, "cp", "-a", p.src, one)
	must(t, "cp", "-al", one, two)
	p.do(os.Rename(filepath.Join(two, "docs"), filepath.Join(two, "papers")))
	p.do(os.Rename(p.path("docs"), p.path("papers")))
	p.write("c", "changed")
	must(t, "rsync", "-aH", "--link-dest="+two, p.src+"/", three)
	for i, dir := range []string{one, two, three} {
		at := time.Unix(1e9+int64(i), 0)
		p.do(os.Chtimes(dir, at, at))
	}
	p.do(os.Mkdir(filepath.Join(p.dest, "lost+found"), 0o700))
	d, err := backup.Open(context.Background(), p.dest, backup.OpenOptions{Create: true}) // snap init
	p.do(err)
	id := d.ID
	p.do(d.Close())

	if res := p.reindex(); res.Snapshots != 0 || !slices.Equal(res.Foreign, []string{"monday", "tuesday", "wednesday"}) {
		t.Fatalf("without --adopt: %+v", res)
	}
	res := p.reindex(func(o *backup.ReindexOptions) { o.Adopt, o.Source = true, p.src })
	if res.Snapshots != 3 || len(res.FromTrees) != 3 || len(res.Foreign) != 0 {
		t.Fatalf("%+v", res)
	}
	heads, all := p.knows()
	for _, h := range heads {
		if len(h.Volumes) != 0 || h.Destination != id {
			t.Errorf("%+v, want destination %s and no volume", h, id)
		}
	}
	if h := heads[1]; h.Name != "tuesday" || h.Moved != 3 || h.Added+h.Removed+h.Modified != 0 || h.Source != p.src {
		t.Errorf("%+v", h)
	}
	if h := heads[2]; h.Modified != 1 || h.Moved+h.Added+h.Removed != 0 || h.CopiedBytes != 7 {
		t.Errorf("%+v", h)
	}
	if len(all[2]) != 6 {
		t.Errorf("%v", all[2])
	}
	made, _ := p.dated()
	p.wantSame(made)
	if made.Header.CopiedBytes != 0 || made.Header.Added+made.Header.Modified+made.Header.Moved+made.Header.Removed != 0 {
		t.Errorf("%+v", made.Header)
	}
	a, b := listing(t, three), listing(t, p.tree(made))
	for path := range a {
		if !a[path].mode.IsDir() && a[path].ino != b[path].ino {
			t.Errorf("%s was copied", path)
		}
	}
	if next, _ := p.dated(); !next.Skipped {
		t.Errorf("%+v", next.Header)
	}
	// A folder older than the snapshot that snap made cannot come between.
	must(t, "cp", "-al", one, filepath.Join(p.dest, "sunday"))
	at := time.Unix(1e9-1, 0)
	p.do(os.Chtimes(filepath.Join(p.dest, "sunday"), at, at))
	if res := p.reindex(func(o *backup.ReindexOptions) { o.Adopt = true }); !slices.Equal(res.Left, []string{"sunday"}) || res.Snapshots != 4 {
		t.Errorf("%+v", res)
	}
}
