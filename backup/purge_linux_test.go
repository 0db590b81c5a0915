package backup_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
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

// otherLinks are the names of an inode without those that go; none where one is left.
func otherLinks(links string, paths []string) string {
	names := slices.DeleteFunc(strings.Split(links, "\n"), func(name string) bool { return within(name, paths) })
	if len(names) < 2 {
		return ""
	}
	return strings.Join(names, "\n")
}

// TestPurge: after a purge the paths are in none of the snapshots that it was about, everything else is what it was, and
// all that is said of it is what would be said if the paths had never been there.
func TestPurge(t *testing.T) {
	purged := 0
	long.Check(t, 30, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		p := newPlace(t)
		m := &mutator{p: p, r: rand.New(rand.NewPCG(seed, 1)), old: time.Unix(500000000, 0), did: map[string]int{}}
		for range 15 {
			mutations[m.r.IntN(3)].do(m)
		}
		var names []string
		ever := map[string]bool{}
		for range rapid.IntRange(2, 5).Draw(rt, "rounds") {
			for range m.r.IntN(10) {
				mutations[m.r.IntN(len(mutations))].do(m)
			}
			if m.r.IntN(2) == 0 { // more of what is back than chance brings
				m.takeAway()
			}
			res, _ := p.backup(force, empty)
			names = append(names, res.Header.Name)
			for path := range listing(t, p.tree(res)) {
				if path != "" {
					ever[path] = true
				}
			}
		}
		if len(ever) == 0 {
			return
		}
		all := slices.SortedFunc(maps.Keys(ever), index.Compare)
		var paths, in []string
		for range 1 + m.r.IntN(3) {
			paths = append(paths, all[m.r.IntN(len(all))])
		}
		slices.SortFunc(paths, index.Compare)
		var apart []string
		for _, path := range paths {
			if len(apart) == 0 || !index.Within(path, apart[len(apart)-1]) {
				apart = append(apart, path)
			}
		}
		paths = apart
		in = names
		if rapid.Bool().Draw(rt, "in some") {
			in = nil
			for _, n := range names {
				if m.r.IntN(2) == 0 {
					in = append(in, n)
				}
			}
		}
		what := fmt.Sprintf("seed %d, purged %q in %q of %q", seed, paths, in, names)
		before, answers := p.held(names), p.answers(names)
		for n, tree := range before {
			if slices.Contains(in, n) {
				maps.DeleteFunc(tree, func(path string, _ entry) bool {
					if within(path, paths) {
						purged++
						return true
					}
					return false
				})
				for path, e := range tree {
					e.links = otherLinks(e.links, paths)
					tree[path] = e
				}
			}
		}
		total, promised := p.inTrees(), p.purgeFrees(paths, in)
		p.purge(paths, in)
		p.wantUsage(what)
		if left := p.inTrees(); total.Inodes-left.Inodes != promised.Inodes || total.Bytes-left.Bytes != promised.Bytes {
			rt.Fatalf("%s: %+v of %+v are left, and it was to free %+v", what, left, total, promised)
		}
		for _, n := range names {
			if d := difference(before[n], listing(t, filepath.Join(p.dest, n))); d != "" {
				rt.Fatalf("%s: the tree of %s:\n%s", what, n, d)
			}
		}
		now := p.answers(names)
		for q, want := range answers {
			word := strings.SplitN(q, " ", 3)
			if word[0] != "ls" {
				continue
			}
			got, there := now[q]
			gone := slices.Contains(in, word[1]) && within(word[2], paths)
			if gone && there || !gone && got != want {
				rt.Fatalf("%s: %s: %q, then %q", what, q, want, got)
			}
		}
		for q := range now {
			if _, was := answers[q]; !was && strings.HasPrefix(q, "ls ") {
				rt.Fatalf("%s: %s: nothing, then %q", what, q, now[q])
			}
		}
		if len(in) == len(names) {
			p.namesNothing(what, paths)
		}
		p.do(os.Remove(index.Path(p.dest)))
		p.reindex()
		if d := sameAnswers(now, p.answers(names)); d != "" {
			rt.Fatalf("%s, and reindexed: %s", what, d)
		}
		res, _ := p.backup(force, empty)
		if d := difference(listing(t, p.src), listing(t, p.tree(res))); d != "" {
			rt.Fatalf("%s: the next snapshot is not the source:\n%s", what, d)
		}
		p.do(os.RemoveAll(p.src))
		p.do(os.RemoveAll(p.dest))
	})
	if purged == 0 {
		t.Fatal("nothing was purged")
	}
}

