package peer

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snap/backup/backuptest"
	"snap/destination"
	"snap/internal/long"
	"snap/remote/replica"
)

// lived is a place with some snapshots of a life.
func lived(t *testing.T, seed uint64, snapshots int) *backuptest.Place {
	p := backuptest.NewPlace(t)
	r := rand.New(rand.NewPCG(seed, 3))
	m := &backuptest.Mutator{P: p, R: r, Old: time.Now().Add(-time.Hour), Did: map[string]int{}}
	p.Grow()
	for range snapshots {
		p.Backup(backuptest.Force, backuptest.Empty)
		for range 8 {
			backuptest.Mutations[r.IntN(len(backuptest.Mutations))].Do(m)
		}
	}
	return p
}

// TestPush: the other end follows what is given, and is told apart what it has already.
func TestPush(t *testing.T) {
	for seed := range uint64(long.Of(3, 20)) {
		p, y := lived(t, seed, 4), follower(t)
		begun, done := "", 0
		told := Told{Begun: func(_ uint64, name string) error { begun = name; return nil },
			Done: func(replica.Copied) error { done++; return nil }}
		res, _, err := pushed(p, y, 0, replica.Options{Jobs: 3}, ServeOptions{}, told)
		p.Do(err)
		if len(res.Copied) != 4 || done != 4 || begun != "" || res.NewestName != "s0004" {
			t.Fatalf("%+v, %d, %q", res, done, begun)
		}
		wantAll(p, y)
		p.Backup(backuptest.Force)
		res, _, err = pushed(p, y, 0, replica.Options{}, ServeOptions{AppendOnly: true}, told)
		p.Do(err)
		if len(res.Copied) != 1 || res.Copied[0].Whole || begun != "s0004" {
			t.Fatalf("%+v, %q", res, begun)
		}
		wantAll(p, y)
	}
}

// TestPull: a destination here follows the one at the other end.
func TestPull(t *testing.T) {
	p, y := lived(t, 7, 3), follower(t)
	for range 2 {
		f, _, err := taken(p, p.Dest, 0, ServeOptions{ReadOnly: true})
		p.Do(err)
		_, err = replica.Follow(context.Background(), f, y, replica.Options{Jobs: 4})
		p.Do(errors.Join(err, f.Close()))
		wantAll(p, y)
		p.Backup(backuptest.Force)
	}
}

// TestCut: the line is cut after n bytes. What is there is whole, and the next copy goes on.
func TestCut(t *testing.T) {
	p := lived(t, 11, 3)
	p.Write("large", strings.Repeat("0123456789", 300_000))
	p.Backup()
	_, whole, err := pushed(p, follower(t), 0, replica.Options{}, ServeOptions{}, Told{})
	p.Do(err)
	points := int64(long.Of(12, 200))
	if testing.Short() {
		points = 6
	}
	resumed := int64(0)
	for n := int64(1); n < whole*9/10; n += whole / points {
		y := follower(t)
		if _, _, err := pushed(p, y, n, replica.Options{}, ServeOptions{}, Told{}); err == nil {
			t.Fatalf("cut after %d bytes of %d, and nothing is said", n, whole)
		}
		if _, err := os.Lstat(filepath.Join(y, ".snap", "index.db")); err == nil {
			wantSame(p, y)
		}
		res, _, err := pushed(p, y, 0, replica.Options{}, ServeOptions{}, Told{})
		p.Do(err)
		for _, c := range res.Copied {
			resumed += c.Resumed
		}
		wantAll(p, y)
	}
	t.Logf("%d bytes, %d files taken over", whole, resumed)
}

