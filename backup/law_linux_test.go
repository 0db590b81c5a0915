package backup_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"snap/backup"
	"snap/internal/long"
)

// mutator changes a source tree at random, in every way that people and programs do.
type mutator struct {
	p   *place
	r   *rand.Rand
	old time.Time
	did map[string]int

	away string // where in the source what is beside it now was, "" if nothing is
}

func (m *mutator) paths(dirs bool) []string {
	var all []string
	filepath.WalkDir(m.p.src, func(p string, d os.DirEntry, err error) error {
		if err == nil && p != m.p.src && d.IsDir() == dirs {
			all = append(all, p)
		}
		return nil
	})
	sort.Strings(all)
	return all
}

func (m *mutator) pick(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[m.r.IntN(len(all))]
}

// dir is a folder of the source, the source itself too.
func (m *mutator) dir() string {
	return m.pick(append(m.paths(true), m.p.src))
}

var alphabet = []string{"a", "b", "b.txt", "c-d", "c", "A", "ü", " x", "\x01y", "z\xff"}

func (m *mutator) free() string {
	for range 20 {
		p := filepath.Join(m.dir(), alphabet[m.r.IntN(len(alphabet))])
		if _, err := os.Lstat(p); err != nil {
			return p
		}
	}
	return filepath.Join(m.p.src, fmt.Sprintf("n%d", m.r.Int()))
}

func (m *mutator) text() []byte {
	b := make([]byte, []int{0, 1, 5, 5, 100, 5000, 70000}[m.r.IntN(7)])
	c := byte('a' + m.r.IntN(3))
	for i := range b {
		b[i] = c
	}
	return b
}

func (m *mutator) file(p string) bool {
	i, err := os.Lstat(p)
	return err == nil && i.Mode().IsRegular()
}

