package locate

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"snap/cli/exit"
	"snap/cli/state"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
)

// Disk is what is known of the destinations in a folder, to tell whether the disk there is the right one.
type Disk struct {
	Places func() []state.Place             // what is remembered
	Lost   func(dir string) error           // as Asked.Lost
	ID     func(dir string) (string, error) // of the destination that dir is
	When   func(time.Time) string           // as people read it
	Making bool                             // dir is to be made a destination
	Here   bool                             // beside snapshots whose index is lost, if there are some
}

// Check refuses dir where it is not the destination that this user's backups went to before: an empty mount point, or
// another disk in its place. Of one that is known, as disks are that take turns, changed says it; not if dir lies below
// the disk's mount point, on the disk below that.
func (k *Disk) Check(dir string) (changed string, err error) {
	all := k.Places()
	here := slices.DeleteFunc(slices.Clone(all), func(p state.Place) bool { return p.Path != dir })
	if len(here) == 0 {
		return "", nil
	}
	last := slices.MaxFunc(here, func(a, b state.Place) int { return a.Last.Compare(b.Last) })
	until := "backups went there until " + k.When(last.Last)
	if last.Source == "" {
		until = "it was made a destination on " + k.When(last.Last)
	}
	there, err := IsDestination(dir)
	switch {
	case err != nil:
		return "", err
	case !there && k.Making:
		if last.Presence == state.Gone || k.sameMount(&last) {
			return "", nil
		}
		return "", refuse(dir, "holds no snapshots, but "+until+": is its disk not mounted?", "mount the disk")
	case !there:
		if err := k.Lost(dir); err != nil && k.Here {
			return "", nil // beside them, as asked for
		} else if err != nil {
			return "", exit.With(exit.Refused, hint.Also(err, "to begin beside them, with a full copy: add --here"))
		}
		return "", refuse(dir, "holds no snapshots, but "+until+": is its disk not mounted?", "mount the disk")
	}
	id, err := k.ID(dir)
	if err != nil || id == last.ID {
		return "", nil // an error is told when it is opened
	}
	switch {
	case last.Mount != "" && below(state.MountOf(dir), last.Mount):
		return "", refuse(dir, "another than last time: "+until+" on another disk. Is that not mounted?", "mount the disk")
	case slices.ContainsFunc(all, func(p state.Place) bool { return p.ID == id }):
		return fmt.Sprintf("destination %s: another disk than last time, %s", quote.Name(dir), k.When(last.Last)), nil
	case k.Making && k.sameMount(&last):
		return "", nil
	}
	return "", refuse(dir, "not the one that backups went to until "+k.When(last.Last)+", but another: is this another "+
		"disk?", "connect the right disk")
}

// sameMount reports whether the disk that is mounted where the place was is the one, or is in its place.
func (k *Disk) sameMount(p *state.Place) bool {
	now := state.MountOf(p.Path)
	return now != "" && (now == p.Mount || now == p.Path)
}

// below reports whether the mount point inner, of before, is in what is mounted at outer now.
func below(outer, inner string) bool {
	return outer != "" && outer != inner && file.Within(outer, inner) != ""
}

func refuse(dir, why, way string) error {
	return exit.With(exit.Refused, hint.With(errors.New("destination "+quote.Name(dir)+": "+why),
		way+"; to back up to what is there now all the same: snap init %s --here", quote.Word(dir)))
}
