package cli

import (
	"bytes"
	"context"
	"encoding/json"
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

	"snap/index"
	"snap/internal/long"
)

// realLife is a source that is really edited, backed up and asked about through command lines.
type realLife struct {
	t     *rapid.T
	r     *rand.Rand
	src   string
	dest  string
	clock time.Time
	paths map[string]bool // that were ever there
}

func newLife(t *rapid.T) *realLife {
	dir := memoryDir(t)
	l := &realLife{t: t, r: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)), src: filepath.Join(dir, "src"),
		dest: filepath.Join(dir, "dest")}
	l.clock, l.paths = time.Now().Add(time.Hour).Truncate(time.Second), map[string]bool{}
	for _, d := range []string{l.src, l.dest} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// snap runs a command line and returns its output.
func (l *realLife) snap(args ...string) string {
	l.t.Helper()
	out, errs, code := l.try(args...)
	if code != 0 {
		l.t.Fatalf("snap %q: exit code %d\n%s%s", args, code, out, errs)
	}
	return out
}

func (l *realLife) try(args ...string) (stdout, stderr string, code int) {
	var out, errs bytes.Buffer
	env := Env{Stdout: &out, Stderr: &errs, Dir: "/", Now: func() time.Time { return l.clock },
		LookupEnv: func(key string) (string, bool) {
			if key != "SNAP_DEST" {
				return "", false
			}
			return l.dest, true
		}}
	code = Run(context.Background(), env, append([]string{"snap"}, args...))
	return out.String(), errs.String(), code
}

// some is a random path of the source, "" for the source itself.
func (l *realLife) some(dirs bool) string {
	all := []string{}
	if dirs {
		all = append(all, "")
	}
	filepath.WalkDir(l.src, func(p string, d os.DirEntry, err error) error {
		if rel, _ := filepath.Rel(l.src, p); err == nil && rel != "." && (d.IsDir() || !dirs) {
			all = append(all, rel)
		}
		return nil
	})
	if len(all) == 0 {
		return "a"
	}
	return all[l.r.IntN(len(all))]
}

// edit does one thing to the source. What fails does nothing.
func (l *realLife) edit() {
	at := func(rel string) string { return filepath.Join(l.src, rel) }
	p := l.some(false)
	q := filepath.Join(l.some(true), []string{"a", "b", "c d", "e.txt", "ü", "\xff", "n\n"}[l.r.IntN(7)])
	text := []byte(strings.Repeat("x", l.r.IntN(20)))
	switch l.r.IntN(11) {
	case 0, 1:
		os.WriteFile(at(q), text, 0o644)
	case 2, 3:
		os.Mkdir(at(q), 0o755)
	case 4, 5:
		os.Rename(at(p), at(q))
	case 6:
		os.Link(at(p), at(q))
	case 7:
		mode := []os.FileMode{0o644, 0o755, 0o700}[l.r.IntN(3)]
		if s, err := os.Stat(at(p)); err == nil && s.IsDir() && os.Geteuid() != 0 {
			mode |= 0o100 // else what is in it is out of reach for the test
		}
		os.Chmod(at(p), mode)
	case 8:
		os.Symlink("a", at(q))
	case 9:
		os.Remove(at(p))
	case 10: // what logrotate does
		dir := l.some(true)
		for i := 3; i > 0; i-- {
			os.Rename(at(filepath.Join(dir, fmt.Sprint("log.", i))), at(filepath.Join(dir, fmt.Sprint("log.", i+1))))
			l.paths[filepath.Join(dir, fmt.Sprint("log.", i))] = true
		}
		os.WriteFile(at(filepath.Join(dir, "log.1")), text, 0o644)
	}
	l.paths[p], l.paths[q] = true, true
}

