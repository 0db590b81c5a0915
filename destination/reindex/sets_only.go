package reindex

import (
	"errors"
	"fmt"
	"slices"

	"snap/destination"
	"snap/record"
)

// ErrSetsDamaged: not every snapshot has a whole change set, so that an index made from them would know less than the
// trees.
var ErrSetsDamaged = errors.New("the change sets are not whole")

// setsSuffice says why not every snapshot can be made from its change set as it was, nil if each can.
func (r *reindex) setsSuffice(steps []step, left []foundTree) error {
	if err := allFollow(steps); err != nil {
		return err
	}
	if len(left) > 0 {
		return fmt.Errorf("no change set names the folder %q", left[0].name)
	}
	// The newest snapshot may have another name than those that are known by it.
	if latest, err := r.d.Root.Readlink(destination.LatestName); err == nil && record.CheckName(latest) == nil {
		there, err := destination.FolderAt(r.d.Root, latest)
		if err != nil {
			return err
		}
		if there && !slices.ContainsFunc(steps, func(s step) bool { return s.name == latest }) {
			return fmt.Errorf("no change set names the folder %q", latest)
		}
	}
	for i := range steps {
		h := *steps[i].head
		if _, err := r.d.ApplyLabels(&h); err != nil {
			return err
		}
	}
	return nil
}
