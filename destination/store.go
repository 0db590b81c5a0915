package destination

import (
	"context"
	"errors"

	"snap/internal/file"
	"snap/record"
)

// Store says what the trees of snapshots are.
type Store uint8

// The kinds.
const (
	// AutoStore is Subvolumes for a destination without snapshots, if they work there, and else what the newest
	// snapshot is.
	AutoStore  Store = iota
	HardLinks        // folders; what is unchanged is linked to the snapshot before
	Subvolumes       // subvolumes; if they do not work there, folders
)

var storeNames = [...]string{"auto", "hardlink", "subvolume"}

// Stores are the names of the kinds.
func Stores() []string { return storeNames[:] }

// String is the name of a kind, as settings have it.
func (s Store) String() string { return storeNames[s] }

// ParseStore is the kind with this name.
func ParseStore(name string) (Store, error) {
	for s, n := range storeNames {
		if n == name {
			return Store(s), nil
		}
	}
	return 0, errors.New("must be auto, hardlink or subvolume")
}

// StoreFor is what the next tree is to be: HardLinks or Subvolumes. all are the complete snapshots, oldest first.
func (d *Destination) StoreFor(want Store, all []record.Header) Store {
	if want != AutoStore {
		return want
	}
	for i := len(all) - 1; i >= 0; i-- {
		top, err := d.Root.EnterDir(all[i].Name)
		if err != nil {
			continue
		}
		is, err := top.IsSubvolume()
		top.Close()
		if err == nil && is {
			return Subvolumes
		}
		return HardLinks
	}
	return Subvolumes
}

// NextStore is what the next snapshot is to be, if want is asked for, and why, for people.
func (d *Destination) NextStore(ctx context.Context, want Store) (next Store, why string, err error) {
	all, err := d.DB.Snapshots(ctx)
	if err != nil {
		return next, "", err
	}
	next = d.StoreFor(want, all)
	if next == HardLinks {
		if want == AutoStore {
			return next, "as the snapshots that are there", nil
		}
		return next, "as store = hardlink says", nil
	}
	if err := d.CanSubvolumes(); err != nil {
		if errors.Is(err, errors.ErrUnsupported) {
			return HardLinks, "the file system has no subvolumes", nil
		}
		return HardLinks, "subvolumes do not work there: " + file.Reason(err).Error(), nil
	}
	why = "an unchanged file costs nothing"
	if want == Subvolumes && len(all) > 0 && d.StoreFor(AutoStore, all) == HardLinks {
		why += "; the next one shares the bytes of the snapshots before, once"
	}
	return next, why, nil
}
