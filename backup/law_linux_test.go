package backup_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/internal/long"
)

// TestLaws mutates a source at random and checks after each backup: the snapshot is the source; every
// older snapshot is as it was; a file that was not touched keeps its inode, and one that was changed does not; a second
// run finds nothing.
func TestLaws(t *testing.T) { laws(t, 25) }

func laws(t *testing.T, n int) {
	did := map[string]int{}
	backups := 0
	long.Check(t, n, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		racy := rapid.Bool().Draw(rt, "racy")
		p := backuptest.NewPlace(t)
		m := &backuptest.Mutator{P: p, R: rand.New(rand.NewPCG(seed, 1)), Old: time.Unix(500000000, 0), Did: did}
		for range 15 {
			backuptest.Mutations[m.R.IntN(3)].Do(m)
		}
		digests := map[string]map[string]backuptest.Entry{}
		var last map[string]backuptest.Entry // the snapshot before
		stamps := map[string][2]int64{}
		for round := range rapid.IntRange(2, 5).Draw(rt, "rounds") {
			var names []string
			for range m.R.IntN(12) {
				w := backuptest.Mutations[m.R.IntN(len(backuptest.Mutations))]
				w.Do(m)
				did[w.Name]++
				names = append(names, w.Name)
			}
			before := backuptest.Listing(t, p.Src)
			opts := []func(*backup.Options){backuptest.Force, backuptest.Empty}
			if racy {
				opts = append(opts, func(o *backup.Options) { o.Start = time.Now() })
			}
			res, _ := p.Backup(opts...)
			backups++
			tree := backuptest.Listing(t, p.Tree(res))
			if d := backuptest.Difference(before, tree); d != "" {
				rt.Fatalf("round %d after %q: the snapshot is not the source:\n%s", round, names, d)
			}
			for name, want := range digests {
				if got := backuptest.Listing(t, filepath.Join(p.Dest, name)); backuptest.Difference(want, got) != "" {
					rt.Fatalf("round %d after %q: snapshot %s is not as it was:\n%s", round, names, name,
						backuptest.Difference(want, got))
				}
			}
			digests[res.Header.Name] = tree
			subvolume, sealed := isSealed(t, p.Tree(res)) // which has inodes of its own, whatever their numbers
			if subvolume != sealed {
				rt.Fatal("the snapshot is not read-only")
			}
			now := map[string][2]int64{}
			for path, e := range tree {
				if e.Mode.IsDir() {
					continue
				}
				st, err := os.Lstat(p.Path(path))
				p.Do(err)
				sys := st.Sys().(*syscall.Stat_t)
				now[path] = [2]int64{int64(sys.Ino), sys.Ctim.Nano()}
				old, was := last[path]
				switch {
				case was && stamps[path] == now[path] && old.Ino != e.Ino:
					rt.Fatalf("round %d after %q: %q was not touched and got a new inode", round, names, path)
				case was && (old.Sum != e.Sum || old.Target != e.Target ||
					!subvolume && (old.Mode != e.Mode || !old.Mtime.Equal(e.Mtime))) && old.Ino == e.Ino:
					rt.Fatalf("round %d after %q: %q changed and kept its inode", round, names, path)
				}
			}
			last, stamps = tree, now
			if res, _ := p.Backup(backuptest.Empty); !res.Skipped {
				rt.Fatalf("round %d after %q: a second run found changes", round, names)
			}
			p.N--
		}
		p.Do(os.RemoveAll(p.Src + "-away"))
		p.Do(os.RemoveAll(p.Src))
		p.Do(backuptest.RemoveAll(p.Dest))
	})
	t.Logf("%d backups after %v", backups, did)
	if backups == 0 {
		t.Fatal("nothing was tested")
	}
}
