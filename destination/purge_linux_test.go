package destination_test

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
	"snap/backup/backuptest"
	"snap/destination"
	"snap/destination/check"
	"snap/index"
	"snap/internal/filetest"
	"snap/internal/long"
	"snap/record"
)

// otherLinks are the names of an inode without those that go; none where one is left.
func otherLinks(links string, paths []string) string {
	names := slices.DeleteFunc(strings.Split(links, "\n"),
		func(name string) bool { return backuptest.Within(name, paths) })
	if len(names) < 2 {
		return ""
	}
	return strings.Join(names, "\n")
}

// TestPurge: after a purge the paths are in none of the snapshots that it was about, everything else is what it was,
// and all that is said of it is what would be said if the paths had never been there.
func TestPurge(t *testing.T) {
	purged := 0
	long.Check(t, 30, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		p := backuptest.NewPlace(t)
		m := &backuptest.Mutator{P: p, R: rand.New(rand.NewPCG(seed, 1)), Old: time.Unix(500000000, 0), Did: map[string]int{}}
		for range 15 {
			backuptest.Mutations[m.R.IntN(3)].Do(m)
		}
		var names []string
		ever := map[string]bool{}
		for range rapid.IntRange(2, 5).Draw(rt, "rounds") {
			for range m.R.IntN(10) {
				backuptest.Mutations[m.R.IntN(len(backuptest.Mutations))].Do(m)
			}
			if m.R.IntN(2) == 0 { // more of what is back than chance brings
				m.TakeAway()
			}
			res, _ := p.Backup(backuptest.Force, backuptest.Empty)
			names = append(names, res.Header.Name)
			for path := range backuptest.Listing(t, p.Tree(res)) {
				if path != "" {
					ever[path] = true
				}
			}
		}
		if len(ever) == 0 {
			return
		}
		all := slices.SortedFunc(maps.Keys(ever), record.Compare)
		var paths, in []string
		for range 1 + m.R.IntN(3) {
			paths = append(paths, all[m.R.IntN(len(all))])
		}
		slices.SortFunc(paths, record.Compare)
		var apart []string
		for _, path := range paths {
			if len(apart) == 0 || !record.Within(path, apart[len(apart)-1]) {
				apart = append(apart, path)
			}
		}
		paths = apart
		in = names
		if rapid.Bool().Draw(rt, "in some") {
			in = nil
			for _, n := range names {
				if m.R.IntN(2) == 0 {
					in = append(in, n)
				}
			}
		}
		what := fmt.Sprintf("seed %d, purged %q in %q of %q", seed, paths, in, names)
		before, answers := p.Held(names), p.Answers(names)
		for n, tree := range before {
			if slices.Contains(in, n) {
				maps.DeleteFunc(tree, func(path string, _ backuptest.Entry) bool {
					if backuptest.Within(path, paths) {
						purged++
						return true
					}
					return false
				})
				for path, e := range tree {
					e.Links = otherLinks(e.Links, paths)
					tree[path] = e
				}
			}
		}
		total, promised := p.InTrees(), p.PurgeFrees(paths, in)
		p.Purge(paths, in)
		p.WantUsage(what)
		if left := p.InTrees(); total.Inodes-left.Inodes != promised.Inodes || total.Bytes-left.Bytes != promised.Bytes {
			rt.Fatalf("%s: %+v of %+v are left, and it was to free %+v", what, left, total, promised)
		}
		for _, n := range names {
			if d := backuptest.Difference(before[n], backuptest.Listing(t, filepath.Join(p.Dest, n))); d != "" {
				rt.Fatalf("%s: the tree of %s:\n%s", what, n, d)
			}
		}
		now := p.Answers(names)
		for q, want := range answers {
			word := strings.SplitN(q, " ", 3)
			if word[0] != "ls" {
				continue
			}
			got, there := now[q]
			gone := slices.Contains(in, word[1]) && backuptest.Within(word[2], paths)
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
			p.NamesNothing(what, paths)
		}
		p.Do(os.Remove(index.Path(p.Dest)))
		p.Reindex()
		if d := sameAnswers(now, p.Answers(names)); d != "" {
			rt.Fatalf("%s, and reindexed: %s", what, d)
		}
		res, _ := p.Backup(backuptest.Force, backuptest.Empty)
		if d := backuptest.Difference(backuptest.Listing(t, p.Src), backuptest.Listing(t, p.Tree(res))); d != "" {
			rt.Fatalf("%s: the next snapshot is not the source:\n%s", what, d)
		}
		p.Do(os.RemoveAll(p.Src))
		p.Do(backuptest.RemoveAll(p.Dest))
	})
	if purged == 0 {
		t.Fatal("nothing was purged")
	}
}

