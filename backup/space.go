package backup

import (
	"context"
	"errors"
	"fmt"

	"github.com/dustin/go-humanize"

	"snap/internal/file"
)

// Estimates for what a snapshot takes besides the files' own bytes: a block for a folder, what the index
// and the change set grow by for a record (measured), and what is kept free.
const (
	folderSpace = 4 << 10
	recordSpace = 700
	spaceMargin = 1 << 20
)

// checkSpace refuses a backup that cannot fit, before anything is built. It is an estimate: a destination
// that fills up all the same ends the run and loses nothing.
//
// What dead runs have copied needs no room a second time. Where that is too little, because the source
// has changed since, it makes room: else nothing would ever remove it.
func (r *run) checkSpace(ctx context.Context, p *plan) error {
	makeRoom, err := r.fits(ctx, p)
	if err != nil || !makeRoom {
		return err
	}
	r.problem("", errMadeRoom, true)
	r.d.dropDead(ctx)
	info, err := r.d.root.System()
	if err != nil {
		return err
	}
	return r.lacks(p, Amount{}, &info)
}

// fits refuses a plan that the destination has no room for. makeRoom says that it fits if what dead runs
// have left is removed.
func (r *run) fits(ctx context.Context, p *plan) (makeRoom bool, err error) {
	info, err := r.d.root.System()
	if err != nil {
		return false, err
	}
	short := r.lacks(p, Amount{}, &info)
	if short == nil || len(r.d.dead) == 0 {
		return false, short
	}
	saved, err := r.salvageable(ctx, p)
	if err != nil {
		return false, err
	}
	if short = r.lacks(p, saved, &info); short == nil {
		return false, nil
	}
	roomier := info
	for _, run := range r.d.dead {
		roomier.FreeBytes += uint64(r.heldSpace(run))
		roomier.FreeInodes += uint64(run.held.Files)
	}
	if r.lacks(p, Amount{}, &roomier) != nil {
		return false, short
	}
	return true, nil
}

// rehearseSpace refuses what checkSpace would, and removes nothing.
func (r *run) rehearseSpace(ctx context.Context, p *plan) error {
	if err := r.d.seeDead(ctx); err != nil {
		return err
	}
	_, err := r.fits(ctx, p)
	return err
}

var errMadeRoom = errors.New("what an interrupted run has copied is removed to make room: little of it is as it was then")

// lacks says what the destination, described by info, has too little of for the plan; nil if it has
// enough. What is saved does not count.
func (r *run) lacks(p *plan, saved Amount, info *file.SystemInfo) error {
	need := uint64(max(p.bytes-saved.Bytes, 0)) + uint64(p.dirs)*folderSpace + uint64(p.w.Count())*recordSpace + spaceMargin
	if need > info.FreeBytes {
		return &GuardError{
			Why: fmt.Sprintf("%s: not enough space: this backup needs about %s, %s are free",
				r.d.Path, humanize.IBytes(need), humanize.IBytes(info.FreeBytes)),
			Hint: spaceHint,
		}
	}
	if inodes := uint64(max(p.copies-saved.Files, 0) + p.dirs); info.HasInodes && inodes > info.FreeInodes {
		return &GuardError{
			Why: fmt.Sprintf("%s: not enough inodes: this backup makes %s files and folders, %s are free",
				r.d.Path, humanize.Comma(int64(inodes)), humanize.Comma(int64(info.FreeInodes))),
			Hint: "remove files there, or use a file system with more inodes",
		}
	}
	return nil
}
