package backup_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/backup/source"
	"snap/internal/filetest"
	"snap/internal/harness"
)

// subvolumeSource is a place whose source is a subvolume.
func subvolumeSource(t *testing.T) *backuptest.Place {
	p := backuptest.NewPlace(t)
	p.Do(os.Remove(p.Src))
	filetest.Must(t, "btrfs", "subvolume", "create", p.Src)
	for i := range 9 {
		p.Write(fmt.Sprint("d/f", i), strings.Repeat("x", i))
	}
	return p
}

func moment(m source.Moment) func(*backup.Options) { return func(o *backup.Options) { o.Moment = m } }

// moments are the copies beside the source.
func moments(p *backuptest.Place) []string {
	all, err := filepath.Glob(filepath.Join(filepath.Dir(p.Src), ".snap-moment-*"))
	p.Do(err)
	return all
}

// TestMoment: what is written after a backup has begun is not in it; nothing is left beside the source; and the next
// backup reads nothing again although the copy is a file system of its own each time.
func TestMoment(t *testing.T) {
	onBtrfs(t, func(t *testing.T) {
		p := subvolumeSource(t)
		before := backuptest.Listing(t, p.Src)
		res := first(p.Backup(moment(source.RequiredMoment), func(o *backup.Options) {
			name := o.Name
			o.Name = func(at time.Time) string { // is asked for after the scan, before the files are read
				p.Write("d/f3", "written late")
				return name(at)
			}
		}))
		if d := backuptest.Difference(before, backuptest.Listing(t, p.Tree(res))); d != "" {
			t.Errorf("the snapshot is not of the moment:\n%s", d)
		}
		if res.Header.Source != p.Src {
			t.Errorf("it says that it is of %s", res.Header.Source)
		}
		p.WantSame(first(p.Backup(moment(source.AutoMoment))))
		again := first(p.Backup(moment(source.AutoMoment)))
		if !again.Skipped || len(again.Problems) > 0 {
			t.Errorf("skipped: %v; %v", again.Skipped, again.Problems)
		}
		if left := moments(p); len(left) > 0 {
			t.Errorf("left beside the source: %q", left)
		}
	})
}

// TestNoMoment: what is not of the subvolume stands in the way of a moment; auto reads it all the same and says so.
func TestNoMoment(t *testing.T) {
	onBtrfs(t, func(t *testing.T) {
		p := subvolumeSource(t)
		filetest.Must(t, "btrfs", "subvolume", "create", p.Path("inner"))
		p.Write("inner/file", "of another subvolume")
		_, _, err := p.Try(moment(source.RequiredMoment))
		if e := (*source.MomentError)(nil); !errors.As(err, &e) {
			t.Errorf("required: %v", err)
		}
		res := first(p.Backup(moment(source.AutoMoment)))
		p.WantSame(res)
		if len(res.Problems) != 1 || !errors.As(res.Problems[0].Err, new(*source.MomentError)) || !res.Problems[0].Note {
			t.Errorf("auto: %v", res.Problems)
		}
		if left := moments(p); len(left) > 0 {
			t.Errorf("left beside the source: %q", left)
		}
	})
	p := backuptest.NewPlace(t)
	p.Write("a", "on a file system without subvolumes")
	if _, _, err := p.Try(moment(source.RequiredMoment)); !errors.As(err, new(*source.MomentError)) {
		t.Errorf("required: %v", err)
	}
	if res := first(p.Backup(moment(source.AutoMoment))); len(res.Problems) > 0 {
		t.Errorf("auto: %v", res.Problems)
	}
}

// TestMomentThatIsKilled: a copy that a killed run has left is gone after the next one, also if that takes no moment.
func TestMomentThatIsKilled(t *testing.T) {
	onBtrfs(t, func(t *testing.T) {
		harness.Snap(t)
		for _, then := range []source.Moment{source.AutoMoment, source.NoMoment} {
			p := subvolumeSource(t)
			p.Backup()
			hit, out := true, ""
			for n := 1; hit && len(moments(p)) == 0 && n < 9; n++ {
				hit, out = p.At(t, n, "syncfs", []string{"-kill"}, "backup", "--force", "--moment", "required", p.Dest, p.Src)
			}
			if len(moments(p)) != 1 {
				t.Fatalf("no copy was left: %s", out)
			}
			p.WantSame(first(p.Backup(moment(then), backuptest.Force)))
			if left := moments(p); len(left) > 0 {
				t.Errorf("%v: left beside the source: %q", then, left)
			}
		}
	})
}
