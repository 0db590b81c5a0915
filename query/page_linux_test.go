package query_test

import (
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"snap/backup/backuptest"
	"snap/index"
	"snap/internal/file"
	"snap/query"
	"snap/record"
)

// past is a destination with some snapshots, of which a few were deleted, and its trees.
type past struct {
	*query.Reader
	t     *testing.T
	place *backuptest.Place
	dirs  map[string]bool // every folder that any snapshot has
}

func drawPast(t *testing.T, seed uint64, o query.Options) *past {
	p := &past{t: t, place: backuptest.NewPlace(t), dirs: map[string]bool{}}
	m := &backuptest.Mutator{P: p.place, R: rand.New(rand.NewPCG(seed, 1)), Old: time.Unix(500000000, 0),
		Did: map[string]int{}}
	for range 9 {
		for range 12 {
			backuptest.Mutations[m.R.IntN(len(backuptest.Mutations))].Do(m)
		}
		if dirs := m.Paths(true); len(dirs) > 0 {
			_ = os.Rename(m.Pick(dirs), p.place.Path("renamed"))
		}
		p.place.Backup(backuptest.Force)
	}
	p.place.Do(p.place.Delete("s0003", "s0004", "s0007"))
	var err error
	p.Reader, err = query.Open(t.Context(), p.place.Dest, o)
	p.place.Do(err)
	t.Cleanup(func() { p.Close() })
	for i := range p.Snapshots {
		p.walk(i, "", func(path string, info fs.FileInfo) {
			if info.IsDir() {
				p.dirs[path] = true
			}
		})
	}
	return p
}

// walk visits what the tree of a snapshot has at and below dir.
func (p *past) walk(pos int, dir string, visit func(path string, info fs.FileInfo)) {
	root := filepath.Join(p.place.Dest, p.Snapshots[pos].Name)
	p.place.Do(filepath.WalkDir(filepath.Join(root, dir), func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		rel, _ := filepath.Rel(root, path)
		visit(strings.TrimPrefix(rel, "."), info)
		return err
	}))
}

