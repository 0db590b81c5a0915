package destination

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"snap/internal/file"
	"snap/record"
)

// NextSeq is a sequence number above every one that was ever used here. Sets that were put aside and labels
// count too: they must not meet a snapshot of their number. In a destination that is open for reading only, what is
// being deleted does not count.
func (d *Destination) NextSeq(ctx context.Context) (uint64, error) {
	var entries []file.Entry
	var trash []uint64
	var err error
	if d.ChangesDir != nil {
		if entries, err = d.ChangesDir.Entries(); err != nil {
			return 0, err
		}
	}
	if d.Trash != nil {
		if trash, err = Numbered(d.Trash); err != nil {
			return 0, err
		}
	}
	all, err := d.DB.Snapshots(ctx)
	if err != nil {
		return 0, err
	}
	last := uint64(0)
	for _, n := range trash { // what cannot be removed may be there still
		last = max(last, n)
	}
	for i := range entries {
		number, _, _ := strings.Cut(entries[i].Name, ".")
		if n, err := strconv.ParseUint(number, 10, 64); err == nil && ChangeSetName(n) == number {
			last = max(last, n)
		}
	}
	for i := range all {
		last = max(last, all[i].Seq)
	}
	return last + 1, nil
}

// FreeName is the name of a snapshot made at t, with the first number from 2 on if that is needed to make it free and
// to be above those that are called the same but for their number: by names, too, the newest is last.
func (d *Destination) FreeName(ctx context.Context, t time.Time, nameOf func(time.Time) string) (string, error) {
	name := nameOf(t)
	if err := record.CheckName(name); err != nil {
		return "", err
	}
	all, err := d.DB.Snapshots(ctx)
	if err != nil {
		return "", err
	}
	taken, next := map[string]bool{}, 1
	for i := range all {
		taken[all[i].Name] = true
		if number, ok := strings.CutPrefix(all[i].Name, name+"-"); ok && nameOf(all[i].Time) == name {
			if n, err := strconv.ParseInt(number, 10, 32); err == nil && n > 1 {
				next = max(next, int(n)+1)
			}
		}
	}
	for ; ; next++ {
		try := name
		if next > 1 {
			try = fmt.Sprintf("%s-%d", name, next)
		}
		there, err := Exists(d.Root, try)
		if err != nil {
			return "", err
		}
		if !there && !taken[try] {
			return try, nil
		}
	}
}

// FolderAt reports whether name is a folder in dir.
func FolderAt(dir *file.Dir, name string) (bool, error) {
	s, err := dir.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && s.Kind == file.Folder, err
}
