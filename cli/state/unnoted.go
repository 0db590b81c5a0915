package state

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	"snap/destination"
	"snap/index"
	"snap/internal/file"
)

// A backup that failed is noted in the destination. Where that cannot be written, because its disk is full to the last
// byte, or because others may write there, it is kept here until a later run can note it.

const unnotedName = "unnoted.json"

// unnotedKept is how many are kept, the last ones.
const unnotedKept = 60

// unnoted is a run that the destination with this id does not know of.
type unnoted struct {
	ID  string              `json:"id"`
	Run destination.PastRun `json:"run"`
}

// NoteRefused notes how a backup ended that did not come so far as to hold the lock of the destination dest.
func (u *User) NoteRefused(ctx context.Context, dest string, r destination.PastRun) error {
	return u.noteRun(func() (id string) {
		if db, err := index.Open(index.Path(dest)); err == nil {
			db.Trust(u.Trusted(dest)...)
			id, _ = db.ID(ctx)
		}
		return id
	}, r, func(r destination.PastRun) error { return destination.NoteRefused(dest, r) })
}

// NoteRun has note write down how a backup to the destination with this id ended, after those that could not be noted
// before. What note cannot write is kept.
func (u *User) NoteRun(id string, r destination.PastRun, note func(destination.PastRun) error) error {
	return u.noteRun(func() string { return id }, r, note)
}

// noteRun is NoteRun where the id is asked only if it is needed. Where it is not known, "", nothing is kept; nor of
// another user's destination, which is none of ours.
func (u *User) noteRun(id func() string, r destination.PastRun, note func(destination.PastRun) error) error {
	list := u.unnoted()
	dest := ""
	if len(list) > 0 {
		dest = id()
	}
	var left, mine []unnoted
	for _, k := range list {
		if k.ID == dest {
			mine = append(mine, k)
		} else {
			left = append(left, k)
		}
	}
	for len(mine) > 0 && note(mine[0].Run) == nil {
		mine = mine[1:]
	}
	err := note(r)
	if err != nil && !errors.As(err, new(*destination.OwnerError)) {
		if dest == "" {
			dest = id()
		}
		if dest != "" {
			mine = append(mine, unnoted{dest, r.Short()})
		}
	}
	left = append(left, mine...)
	if slices.Equal(left, list) {
		return err
	}
	if kerr := u.keepUnnoted(left); err == nil || kerr == nil {
		return kerr
	}
	return err
}

// Unnoted are the runs that the destination with this id does not know of.
func (u *User) Unnoted(id string) (all []destination.PastRun) {
	for _, k := range u.unnoted() {
		if k.ID == id {
			all = append(all, k.Run)
		}
	}
	return all
}

// unnoted is the list; what cannot be read is none.
func (u *User) unnoted() (list []unnoted) {
	if u.folder() == "" {
		return nil
	}
	name := filepath.Join(u.folder(), unnotedName)
	if file.ReachOfOthersThan(name, os.Geteuid()) != "" || file.RefusePipe(name) != nil {
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxKnown))
	if err != nil || json.Unmarshal(b, &list) != nil {
		return nil
	}
	return list
}

func (u *User) keepUnnoted(list []unnoted) error {
	if u.folder() == "" {
		return errNoHome
	}
	name := filepath.Join(u.folder(), unnotedName)
	if len(list) == 0 {
		return os.Remove(name)
	}
	return write(name, list[max(0, len(list)-unnotedKept):])
}
