package backuptest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"time"
)

// Mutator changes a source tree at random, in every way that people and programs do.
type Mutator struct {
	P   *Place
	R   *rand.Rand
	Old time.Time
	Did map[string]int

	Away string // where in the source what is beside it now was, "" if nothing is
}

// Mutations are the ways. Each names itself, so that a run can say what it tried.
var Mutations = []struct {
	Name string
	Do   func(m *Mutator)
}{
	{"create", func(m *Mutator) { os.WriteFile(m.free(), m.Text(), 0o644) }},
	{"create with an old time", func(m *Mutator) {
		p := m.free()
		os.WriteFile(p, m.Text(), 0o644)
		os.Chtimes(p, m.Old, m.Old)
	}},
	{"mkdir", func(m *Mutator) { os.Mkdir(m.free(), 0o755) }},
	{"symlink", func(m *Mutator) { os.Symlink([]string{"a", "../b", "/nowhere"}[m.R.IntN(3)], m.free()) }},
	{"rewrite", func(m *Mutator) {
		if p := m.Pick(m.Paths(false)); m.file(p) {
			os.WriteFile(p, m.Text(), 0o644)
		}
	}},
	{"rewrite, same size and time", func(m *Mutator) {
		p := m.Pick(m.Paths(false))
		if !m.file(p) {
			return
		}
		i, _ := os.Lstat(p)
		b, _ := os.ReadFile(p)
		if len(b) > 0 {
			b[m.R.IntN(len(b))] ^= 1
		}
		os.WriteFile(p, b, 0)
		os.Chtimes(p, i.ModTime(), i.ModTime())
	}},
	{"replace, same size and time", func(m *Mutator) {
		p := m.Pick(m.Paths(false))
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
	{"replace by an equal copy", func(m *Mutator) {
		p := m.Pick(m.Paths(false))
		if !m.file(p) {
			return
		}
		i, _ := os.Lstat(p)
		b, _ := os.ReadFile(p)
		os.WriteFile(p+"~", b, i.Mode().Perm())
		os.Chtimes(p+"~", i.ModTime(), i.ModTime())
		os.Rename(p+"~", p)
	}},
	{"copy with its time", func(m *Mutator) {
		p, q := m.Pick(m.Paths(false)), m.free()
		if !m.file(p) {
			return
		}
		i, _ := os.Lstat(p)
		b, _ := os.ReadFile(p)
		os.WriteFile(q, b, i.Mode().Perm())
		os.Chtimes(q, i.ModTime(), i.ModTime())
	}},
	{"append", func(m *Mutator) {
		if p := m.Pick(m.Paths(false)); m.file(p) {
			f, err := os.OpenFile(p, os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				f.WriteString("x")
				f.Close()
			}
		}
	}},
	{"touch", func(m *Mutator) {
		if p := m.Pick(m.Paths(false)); m.file(p) {
			t := m.Old.Add(time.Duration(m.R.IntN(1e9)))
			os.Chtimes(p, t, t)
		}
	}},
	{"chmod", func(m *Mutator) {
		if p := m.Pick(m.Paths(m.R.IntN(2) == 0)); p != "" && (m.file(p) || isDir(p)) {
			mode := []os.FileMode{0o644, 0o600, 0o755, 0o700}[m.R.IntN(4)]
			if isDir(p) && os.Geteuid() != 0 {
				mode |= 0o100 // else what is in it is out of reach for the test
			}
			os.Chmod(p, mode)
		}
	}},
	{"remove", func(m *Mutator) { os.Remove(m.Pick(m.Paths(false))) }},
	{"remove a folder", func(m *Mutator) {
		if d := m.Pick(m.Paths(true)); d != "" && m.R.IntN(3) == 0 {
			os.RemoveAll(d)
		}
	}},
	{"rename", func(m *Mutator) { os.Rename(m.Pick(m.Paths(false)), m.free()) }},
	{"rename over", func(m *Mutator) { os.Rename(m.Pick(m.Paths(false)), m.Pick(m.Paths(false))) }},
	{"rename a folder", func(m *Mutator) { os.Rename(m.Pick(m.Paths(true)), m.free()) }},
	{"rename and edit", func(m *Mutator) {
		p, q := m.Pick(m.Paths(false)), m.free()
		if m.file(p) && os.Rename(p, q) == nil {
			os.WriteFile(q, m.Text(), 0o644)
		}
	}},
	{"rotate", func(m *Mutator) { // what logrotate does
		dir := m.dir()
		for i := 4; i > 0; i-- {
			os.Rename(filepath.Join(dir, fmt.Sprint("log.", i)), filepath.Join(dir, fmt.Sprint("log.", i+1)))
		}
		os.WriteFile(filepath.Join(dir, "log.1"), m.Text(), 0o644)
	}},
	{"swap", func(m *Mutator) {
		p, q := m.Pick(m.Paths(false)), m.Pick(m.Paths(false))
		if p == "" || p == q {
			return
		}
		os.Rename(p, p+"~")
		os.Rename(q, p)
		os.Rename(p+"~", q)
	}},
	{"hard link", func(m *Mutator) { os.Link(m.Pick(m.Paths(false)), m.free()) }},
	{"break a hard link", func(m *Mutator) {
		p := m.Pick(m.Paths(false))
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
	{"file to folder", func(m *Mutator) {
		if p := m.Pick(m.Paths(false)); p != "" && os.Remove(p) == nil {
			os.Mkdir(p, 0o755)
		}
	}},
	{"file to link", func(m *Mutator) {
		if p := m.Pick(m.Paths(false)); p != "" && os.Remove(p) == nil {
			os.Symlink("a", p)
		}
	}},
	{"take away for a while", (*Mutator).TakeAway},
	{"move and leave a copy", func(m *Mutator) {
		p, q := m.Pick(m.Paths(false)), m.free()
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

var alphabet = []string{"a", "b", "b.txt", "c-d", "c", "A", "ü", " x", "\x01y", "z\xff"}

func (m *Mutator) Paths(dirs bool) []string {
	var all []string
	filepath.WalkDir(m.P.Src, func(p string, d os.DirEntry, err error) error {
		if err == nil && p != m.P.Src && d.IsDir() == dirs {
			all = append(all, p)
		}
		return nil
	})
	sort.Strings(all)
	return all
}

func (m *Mutator) Pick(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[m.R.IntN(len(all))]
}

// TakeAway moves something out of the source, or back what was taken away last.
func (m *Mutator) TakeAway() {
	beside := m.P.Src + "-away"
	if m.Away != "" {
		if _, err := os.Lstat(m.Away); err != nil {
			os.Rename(beside, m.Away)
		}
		os.RemoveAll(beside)
		m.Away = ""
	} else if p := m.Pick(m.Paths(m.R.IntN(2) == 0)); p != "" && os.Rename(p, beside) == nil {
		m.Away = p
	}
}

// tampering is what happens to the newest tree behind snap's back. What is altered in place is altered under
// every name; what is replaced or removed is copied afresh by the next backup.
func (m *Mutator) Tamper(tree string) string {
	var files []string
	filepath.WalkDir(tree, func(p string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, p)
		}
		return nil
	})
	p := m.Pick(files)
	if p == "" {
		return "nothing tampered with"
	}
	os.Chtimes(p, m.Old, m.Old.Add(time.Second))
	return "tampered with " + p
}

// dir is a folder of the source, the source itself too.
func (m *Mutator) dir() string {
	return m.Pick(append(m.Paths(true), m.P.Src))
}

func (m *Mutator) file(p string) bool {
	i, err := os.Lstat(p)
	return err == nil && i.Mode().IsRegular()
}

func (m *Mutator) free() string {
	for range 20 {
		p := filepath.Join(m.dir(), alphabet[m.R.IntN(len(alphabet))])
		if _, err := os.Lstat(p); err != nil {
			return p
		}
	}
	return filepath.Join(m.P.Src, fmt.Sprintf("n%d", m.R.Int()))
}

func (m *Mutator) Text() []byte {
	b := make([]byte, []int{0, 1, 5, 5, 100, 5000, 70000}[m.R.IntN(7)])
	c := byte('a' + m.R.IntN(3))
	for i := range b {
		b[i] = c
	}
	return b
}

func isDir(p string) bool {
	i, err := os.Lstat(p)
	return err == nil && i.IsDir()
}
