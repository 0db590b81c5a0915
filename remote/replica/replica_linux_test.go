package replica_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"snap/backup/backuptest"
	"snap/destination"
	"snap/internal/long"
	"snap/remote/replica"
)

// names are the names of the snapshots of a place.
func names(p *backuptest.Place) (all []string) {
	for _, path := range p.Snapshots() {
		all = append(all, filepath.Base(path))
	}
	return all
}

func follower(t *testing.T) string {
	y := filepath.Join(t.TempDir(), "y")
	if err := os.Mkdir(y, 0o755); err != nil {
		t.Fatal(err)
	}
	return y
}

func copyTo(p *backuptest.Place, y string, o replica.Options) *replica.Result {
	p.T.Helper()
	res, err := replica.Copy(context.Background(), p.Dest, y, o)
	if err != nil {
		p.T.Fatal(err)
	}
	return res
}

// wantSame compares the trees of the snapshots that both have, and of names all.
func wantSame(p *backuptest.Place, y string, names []string) {
	p.T.Helper()
	q := &backuptest.Place{T: p.T, Src: p.Src, Dest: y}
	for _, name := range names {
		want, got := p.Held([]string{name})[name], q.Held([]string{name})[name]
		if diff := backuptest.Difference(want, got); diff != "" {
			p.T.Fatalf("%s:\n%s", name, diff)
		}
	}
	backuptest.Sound(p.T, y)
}

// TestCopy copies now and then while snapshots are made and deleted, also those that the follower goes on from.
func TestCopy(t *testing.T) {
	for seed := range uint64(long.Of(4, 20)) {
		p := backuptest.NewPlace(t)
		y := follower(t)
		r := rand.New(rand.NewPCG(seed, 2))
		m := &backuptest.Mutator{P: p, R: r, Old: time.Now().Add(-time.Hour), Did: map[string]int{}}
		p.Grow()
		wholes := 0
		for round := range 8 {
			p.Backup(backuptest.Force, backuptest.Empty)
			for range 6 {
				backuptest.Mutations[r.IntN(len(backuptest.Mutations))].Do(m)
			}
			if round%2 == 0 {
				continue
			}
			res := copyTo(p, y, replica.Options{})
			for _, c := range res.Copied {
				if c.Whole {
					wholes++
				}
			}
			all := names(p)
			wantSame(p, y, all)
			if round == 3 || round == 5 { // what the follower has as its newest goes
				p.Backup(backuptest.Force, backuptest.Empty)
				p.Remove(all[len(all)-1])
			}
		}
		if wholes == 0 {
			t.Error("every change set had its base")
		}
	}
}

// TestWholeBytes: a whole listing brings no bytes that are there, wherever.
func TestWholeBytes(t *testing.T) {
	p := backuptest.NewPlace(t)
	for _, name := range []string{"a", "b", "c/d", "c/e", "f"} {
		p.Write(name, name+strings.Repeat("x", 10<<10))
	}
	p.Do(os.Link(p.Path("a"), p.Path("a2")))
	p.Backup()
	p.Backup(backuptest.Force)
	y := follower(t)
	copyTo(p, y, replica.Options{})
	p.Do(os.Rename(p.Path("b"), p.Path("c/b")))
	p.Do(os.Chmod(p.Path("f"), 0o600))
	p.Do(os.Link(p.Path("a"), p.Path("a3")))
	p.Write("new", "new")
	p.Backup()
	p.Remove("s0002")
	for _, name := range []string{"a", "c/b", "f", "c/d", "c/e"} { // nobody may look at them
		p.Do(os.Truncate(filepath.Join(p.Dest, "s0003", name), 1))
	}
	res := copyTo(p, y, replica.Options{})
	if len(res.Copied) != 1 || !res.Copied[0].Whole || res.Incomplete() {
		t.Fatalf("%+v", res.Copied)
	}
	got := (&backuptest.Place{T: t, Dest: y}).Held([]string{"s0003"})["s0003"]
	if got["a3"].Links != "a\na2\na3" || got["c/b"].Size != 10<<10+1 || got["f"].Mode.Perm() != 0o600 {
		t.Fatalf("%+v", got)
	}
	backuptest.Sound(t, y)
}

