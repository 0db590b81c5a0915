package treeless

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/iotest"

	"snap/backup/backuptest"
	"snap/destination"
	"snap/index"
	"snap/record"
)

// far is the change sets of a destination, as a copy far away gives them.
type far struct {
	t       *testing.T
	dest    string
	id      string
	all     []Snapshot
	fetched int
	lost    uint64
	fail    int // the how manieth set that is asked for cannot be had, from 1 on
}

func farOf(t *testing.T, p *backuptest.Place) *far {
	t.Helper()
	f := &far{t: t, dest: p.Dest}
	db, err := index.Open(index.Path(p.Dest))
	must(t, err)
	f.id, err = db.ID(t.Context())
	must(t, err)
	all, err := db.Snapshots(t.Context())
	must(t, err)
	must(t, db.Release())
	for i := range all {
		set, err := os.ReadFile(f.path(all[i].Seq))
		must(t, err)
		f.all = append(f.all, Snapshot{all[i], fmt.Sprintf("%x", set[max(0, len(set)-64):])})
	}
	return f
}

func (f *far) path(seq uint64) string {
	return filepath.Join(f.dest, destination.MetaName, destination.ChangesName, destination.ChangeSetName(seq))
}

func (f *far) ID() string            { return f.id }
func (f *far) Snapshots() []Snapshot { return f.all }

var errCut = errors.New("the line was cut")

func (f *far) ChangeSet(_ context.Context, seq uint64) (io.ReadCloser, error) {
	if f.fetched++; f.fetched == f.fail {
		return nil, errCut
	}
	if seq == f.lost {
		broken := io.NopCloser(iotest.ErrReader(errCut))
		return Losing(broken, func(err error) bool { return errors.Is(err, errCut) }), nil
	}
	return os.Open(f.path(seq))
}

// same fails if the cache answers otherwise than the destination.
func (f *far) same(dir string) {
	f.t.Helper()
	a, b := answers(f.t, f.dest), answers(f.t, dir)
	if a != b {
		f.t.Errorf("the cache says\n%s\nthe destination\n%s", b, a)
	}
}

// answers are the headers and listings that an index has.
func answers(t *testing.T, dir string) (text string) {
	t.Helper()
	db, err := index.Open(index.Path(dir))
	must(t, err)
	defer db.Release()
	all, err := db.Snapshots(t.Context())
	must(t, err)
	for i := range all {
		h := &all[i]
		text += headline(h)
		for e, err := range db.Entries(t.Context(), h.Seq, "") {
			must(t, err)
			text += fmt.Sprintf("  %s %v %d %o %v %x\n", e.Path, e.Kind, e.Size, e.Mode, e.Mtime, e.Hash)
		}
	}
	return text
}

// headline is what answers begin with of each snapshot.
func headline(h *record.Header) string {
	return fmt.Sprintf("%d %s %v %q %s\n", h.Seq, h.Name, h.Tags, h.Note, h.State)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (f *far) update(dir string) {
	f.t.Helper()
	lost, err := Update(f.t.Context(), dir, f, nil)
	must(f.t, err)
	if len(lost) > 0 {
		f.t.Errorf("lost: %v", lost)
	}
}

func TestTheCacheIsWhatTheCopyHolds(t *testing.T) {
	p := backuptest.Three(t)
	dir := filepath.Join(t.TempDir(), "cache", "id")
	f := farOf(t, p)
	f.update(dir)
	f.same(dir)
	if f.update(dir); f.fetched != len(f.all) {
		t.Errorf("%d sets were fetched, there are %d", f.fetched, len(f.all))
	}

	p.Grow()
	p.Backup()
	p.InDestination(func(ctx context.Context, d *destination.Destination) {
		must(t, d.SetLabels(ctx, f.all[0].Header.Name, []string{"pin"}, "the first"))
	})
	f = farOf(t, p)
	if f.update(dir); f.fetched != 1 {
		t.Errorf("%d sets were fetched for one more snapshot", f.fetched)
	}
	f.same(dir)

	must(t, p.Delete(f.all[1].Header.Name))
	f = farOf(t, p)
	if f.update(dir); f.fetched != 1 {
		t.Errorf("%d sets were fetched for a snapshot that was deleted", f.fetched)
	}
	f.same(dir)
	must(t, p.Delete(f.all[len(f.all)-1].Header.Name))
	f = farOf(t, p)
	if f.update(dir); f.fetched != 0 {
		t.Errorf("%d sets were fetched for a snapshot that was deleted last", f.fetched)
	}
	f.same(dir)
	sets, err := os.ReadDir(filepath.Join(dir, destination.MetaName, destination.ChangesName))
	must(t, err)
	if len(sets) != len(f.all) {
		t.Errorf("%d sets stayed for %d snapshots", len(sets), len(f.all))
	}
}

func TestACacheThatWasLeftInTheMiddleOrDamaged(t *testing.T) {
	p := backuptest.Three(t)
	f := farOf(t, p)
	for fail := 1; fail <= len(f.all); fail++ {
		dir := t.TempDir()
		f.fetched, f.fail = 0, fail
		if _, err := Update(t.Context(), dir, f, nil); !errors.Is(err, errCut) {
			t.Fatalf("a set that could not be had: %v", err)
		}
		f.update(dir)
		f.same(dir)
	}
	f.fail = 0
	meta := func(dir, name string) string { return filepath.Join(dir, destination.MetaName, name) }
	for what, damage := range map[string]func(dir string) error{
		"the note lost":     func(dir string) error { return os.Remove(meta(dir, setsFile)) },
		"the note damaged":  func(dir string) error { return os.WriteFile(meta(dir, setsFile), []byte("{"), 0o600) },
		"the index lost":    func(dir string) error { return os.Remove(index.Path(dir)) },
		"the index damaged": func(dir string) error { return os.WriteFile(index.Path(dir), make([]byte, 1<<16), 0o600) },
		"killed before the note": func(dir string) error {
			return (&cache{meta: meta(dir, ""), from: f}).note(f.all[:1])
		},
		"killed in an import": func(dir string) error {
			db, err := index.Open(index.Path(dir))
			must(t, err)
			h := f.all[2].Header
			h.State = record.Prepared
			return errors.Join((&cache{meta: meta(dir, ""), from: f}).note(f.all[:2]), db.SetHeader(t.Context(), &h),
				db.Release())
		},
		"all sets empty": func(dir string) error {
			for _, name := range names(f.all) {
				must(t, os.WriteFile(meta(dir, destination.ChangesName+"/"+name), nil, 0o600))
			}
			return os.Remove(index.Path(dir))
		},
	} {
		dir := t.TempDir()
		f.update(dir)
		must(t, damage(dir))
		if _, err := Update(t.Context(), dir, f, nil); err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		f.same(dir)
	}
}

func TestManyBringOneCacheUpToDate(t *testing.T) {
	p := backuptest.Three(t)
	dir := t.TempDir()
	var all sync.WaitGroup
	for range 4 {
		f := farOf(t, p)
		all.Go(func() {
			if _, err := Update(t.Context(), dir, f, nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	farOf(t, p).same(dir)
}
