package destination

import (
	"crypto/rand"
	"errors"
	"syscall"
)

// The file .snap/reserve holds space free for what must be possible on a full disk: removing snapshots takes
// a few writes to the index before it gives anything back.
const (
	reserveName  = "reserve"
	reserveSize  = 8 << 20
	reserveShare = 32 // of the free space at most this part
	reserveLeast = 128 << 10
)

// keepReserve makes the reserve if it is missing and there is room. It is a precaution: a failure
// stops nothing.
func (d *Destination) keepReserve() {
	if there, err := Exists(d.Meta, reserveName); err != nil || there {
		return
	}
	info, err := d.Root.System()
	if err != nil {
		return
	}
	size := min(info.FreeBytes/reserveShare, reserveSize)
	if size < reserveLeast {
		return
	}
	f, err := d.Tmp.Create(reserveName)
	if err != nil {
		return
	}
	b := make([]byte, size)
	rand.Read(b) // zeros may take no space
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = d.Tmp.Rename(reserveName, d.Meta, reserveName)
	}
	if err != nil {
		d.Tmp.Remove(reserveName)
	}
}

// RetryWithoutReserve runs f, and again where that helps.
func (d *Destination) RetryWithoutReserve(f func() error) error { return d.retryAfter(f(), f) }

// retryAfter runs f once more if err, which is what it ended with, says that the disk was too full: without the
// reserve, and after the space of everything that was deleted before is free, which on btrfs happens only at the next
// commit. f must be able to begin again.
func (d *Destination) retryAfter(err error, f func() error) error {
	if full(err) {
		_ = d.Meta.Remove(reserveName)
		_ = d.Root.SyncSystem() // f says whether there is space
		return f()
	}
	return err
}

// full reports whether err says that the disk, or the user's share of it, is full.
func full(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// NoRoom turns the error of a run that has built nothing yet into a refusal, if it says that the destination is full.
func NoRoom(err error, hint string) error {
	if full(err) {
		return &GuardError{Why: "not enough space to begin: " + err.Error(), Hint: hint, Err: err}
	}
	return err
}

const SpaceHint = "free some space there, or leave more out with Blacklist.txt"