// TestPurgeOnAFullDisk: the trees give back the room that the rest needs.
func TestPurgeOnAFullDisk(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Dest, _ = filetest.Image(t, "ext4", "64M", "-m", "0")
	p.Write("big", strings.Repeat("big", 3<<20))
	for i := range 300 {
		p.Write(fmt.Sprintf("d/f%03d", i), "f")
	}
	first, _ := p.Backup()
	p.Write("more", "more")
	second, _ := p.Backup()
	backuptest.Fill(t, p.Dest)
	p.Purge([]string{"big"}, []string{first.Header.Name, second.Header.Name})
	for _, res := range []*backup.Result{first, second} {
		if _, err := os.Lstat(filepath.Join(p.Tree(res), "big")); !os.IsNotExist(err) {
			t.Errorf("it is still there: %v", err)
		}
	}
	p.Do(os.Remove(filepath.Join(p.Dest, "filler")))
	p.Do(os.Remove(p.Path("big")))
	if res, _ := p.Backup(); !res.Skipped {
		t.Errorf("the source has changed: %+v", res.Header)
	}
}

// TestPurgeLeavesNoName: neither the index, nor what was put aside, nor what interrupted runs have left holds a name
// or a byte of what is purged.
func TestPurgeLeavesNoName(t *testing.T) {
	p := backuptest.NewPlace(t)
	const name, text = "a-very-secret-name", "a very secret text"
	p.Write("d/"+name, text)
	for i := range 30 {
		p.Write(fmt.Sprint("f", i), fmt.Sprint(i))
	}
	first, _ := p.Backup()
	p.Write("g", "g")
	second, _ := p.Backup()
	set, err := os.ReadFile(p.Set(1))
	p.Do(err)
	for _, aside := range []string{".lost", ".replaced", ".unpublished"} {
		p.Do(os.WriteFile(p.Set(1)+aside, set, 0o600))
	}
	p.Do(os.WriteFile(p.Set(1)+".lost-2", set[:len(set)/2], 0o600)) // damaged
	old, err := os.ReadFile(index.Path(p.Dest))
	p.Do(err)
	p.Do(os.WriteFile(index.Path(p.Dest)+".old", old, 0o600))
	for i := range 30 {
		p.Do(os.Remove(p.Path(fmt.Sprint("f", i))))
		p.Write(fmt.Sprint("h", i), "new")
	}
	p.Interrupt(40)
	before, err := os.Lstat(filepath.Join(p.Tree(first), "d"))
	p.Do(err)
	p.Purge([]string{"d/" + name}, []string{first.Header.Name, second.Header.Name})
	if after, err := os.Lstat(filepath.Join(p.Tree(first), "d")); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("the folder's time: %v, was %v (%v)", after.ModTime(), before.ModTime(), err)
	}
	p.Do(filepath.WalkDir(p.Dest, func(path string, e os.DirEntry, err error) error {
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

// TestPurgeIsFinished: whatever stops a purge, the next run that writes finishes it, and reindex does where the index
// is lost.
func TestPurgeIsFinished(t *testing.T) {
	for _, lost := range []bool{false, true} {
		p := backuptest.NewPlace(t)
		p.Write("d/secret", "s")
		p.Write("d/other", "o")
		p.Do(os.Link(p.Path("d/secret"), p.Path("d/zname")))
		res, _ := p.Backup()
		names := []string{res.Header.Name}
		p.Do(os.Rename(p.Path("d"), p.Path("e")))
		res, _ = p.Backup()
		names = append(names, res.Header.Name)
		p.Do(os.WriteFile(p.Meta("purge"),
			[]byte(`{"paths":["ZC9zZWNyZXQ=","ZS9zZWNyZXQ="],"seqs":[1,2]}`+"\n"+`3b810eca`+"\n"), 0o600))
		if _, err := check.Run(context.Background(), p.Dest, check.Options{}); !errors.Is(err, destination.ErrPurging) {
			t.Errorf("check says %v", err)
		}
		if lost {
			p.Lose()
			p.Reindex()
		} else {
			p.InDestination(func(context.Context, *destination.Destination) {})
		}
		for i, path := range []string{"d/", "e/"} {
			if _, err := os.Lstat(filepath.Join(p.Dest, names[i], path+"secret")); !os.IsNotExist(err) {
				t.Errorf("%ssecret is still there: %v", path, err)
			}
			if _, err := os.Lstat(filepath.Join(p.Dest, names[i], path+"zname")); err != nil {
				t.Error(err)
			}
		}
		if found := backuptest.Said(p.Check(check.Options{Read: backuptest.ReadAll})); len(found) > 0 {
			t.Errorf("%q", found)
		}
	}
}

// TestPurgeOfANameBetween: the only name that an inode had in the middle snapshot is purged, where its first path has
// an equal copy by then. What is there later leads to the first snapshot, not to the copy.
func TestPurgeOfANameBetween(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a", "bytes")
	p.Write("dir/b", "b")
	p.Backup()
	p.Do(os.Rename(p.Path("a"), p.Path("dir/a")))
	stat, err := os.Stat(p.Path("dir/a"))
	p.Do(err)
	p.Write("a", "bytes")
	p.Do(os.Chtimes(p.Path("a"), stat.ModTime(), stat.ModTime()))
	p.Backup()
	p.Do(os.Rename(p.Path("dir/a"), p.Path("c")))
	res, _ := p.Backup()
	p.Purge([]string{"dir"}, []string{"s0001", "s0002", res.Header.Name})
	p.WantUsage("after the purge")
}