// TestPurged: after a purge at the source the follower's newest snapshot is another than the one that a change set is
// relative to.
func TestPurged(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Grow()
	p.Write("secret", "secret")
	p.Backup()
	y := follower(t)
	copyTo(p, y, replica.Options{})
	p.Do(os.Remove(p.Path("secret")))
	p.Backup()
	p.Purge([]string{"secret"}, []string{"s0001"})
	p.Write("more", "more")
	p.Backup()
	copyTo(p, y, replica.Options{})
	wantSame(p, y, names(p)[1:])
}

// TestLabelsAndSettings: they go along, but not over what was changed in the follower.
func TestLabelsAndSettings(t *testing.T) {
	ctx := context.Background()
	p := backuptest.NewPlace(t)
	p.Write("a", "a")
	p.Backup()
	y := follower(t)
	settings := func(dest, name, text string) { p.Do(os.WriteFile(filepath.Join(dest, name), []byte(text), 0o600)) }
	want := func(name, text string) {
		t.Helper()
		if b, err := os.ReadFile(filepath.Join(y, name)); string(b) != text {
			t.Fatalf("%s holds %q, %v", name, b, err)
		}
	}
	settings(p.Dest, "Blacklist.txt", "*.o\n")
	settings(p.Dest, "BackupOptions.txt", "one\n")
	copyTo(p, y, replica.Options{})
	want("Blacklist.txt", "*.o\n")
	p.InDestination(func(ctx context.Context, d *destination.Destination) {
		p.Do(d.SetLabels(ctx, "s0001", []string{"pin"}, "a note"))
	})
	settings(y, "BackupOptions.txt", "its own\n")
	settings(p.Dest, "BackupOptions.txt", "two\n")
	p.Do(os.Remove(filepath.Join(p.Dest, "Blacklist.txt")))
	res := copyTo(p, y, replica.Options{})
	want("Blacklist.txt", "")
	want("BackupOptions.txt", "its own\n")
	if !slices.Equal(res.Labels, []string{"s0001"}) {
		t.Fatalf("%q", res.Labels)
	}
	d, err := destination.Open(ctx, y, destination.Options{})
	p.Do(err)
	defer d.Close()
	all, err := d.DB.Snapshots(ctx)
	p.Do(err)
	if all[0].Note != "a note" || !slices.Equal(all[0].Tags, []string{"pin"}) {
		t.Fatalf("%+v", all[0])
	}
}

// TestSinceAndOnly copies some of the snapshots; what is older than the follower's newest is named.
func TestSinceAndOnly(t *testing.T) {
	p := backuptest.NewPlace(t)
	for _, text := range []string{"a", "ab", "abc", "abcd"} {
		p.Write("a", text)
		p.Write(text, text)
		p.Backup()
	}
	y := follower(t)
	res := copyTo(p, y, replica.Options{DryRun: true, Since: 2})
	if left, _ := os.ReadDir(y); len(res.Copied) != 3 || len(left) > 0 {
		t.Fatalf("%d, %v", len(res.Copied), left)
	}
	copyTo(p, y, replica.Options{Since: 2, Only: []uint64{1, 2, 4}})
	wantSame(p, y, []string{"s0002", "s0004"})
	if res := copyTo(p, y, replica.Options{Only: []uint64{3, 4}}); !slices.Equal(res.Earlier, []string{"s0003"}) ||
		len(res.Copied) > 0 {
		t.Fatalf("%+v", res)
	}
	if got := names(&backuptest.Place{T: t, Dest: y}); !slices.Equal(got, []string{"s0002", "s0004"}) {
		t.Fatalf("%q", got)
	}
}
