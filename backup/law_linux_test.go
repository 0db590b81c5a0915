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
	"snap/internal/long"
)

// TestLaws mutates a source at random and checks after each backup: the snapshot is the source; every
// older snapshot is as it was; a file that was not touched keeps its inode; a second run finds nothing.
func TestLaws(t *testing.T) {
	did := map[string]int{}
	backups := 0
	long.Check(t, 25, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		racy := rapid.Bool().Draw(rt, "racy")
		p := newPlace(t)
		m := &mutator{p: p, r: rand.New(rand.NewPCG(seed, 1)), old: time.Unix(500000000, 0), did: did}
		for range 15 {
			mutations[m.r.IntN(3)].do(m)
		}
		digests := map[string]map[string]entry{}
		var last map[string]entry // the snapshot before
		stamps := map[string][2]int64{}
		for round := range rapid.IntRange(2, 5).Draw(rt, "rounds") {
			var names []string
			for range m.r.IntN(12) {
				w := mutations[m.r.IntN(len(mutations))]
				w.do(m)
				did[w.name]++
				names = append(names, w.name)
			}
			before := listing(t, p.src)
			opts := []func(*backup.Options){force, empty}
			if racy {
				opts = append(opts, func(o *backup.Options) { o.Start = time.Now() })
			}
			res, _ := p.backup(opts...)
			backups++
			tree := listing(t, p.tree(res))
			if d := difference(before, tree); d != "" {
				rt.Fatalf("round %d after %q: the snapshot is not the source:\n%s", round, names, d)
			}
			for name, want := range digests {
				if got := listing(t, filepath.Join(p.dest, name)); difference(want, got) != "" {
					rt.Fatalf("round %d after %q: snapshot %s is not as it was:\n%s", round, names, name, difference(want, got))
				}
			}
			digests[res.Header.Name] = tree
			now := map[string][2]int64{}
			for path, e := range tree {
				if e.mode.IsDir() {
					continue
				}
				st, err := os.Lstat(p.path(path))
				p.do(err)
				sys := st.Sys().(*syscall.Stat_t)
				now[path] = [2]int64{int64(sys.Ino), sys.Ctim.Nano()}
				old, was := last[path]
				switch {
				case was && stamps[path] == now[path] && old.ino != e.ino:
					rt.Fatalf("round %d after %q: %q was not touched and got a new inode", round, names, path)
				case was && (old.mode != e.mode || old.sum != e.sum || !old.mtime.Equal(e.mtime) || old.target != e.target) && old.ino == e.ino:
					rt.Fatalf("round %d after %q: %q changed and kept its inode", round, names, path)
				}
			}
			last, stamps = tree, now
			if res, _ := p.backup(empty); !res.Skipped {
				rt.Fatalf("round %d after %q: a second run found changes", round, names)
			}
			p.n--
		}
		p.do(os.RemoveAll(p.src + "-away"))
		p.do(os.RemoveAll(p.src))
		p.do(os.RemoveAll(p.dest))
	})
	t.Logf("%d backups after %v", backups, did)
	if backups == 0 {
		t.Fatal("nothing was tested")
	}
}