// live makes a history of snapshots, some of them with tags and notes that came later.
func (l *realLife) live(snapshots int) {
	n := 0
	for i := range snapshots {
		n++
		for range 3 + l.r.IntN(10) {
			l.edit()
		}
		l.clock = l.clock.Add(time.Duration(1+l.r.IntN(9)) * time.Hour)
		l.snap("backup", "--force", "--allow-empty-source", "--tag", fmt.Sprint("t", i%2), l.dest, l.src)
		if l.r.IntN(3) == 0 {
			l.snap("tag", fmt.Sprint("latest~", l.r.IntN(n)), "--add", "pin", "--remove", "t0")
		}
		if l.r.IntN(3) == 0 {
			l.snap("note", fmt.Sprint("latest~", l.r.IntN(n)), "a note")
		}
		if n > 1 && l.r.IntN(4) == 0 {
			l.snap("delete", l.names()[l.r.IntN(n-1)]) // by name, for it may be pinned
			n--
		}
	}
}

// answers are the outputs of every command that reads, by command line.
func (l *realLife) answers() map[string]string {
	all := map[string]string{}
	ask := func(args ...string) {
		out, errs, code := l.try(args...)
		all[strings.Join(args, " ")] = fmt.Sprint(code, "\n", space.ReplaceAllString(out, "… free\n"), errs)
	}
	list := l.names()
	for _, flags := range [][]string{nil, {"--json"}} {
		ask(append([]string{"list"}, flags...)...)
		for _, a := range list {
			ask(append([]string{"ls", "-lR", a}, flags...)...)
			for _, b := range list {
				ask(append([]string{"diff", a, b}, flags...)...)
			}
		}
		for i, p := range slices.Sorted(maps.Keys(l.paths)) {
			if i%3 != 0 { // some are enough
				continue
			}
			ask(append([]string{"history", "--", p}, flags...)...)
			ask(append([]string{"find", "--deleted", "--", p}, flags...)...)
		}
		ask(append([]string{"find", "**"}, flags...)...)
		ask(append([]string{"tag", "tag:t1"}, flags...)...)
	}
	return all
}

func (l *realLife) names() (names []string) {
	var list []struct{ Name string }
	if err := json.Unmarshal([]byte(l.snap("list", "--json")), &list); err != nil {
		l.t.Fatal(err)
	}
	for _, s := range list {
		names = append(names, s.Name)
	}
	return names
}

// TestReindexAnswersAsBefore: whatever becomes of the index, after a reindex every command prints byte for
// byte what it printed before.
func TestReindexAnswersAsBefore(t *testing.T) {
	asked := 0
	long.Check(t, 12, func(t *rapid.T) {
		l := newLife(t)
		l.live(rapid.IntRange(1, 5).Draw(t, "snapshots"))
		if rapid.Bool().Draw(t, "one removed by hand") {
			all, _ := filepath.Glob(l.dest + "/2*")
			os.RemoveAll(all[l.r.IntN(len(all))])
		}
		want := l.answers()
		db := index.Path(l.dest)
		switch what := rapid.SampledFrom([]string{"deleted", "empty", "garbage", "cut", "a folder", "whole"}).Draw(t,
			"index"); what {
		case "whole":
		case "cut":
			os.Truncate(db, 20000)
		default:
			os.Remove(db)
			switch what {
			case "empty":
				os.WriteFile(db, nil, 0o600)
			case "garbage":
				os.WriteFile(db, bytes.Repeat([]byte("garbage"), 9999), 0o600)
			case "a folder":
				os.Mkdir(db, 0o700)
			}
		}
		if text := l.snap("reindex"); strings.Contains(text, "folder") { // every set is there
			t.Fatal(text)
		}
		got := l.answers()
		if !slices.Equal(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want))) {
			t.Fatal("other snapshots")
		}
		for line := range want {
			if got[line] != want[line] {
				t.Fatalf("snap %s\nprints  %s\nwas     %s", line, got[line], want[line])
			}
			asked++
		}
	})
	if asked == 0 {
		t.Fatal("nothing was asked")
	}
}
