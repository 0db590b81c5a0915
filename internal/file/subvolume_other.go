//go:build !linux

package file

import (
	"context"
	"errors"
)

func (d *Dir) makeSubvolume(string) error           { return errors.ErrUnsupported }
func (d *Dir) snapshotSubvolume(*Dir, string) error { return errors.ErrUnsupported }
func (d *Dir) freezeSubvolume(*Dir, string) error   { return errors.ErrUnsupported }
func (d *Dir) hasSubvolumes() (bool, error)         { return false, errors.ErrUnsupported }
func (d *Dir) hasMounts() bool                      { return false }
func (d *Dir) removeSubvolume(string) error         { return errors.ErrUnsupported }
func (d *Dir) isSubvolume() (bool, error)           { return false, nil }
func (d *Dir) sealed() (bool, error)                { return false, errors.ErrUnsupported }
func (d *Dir) seal(bool) error                      { return errors.ErrUnsupported }
func (d *Dir) lastRemoved() (uint64, error)         { return 0, errors.ErrUnsupported }

func (d *Dir) awaitRemoved(context.Context, uint64) error { return errors.ErrUnsupported }