// TestModified: of a large file that was modified only what differs goes over the line; where the old one is rotten on
// either side, the whole.
func TestModified(t *testing.T) {
	p, y := backuptest.NewPlace(t), follower(t)
	noise := make([]byte, 3*deltaSize/2+77)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	p.Write("image", string(noise))
	p.Backup()
	_, _, err := pushed(p, y, 0, replica.Options{}, ServeOptions{}, Told{})
	p.Do(err)
	change := func(at int) {
		copy(noise[at:], "changed")
		p.Write("image", string(noise)+strings.Repeat("longer", at%1000))
		p.Backup()
	}
	push := func() (spent int64) {
		t.Helper()
		_, spent, err := pushed(p, y, 0, replica.Options{}, ServeOptions{}, Told{})
		p.Do(err)
		wantAll(p, y)
		return spent
	}
	change(deltaSize + 5)
	if spent := push(); spent > 4*blockSize {
		t.Errorf("%d bytes for some that changed", spent)
	}
	change(12345)
	rot := func(dest string) {
		names := (&backuptest.Place{T: t, Dest: dest}).Snapshots()
		f, err := os.OpenFile(filepath.Join(names[len(names)-1], "image"), os.O_RDWR, 0)
		p.Do(err)
		s, err := f.Stat()
		p.Do(err)
		_, err = f.WriteAt(bytes.Repeat([]byte{7}, blockSize), 5*blockSize)
		p.Do(errors.Join(err, f.Close(), os.Chtimes(f.Name(), s.ModTime(), s.ModTime())))
	}
	rot(y)
	_, spent, err := pushed(p, y, 0, replica.Options{}, ServeOptions{}, Told{})
	p.Do(err)
	last := p.Snapshots()
	got, err := os.ReadFile(filepath.Join(y, filepath.Base(last[len(last)-1]), "image"))
	p.Do(err)
	if want, _ := os.ReadFile(filepath.Join(last[len(last)-1], "image")); !bytes.Equal(got, want) {
		t.Error("the old file of the follower was rotten, and so is the new one")
	}
	if spent < int64(len(noise)) {
		t.Errorf("%d bytes", spent)
	}
}

// TestOtherCopy: where a file is rotten at the source, another with its bytes comes; where there is none, it is named
// and the rest comes.
func TestOtherCopy(t *testing.T) {
	p, y := backuptest.NewPlace(t), follower(t)
	p.Write("a/one", "the same bytes")
	p.Write("b/two", "the same bytes")
	p.Write("alone", "bytes of its own")
	p.Write("rest", "the rest")
	p.Backup()
	for _, name := range []string{"a/one", "alone"} {
		path := filepath.Join(p.Dest, "s0001", name)
		b, err := os.ReadFile(path)
		p.Do(err)
		b[0] ^= 1
		p.Do(os.WriteFile(path, b, 0o600))
	}
	res, _, err := pushed(p, y, 0, replica.Options{}, ServeOptions{}, Told{})
	p.Do(err)
	c := res.Copied[0]
	if len(c.Missing) != 1 || c.Missing[0].Path != "alone" || !res.Incomplete() {
		t.Fatalf("%+v", res)
	}
	for name, want := range map[string]string{"a/one": "the same bytes", "b/two": "the same bytes", "rest": "the rest"} {
		if b, err := os.ReadFile(filepath.Join(y, "s0001", name)); string(b) != want {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}

// TestNotAllowed: what the options of the server do not let the other end do is refused, and why is told.
func TestNotAllowed(t *testing.T) {
	p, y := backuptest.NewPlace(t), follower(t)
	p.Write("a", "a")
	p.Backup()
	refused := func(o replica.Options, so ServeOptions, word string) {
		t.Helper()
		_, _, err := pushed(p, y, 0, o, so, Told{})
		if trouble := (*Trouble)(nil); !errors.As(err, &trouble) || !strings.Contains(err.Error(), word) {
			t.Fatalf("%v", err)
		}
	}
	refused(replica.Options{}, ServeOptions{ReadOnly: true}, "read-only")
	refused(replica.Options{Follow: true}, ServeOptions{AppendOnly: true}, "append-only")
	p.Do(os.WriteFile(filepath.Join(p.Dest, "Blacklist.txt"), []byte("*.o\n"), 0o600))
	_, _, err := pushed(p, y, 0, replica.Options{}, ServeOptions{AppendOnly: true}, Told{})
	p.Do(err)
	if _, err := os.Lstat(filepath.Join(y, "Blacklist.txt")); err == nil {
		t.Error("settings came although snapshots alone may")
	}
	other := backuptest.NewPlace(t)
	other.Write("b", "b")
	other.Backup()
	_, _, err = pushed(other, y, 0, replica.Options{}, ServeOptions{}, Told{})
	if err == nil || !strings.Contains(err.Error(), "another destination") {
		t.Fatalf("%v", err)
	}
	_, _, err = pushed(p, p.Dest, 0, replica.Options{Follow: true}, ServeOptions{}, Told{})
	if err == nil || !strings.Contains(err.Error(), "is the destination that is to be copied") {
		t.Fatalf("%v", err)
	}
	if _, _, err := taken(p, filepath.Join(y, "none"), 0, ServeOptions{}); err == nil {
		t.Fatal("there is no such destination")
	}
	p.Do(replica.Promote(context.Background(), y, destination.Holder{}, 0))
	refused(replica.Options{}, ServeOptions{}, "is no replica")
}