// TestPurgeOnAFullDisk: the trees give back the room that the rest needs.
func TestPurgeOnAFullDisk(t *testing.T) {
	p := newPlace(t)
	p.dest, _ = image(t, "ext4", "64M", "-m", "0")
	p.write("big", strings.Repeat("big", 3<<20))
	for i := range 300 {
		p.write(fmt.Sprintf("d/f%03d", i), "f")
	}
	first, _ := p.backup()
	p.write("more", "more")
	second, _ := p.backup()
	fill(t, p.dest)
	p.purge([]string{"big"}, []string{first.Header.Name, second.Header.Name})
	for _, res := range []*backup.Result{first, second} {
		if _, err := os.Lstat(filepath.Join(p.tree(res), "big")); !os.IsNotExist(err) {
			t.Errorf("it is still there: %v", err)
		}
	}
	p.do(os.Remove(filepath.Join(p.dest, "filler")))
	p.do(os.Remove(p.path("big")))
	if res, _ := p.backup(); !res.Skipped {
		t.Errorf("the source has changed: %+v", res.Header)
	}
}

// TestPurgeLeavesNoName: neither the index, nor what was put aside, nor what interrupted runs have left holds a name or a
// byte of what is purged.
func TestPurgeLeavesNoName(t *testing.T) {
	p := newPlace(t)
	const name, text = "a-very-secret-name", "a very secret text"
	p.write("d/"+name, text)
	for i := range 30 {
		p.write(fmt.Sprint("f", i), fmt.Sprint(i))
	}
	first, _ := p.backup()
	p.write("g", "g")
	second, _ := p.backup()
	set, err := os.ReadFile(p.set(1))
	p.do(err)
	for _, aside := range []string{".lost", ".replaced", ".unpublished"} {
		p.do(os.WriteFile(p.set(1)+aside, set, 0o600))
	}
	p.do(os.WriteFile(p.set(1)+".lost-2", set[:len(set)/2], 0o600)) // damaged
	old, err := os.ReadFile(index.Path(p.dest))
	p.do(err)
	p.do(os.WriteFile(index.Path(p.dest)+".old", old, 0o600))
	for i := range 30 {
		p.do(os.Remove(p.path(fmt.Sprint("f", i))))
		p.write(fmt.Sprint("h", i), "new")
	}
	p.interrupt(40)
	before, err := os.Lstat(filepath.Join(p.tree(first), "d"))
	p.do(err)
	p.purge([]string{"d/" + name}, []string{first.Header.Name, second.Header.Name})
	if after, err := os.Lstat(filepath.Join(p.tree(first), "d")); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("the folder's time: %v, was %v (%v)", after.ModTime(), before.ModTime(), err)
	}
	p.do(filepath.WalkDir(p.dest, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if strings.Contains(path, name) || strings.Contains(string(b), name) || strings.Contains(string(b), text) {
			t.Errorf("%s holds it", path)
		}
		return err
	}))
}

// TestPurgeIsFinished: whatever stops a purge, the next run that writes finishes it, and reindex does where the index is
// lost.
func TestPurgeIsFinished(t *testing.T) {
	for _, lost := range []bool{false, true} {
		p := newPlace(t)
		p.write("d/secret", "s")
		p.write("d/other", "o")
		p.do(os.Link(p.path("d/secret"), p.path("d/zname")))
		res, _ := p.backup()
		names := []string{res.Header.Name}
		p.do(os.Rename(p.path("d"), p.path("e")))
		res, _ = p.backup()
		names = append(names, res.Header.Name)
		p.do(os.WriteFile(p.meta("purge"), []byte(`{"paths":["ZC9zZWNyZXQ=","ZS9zZWNyZXQ="],"seqs":[1,2]}`+"\n"+`3b810eca`+"\n"), 0o600))
		if _, err := backup.Check(context.Background(), p.dest, backup.CheckOptions{}); !errors.Is(err, backup.ErrPurging) {
			t.Errorf("check says %v", err)
		}
		if lost {
			p.lose()
			p.reindex()
		} else {
			p.inDestination(func(context.Context, *backup.Destination) {})
		}
		for i, path := range []string{"d/", "e/"} {
			if _, err := os.Lstat(filepath.Join(p.dest, names[i], path+"secret")); !os.IsNotExist(err) {
				t.Errorf("%ssecret is still there: %v", path, err)
			}
			if _, err := os.Lstat(filepath.Join(p.dest, names[i], path+"zname")); err != nil {
				t.Error(err)
			}
		}
		if found := said(p.check(backup.CheckOptions{Read: readAll})); len(found) > 0 {
			t.Errorf("%q", found)
		}
	}
}
