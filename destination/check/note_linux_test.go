package check_test

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"snap/backup/backuptest"
	"snap/destination"
	"snap/destination/check"
	"snap/internal/file"
	"snap/internal/filetest"
)

func lastCheck(t *testing.T, dest string) *destination.LastCheck {
	t.Helper()
	root, err := file.OpenRoot(dest)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	return destination.ReadLastCheck(root)
}

// TestACheckLeavesItsResult: what it read and found, if it was given the time; damage until it is looked at again and
// well.
func TestACheckLeavesItsResult(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a", "one")
	p.Write("b", "two")
	res, _ := p.Backup()
	at := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	p.Check(check.Options{Read: backuptest.ReadAll})
	if c := lastCheck(t, p.Dest); c != nil {
		t.Fatalf("without a time: %+v", c)
	}
	look := func(o check.Options) *destination.LastCheck {
		t.Helper()
		at = at.Add(time.Hour)
		o.Time = at
		if res := p.Check(o); res.Unnoted != nil {
			t.Fatal(res.Unnoted)
		}
		c := lastCheck(t, p.Dest)
		if c == nil || !c.Time.Equal(at) {
			t.Fatalf("%+v", c)
		}
		if left := p.Works(); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
		return c
	}
	if c := look(check.Options{}); c.Read.Share != 0 || c.Snapshots != 1 || c.Files != 3 || c.Errors != 0 ||
		c.Left != nil {
		t.Errorf("a check: %+v", c)
	}
	if c := look(check.Options{Read: backuptest.ReadAll}); c.Read.Share != 1 || c.BytesRead != 6 || c.Left != nil {
		t.Errorf("one that reads: %+v", c)
	}
	flipped := filepath.Join(p.Tree(res), "a")
	info, err := os.Stat(flipped)
	p.Do(err)
	p.Do(os.WriteFile(flipped, []byte("onf"), 0o644))
	p.Do(os.Chtimes(flipped, info.ModTime(), info.ModTime()))
	found := look(check.Options{Read: backuptest.ReadAll})
	if found.Damaged != 1 || found.Errors != 1 || found.Left == nil || !found.Left.Time.Equal(at) {
		t.Errorf("with a damaged file: %+v", found)
	}
	want := []destination.DamageFound{{What: "content", Path: []byte("a"), Why: found.Left.Found[0].Why,
		Snapshots: []destination.SnapshotRange{{First: "s0001", Last: "s0001", Count: 1}}}}
	if !reflect.DeepEqual(found.Left.Found, want) || want[0].Why == "" {
		t.Errorf("found %+v, want %+v", found.Left.Found, want)
	}
	if c := look(check.Options{}); c.Errors != 0 || c.Left == nil ||
		!reflect.DeepEqual(c.Left.Found, want) || !c.Left.Time.Equal(found.Time) {
		t.Errorf("one that does not read: %+v", c)
	}
	if c := look(check.Options{Read: backuptest.ReadAll, Repair: true}); c.Repaired != 1 || c.Errors != 0 ||
		c.Left != nil {
		t.Errorf("repaired: %+v", c)
	}
	p.Do(os.WriteFile(p.Meta("last-check"), []byte("{}\n00000000\n"), 0o600))
	if c := lastCheck(t, p.Dest); c != nil {
		t.Errorf("a damaged note: %+v", c)
	}
	look(check.Options{})
}

// TestACheckWritesNothingElsewhere: neither into a destination that may only be read nor into another user's.
func TestACheckWritesNothingElsewhere(t *testing.T) {
	filetest.NeedRoot(t)
	p := backuptest.NewPlace(t)
	p.Write("a", "one")
	p.Backup()
	want := func(what string) {
		t.Helper()
		res := p.Check(check.Options{Time: time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)})
		if c := lastCheck(t, p.Dest); c != nil || res.Unnoted == nil || res.Errors != 0 {
			t.Errorf("%s: %+v, %v", what, c, res.Unnoted)
		}
		if left := p.Works(); len(left) > 0 {
			t.Errorf("%s: left behind: %q", what, left)
		}
	}
	filetest.Must(t, "mount", "--bind", p.Dest, p.Dest)
	defer filetest.Must(t, "umount", p.Dest)
	filetest.Must(t, "mount", "-o", "remount,bind,ro", p.Dest)
	want("read-only")
	filetest.Must(t, "mount", "-o", "remount,bind,rw", p.Dest)
	p.Do(os.Chmod(p.Dest, 0o777))
	want("others may write")
	p.Do(os.Chmod(p.Dest, 0o700))
	filetest.Must(t, "chown", "4321", p.Meta())
	want("another user's")
}