// mutations are the ways. Each names itself, so that a run can say what it tried.
var mutations = []struct {
	name string
	do   func(m *mutator)
}{
	{"create", func(m *mutator) { os.WriteFile(m.free(), m.text(), 0o644) }},
	{"create with an old time", func(m *mutator) {
		p := m.free()
		os.WriteFile(p, m.text(), 0o644)
		os.Chtimes(p, m.old, m.old)
	}},
	{"mkdir", func(m *mutator) { os.Mkdir(m.free(), 0o755) }},
	{"symlink", func(m *mutator) { os.Symlink([]string{"a", "../b", "/nowhere"}[m.r.IntN(3)], m.free()) }},
	{"rewrite", func(m *mutator) {
		if p := m.pick(m.paths(false)); m.file(p) {
			os.WriteFile(p, m.text(), 0o644)
		}
	}},
	{"rewrite, same size and time", func(m *mutator) {
		p := m.pick(m.paths(false))
		if !m.file(p) {
			return
		}
		i, _ := os.Lstat(p)
		b, _ := os.ReadFile(p)
		if len(b) > 0 {
			b[m.r.IntN(len(b))] ^= 1
		}
		os.WriteFile(p, b, 0)
		os.Chtimes(p, i.ModTime(), i.ModTime())
	}},
	{"replace, same size and time", func(m *mutator) {
		p := m.pick(m.paths(false))
		if !m.file(p) {
			return
		}
		i, _ := os.Lstat(p)
		b, _ := os.ReadFile(p)
		if len(b) > 0 {
			b[0] ^= 1
		}
		os.Remove(p)
		os.WriteFile(p, b, 0o644)
		os.Chtimes(p, i.ModTime(), i.ModTime())
	}},
	{"replace by an equal copy", func(m *mutator) {
		p := m.pick(m.paths(false))
		if !m.file(p) {
			return
		}
		i, _ := os.Lstat(p)
		b, _ := os.ReadFile(p)
		os.WriteFile(p+"~", b, i.Mode().Perm())
		os.Chtimes(p+"~", i.ModTime(), i.ModTime())
		os.Rename(p+"~", p)
	}},
	{"copy with its time", func(m *mutator) {
		p, q := m.pick(m.paths(false)), m.free()
		if !m.file(p) {
			return
		}
		i, _ := os.Lstat(p)
		b, _ := os.ReadFile(p)
		os.WriteFile(q, b, i.Mode().Perm())
		os.Chtimes(q, i.ModTime(), i.ModTime())
	}},
	{"append", func(m *mutator) {
		if p := m.pick(m.paths(false)); m.file(p) {
			f, err := os.OpenFile(p, os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				f.WriteString("x")
				f.Close()
			}
		}
	}},
	{"touch", func(m *mutator) {
		if p := m.pick(m.paths(false)); m.file(p) {
			t := m.old.Add(time.Duration(m.r.IntN(1e9)))
			os.Chtimes(p, t, t)
		}
	}},
	{"chmod", func(m *mutator) {
		if p := m.pick(m.paths(m.r.IntN(2) == 0)); p != "" && (m.file(p) || isDir(p)) {
			mode := []os.FileMode{0o644, 0o600, 0o755, 0o700}[m.r.IntN(4)]
			if isDir(p) && os.Geteuid() != 0 {
				mode |= 0o100 // else what is in it is out of reach for the test
			}
			os.Chmod(p, mode)
		}
	}},
	{"remove", func(m *mutator) { os.Remove(m.pick(m.paths(false))) }},
	{"remove a folder", func(m *mutator) {
		if d := m.pick(m.paths(true)); d != "" && m.r.IntN(3) == 0 {
			os.RemoveAll(d)
		}
	}},
	{"rename", func(m *mutator) { os.Rename(m.pick(m.paths(false)), m.free()) }},
	{"rename over", func(m *mutator) { os.Rename(m.pick(m.paths(false)), m.pick(m.paths(false))) }},
	{"rename a folder", func(m *mutator) { os.Rename(m.pick(m.paths(true)), m.free()) }},
	{"rename and edit", func(m *mutator) {
		p, q := m.pick(m.paths(false)), m.free()
		if m.file(p) && os.Rename(p, q) == nil {
			os.WriteFile(q, m.text(), 0o644)
		}
	}},
	{"rotate", func(m *mutator) { // what logrotate does
		dir := m.dir()
		for i := 4; i > 0; i-- {
			os.Rename(filepath.Join(dir, fmt.Sprint("log.", i)), filepath.Join(dir, fmt.Sprint("log.", i+1)))
		}
		os.WriteFile(filepath.Join(dir, "log.1"), m.text(), 0o644)
	}},
	{"swap", func(m *mutator) {
		p, q := m.pick(m.paths(false)), m.pick(m.paths(false))
		if p == "" || p == q {
			return
		}
		os.Rename(p, p+"~")
		os.Rename(q, p)
		os.Rename(p+"~", q)
	}},
	{"hard link", func(m *mutator) { os.Link(m.pick(m.paths(false)), m.free()) }},
	{"break a hard link", func(m *mutator) {
		p := m.pick(m.paths(false))
		if !m.file(p) {
			return
		}
		i, _ := os.Lstat(p)
		b, _ := os.ReadFile(p)
		os.Remove(p)
		os.WriteFile(p, b, i.Mode().Perm())
		os.Chmod(p, i.Mode().Perm())
		os.Chtimes(p, i.ModTime(), i.ModTime())
	}},
	{"file to folder", func(m *mutator) {
		if p := m.pick(m.paths(false)); p != "" && os.Remove(p) == nil {
			os.Mkdir(p, 0o755)
		}
	}},
	{"file to link", func(m *mutator) {
		if p := m.pick(m.paths(false)); p != "" && os.Remove(p) == nil {
			os.Symlink("a", p)
		}
	}},
	{"take away for a while", (*mutator).takeAway},
	{"move and leave a copy", func(m *mutator) {
		p, q := m.pick(m.paths(false)), m.free()
		if !m.file(p) {
			return
		}
		i, _ := os.Lstat(p)
		b, _ := os.ReadFile(p)
		if os.Rename(p, q) == nil {
			os.WriteFile(p, b, i.Mode().Perm())
			os.Chtimes(p, i.ModTime(), i.ModTime())
		}
	}},
}

func isDir(p string) bool {
	i, err := os.Lstat(p)
	return err == nil && i.IsDir()
}

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

// takeAway moves something out of the source, or back what was taken away last.
func (m *mutator) takeAway() {
	beside := m.p.src + "-away"
	if m.away != "" {
		if _, err := os.Lstat(m.away); err != nil {
			os.Rename(beside, m.away)
		}
		os.RemoveAll(beside)
		m.away = ""
	} else if p := m.pick(m.paths(m.r.IntN(2) == 0)); p != "" && os.Rename(p, beside) == nil {
		m.away = p
	}
}