// names are what the tree of a snapshot has directly in dir.
func (p *past) names(pos int, dir string) map[string]bool {
	names := map[string]bool{}
	all, err := os.ReadDir(filepath.Join(p.place.Dest, p.Snapshots[pos].Name, dir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		p.t.Fatal(err)
	}
	for _, e := range all {
		names[e.Name()] = true
	}
	return names
}

// below counts the paths below dir at which the differences show something: that a file has left it too.
func below(all []index.Difference, dir string) int {
	paths := map[string]bool{}
	for _, d := range all {
		in := func(path string) bool { return path != dir && record.Within(path, dir) }
		if in(d.Path) {
			paths[d.Path] = true
		} else if d.Change == record.Moved && in(d.From) {
			paths[d.From] = true
		}
	}
	return len(paths)
}

// What a page shows of a folder is what the trees have, and what diff and history say.
func TestAFolderIsAsTheTreesAndTheCommandsSay(t *testing.T) {
	for seed := range uint64(3) {
		p := drawPast(t, seed, query.Options{Now: time.Now()})
		ctx := t.Context()
		for i := range p.Snapshots {
			h := &p.Snapshots[i]
			var diff []index.Difference
			change := map[string]record.Change{}
			if i > 0 {
				for d, err := range p.DB.Diff(ctx, p.Snapshots[i-1].Seq, h.Seq) {
					p.place.Do(err)
					diff = append(diff, d)
					change[d.Path] = d.Change
				}
			}
			for dir := range p.dirs {
				names := p.names(i, dir)
				page, err := p.Children(ctx, h, dir, query.ChildrenOptions{Versions: true, Changes: true})
				if errors.Is(err, index.ErrNotFound) {
					page = &query.ChildPage{}
				} else {
					p.place.Do(err)
				}
				for _, c := range page.Children {
					if !names[c.Name] || c.Path != record.Join(dir, c.Name) {
						t.Errorf("%s: %q in %q is not in the tree", h.Name, c.Name, dir)
					}
					_, steps, err := p.History(ctx, "./"+c.Path, false)
					p.place.Do(err)
					versions := 0
					for _, s := range steps {
						if s.Change != record.Removed {
							versions++
						}
					}
					inside := 0
					if c.Kind == file.Folder {
						inside = min(below(diff, c.Path), query.InsideMost)
					}
					if c.Versions != versions || c.Change != change[c.Path] || c.Inside != inside {
						t.Errorf("%s: %q: %d versions, %s, %d inside; want %d, %s, %d", h.Name, c.Path, c.Versions, c.Change,
							c.Inside, versions, change[c.Path], inside)
					}
				}
				if len(page.Children) != len(names) {
					t.Errorf("%s: %d of %d in %q", h.Name, len(page.Children), len(names), dir)
				}
				p.wantDeparted(i, dir, names)
			}
		}
	}
}

// wantDeparted compares what is gone from dir with what the trees before had.
func (p *past) wantDeparted(pos int, dir string, here map[string]bool) {
	p.t.Helper()
	last := map[string]int{}
	for i := range pos {
		for name := range p.names(i, dir) {
			if last[name] = i; here[name] {
				delete(last, name)
			}
		}
	}
	h := &p.Snapshots[pos]
	after, more := "", true
	for more {
		var page []query.Departed
		var err error
		page, more, err = p.Departed(p.t.Context(), h, dir, after, 2)
		p.place.Do(err)
		for _, g := range page {
			if want, ok := last[g.Name]; !ok || want != g.Last || g.Versions == 0 {
				p.t.Errorf("%s: %q in %q is gone since %d (%v), want %d", h.Name, g.Name, dir, g.Last, ok, want)
			}
			delete(last, g.Name)
			after = g.Name
			if g.Now == "" {
				continue
			}
			_, _, err := p.DB.Lookup(p.t.Context(), h.Seq, g.Now)
			p.place.Do(err)
			_, steps, err := p.History(p.t.Context(), "./"+g.Now, true)
			p.place.Do(err)
			if g.To == "" || !slices.ContainsFunc(steps, func(s query.Version) bool { return s.Path == g.Path }) {
				p.t.Errorf("%s: %q is now %q, which was never there", h.Name, g.Path, g.Now)
			}
		}
	}
	if len(last) > 0 {
		p.t.Errorf("%s: also gone from %q: %v", h.Name, dir, slices.Sorted(maps.Keys(last)))
	}
}

func TestTouchedIsWhatDiffSays(t *testing.T) {
	p := drawPast(t, 1, query.Options{Now: time.Now()})
	for dir := range p.dirs {
		touched, err := p.Touched(t.Context(), dir)
		p.place.Do(err)
		for i := 1; i < len(p.Snapshots); i++ {
			var diff []index.Difference
			for d, err := range p.DB.Diff(t.Context(), p.Snapshots[i-1].Seq, p.Snapshots[i].Seq) {
				p.place.Do(err)
				diff = append(diff, d)
			}
			if want := below(diff, dir); touched[i] != want && (want <= index.TouchedExactly || touched[i] < want) {
				t.Errorf("%s: below %q %d, want %d", p.Snapshots[i].Name, dir, touched[i], want)
			}
		}
	}
}

// Where the space of every folder goes is the same, asked about one folder or found out for all.
func TestFolderUseIsWhatFolderSpacesSays(t *testing.T) {
	p := drawPast(t, 3, query.Options{Now: time.Now(), Kept: query.NewKept("")})
	dirs := slices.Sorted(maps.Keys(p.dirs))
	for _, dir := range dirs {
		spaces, err := p.FolderSpaces(t.Context(), "./"+dir, 1)
		p.place.Do(err)
		want := query.FolderUses{Whole: query.FolderUse{Newest: spaces.Whole.Newest, Old: spaces.Whole.Old},
			In: map[string]query.FolderUse{}}
		for _, s := range spaces.In {
			if s.File {
				want.Own.Newest.Add(s.Newest)
				want.Own.Old.Add(s.Old)
				continue
			}
			_, name := record.Split(s.Path)
			want.In[name] = query.FolderUse{Newest: s.Newest, Old: s.Old}
		}
		got, err := p.FolderUse(t.Context(), dir)
		if errors.Is(err, index.ErrNotFound) && want.Whole == (query.FolderUse{}) {
			continue
		}
		if p.place.Do(err); got.Whole != want.Whole || got.Own != want.Own || !maps.Equal(got.In, want.In) {
			t.Errorf("%q: %+v, want %+v", dir, *got, want)
		}
	}
	if _, err := p.FolderUse(t.Context(), "never"); !errors.Is(err, index.ErrNotFound) {
		t.Errorf("of a folder that was never there: %v", err)
	}
}

// What was copied since a snapshot adds up to what the runs since have copied and changed.
func TestFolderCopiesAddUp(t *testing.T) {
	p := drawPast(t, 2, query.Options{Now: time.Now(), Kept: query.NewKept("")})
	for since := range p.Snapshots {
		want := query.Copies{}
		for _, h := range p.Snapshots[since+1:] {
			want.Changes += h.Added + h.Modified + h.Metadata + h.Moved + h.Removed
			want.Bytes += h.CopiedBytes
		}
		got, err := p.FolderCopies(t.Context(), "", since)
		if p.place.Do(err); got.Whole != want {
			t.Errorf("since %d %+v, want %+v", since, got.Whole, want)
		}
	}
	stats, err := p.Stats(t.Context())
	p.place.Do(err)
	details, err := p.Details(t.Context(), stats, 1)
	p.place.Do(err)
	got, err := p.FolderCopies(t.Context(), "", 0)
	p.place.Do(err)
	for _, f := range details.Changing {
		if want := (query.Copies{Changes: f.Changes, Bytes: f.Copied}); f.Path != "" && got.In[f.Path] != want {
			t.Errorf("%q: %+v, want %+v", f.Path, got.In[f.Path], want)
		}
	}
}
