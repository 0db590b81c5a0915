package backup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/dustin/go-humanize"

	"snap/destination"
	"snap/internal/file"
	"snap/record"
)

// Estimates for what a snapshot takes in addition to the files' own bytes: a block for a folder and more for many
// names in it, what the index and the change set grow by for a record (measured), and what is kept free.
const (
	blockSpace  = 4 << 10 // where the system does not say
	nameSpace   = 24      // and the name
	recordSpace = 700
	spaceMargin = 1 << 20
)

// inlineAttrs and inlineTarget are how many bytes of attributes and of a link's target an inode of ext4 has room for.
// More of either takes a block.
const (
	inlineAttrs  = 100
	inlineTarget = 59
)

// wholeBlocks are file systems on which each file ends with its own block. Others put the ends of files, or small
// ones, elsewhere.
var wholeBlocks = map[string]bool{"ext4": true, "xfs": true, "tmpfs": true, "f2fs": true}

// roomBeside is what a new inode takes in addition to its content: for its attributes, as far as they have been read,
// and its target.
func roomBeside(r *record.Record, block int64) (n int64) {
	if attrs := int64(file.XattrBytes(r.Xattrs)); attrs > inlineAttrs {
		n += toBlocks(attrs, block)
	}
	if r.Kind == file.Symlink && len(r.Target) > inlineTarget {
		n += toBlocks(int64(len(r.Target)), block)
	}
	return n
}

// toBlocks is n, which is far below 8 EiB, and what is left of its last block.
func toBlocks(n, block int64) int64 { return (n + block - 1) / block * block }

// blockSize is how much of the destination a file takes at least.
func (r *run) blockSize() int64 {
	info, err := r.d.Root.System()
	if err != nil || info.BlockSize <= 0 || info.BlockSize > 1<<20 {
		// larger ones are of servers, and only the best size of a read
		return blockSpace
	}
	return info.BlockSize
}

// checkSpace refuses a backup that cannot fit, before anything is built. It is an estimate: if the destination fills
// up nevertheless, the run ends and nothing is lost.
//
// What interrupted runs have copied needs no room a second time. If the plan fits only without it, because the source
// has changed since, it is removed: otherwise nothing ever would.
func (r *run) checkSpace(ctx context.Context, p *plan) error {
	makeRoom, err := r.fits(ctx, p)
	if err != nil || !makeRoom {
		return err
	}
	r.problem("", errMadeRoom, true)
	r.d.DropInterrupted(ctx)
	info, err := r.d.Root.System()
	if err != nil {
		return err
	}
	return r.lacks(p, destination.Amount{}, &info)
}

// fits refuses a plan that the destination has no room for. makeRoom says that it fits if what interrupted runs have
// left is removed.
func (r *run) fits(ctx context.Context, p *plan) (makeRoom bool, err error) {
	info, err := r.d.Root.System()
	if err != nil {
		return false, err
	}
	short := r.lacks(p, destination.Amount{}, &info)
	if short == nil || len(r.d.Interrupted) == 0 {
		return false, short
	}
	saved, err := r.countResumable(ctx, p)
	if err != nil {
		return false, err
	}
	if short = r.lacks(p, saved, &info); short == nil {
		return false, nil
	}
	roomier := info
	for _, run := range r.d.Interrupted {
		roomier.FreeBytes += uint64(r.heldSpace(run))
		roomier.FreeInodes += uint64(run.Held.Files)
	}
	if r.lacks(p, destination.Amount{}, &roomier) != nil {
		return false, short
	}
	return true, nil
}

// checkSpaceDry refuses what checkSpace would, and removes nothing.
func (r *run) checkSpaceDry(ctx context.Context, p *plan) error {
	if err := r.d.FindInterrupted(ctx); err != nil {
		return err
	}
	_, err := r.fits(ctx, p)
	return err
}

var errMadeRoom = errors.New("what an interrupted run has copied is removed to make room: little of it is as it was " +
	"then")

// lacks says what the destination, described by info, has too little of for the plan; nil if it has
// enough. What is saved does not count.
func (r *run) lacks(p *plan, saved destination.Amount, info *file.SystemInfo) error {
	dirs := p.dirs
	if r.copiesTree() {
		dirs = p.newDirs
	}
	need := uint64(max(p.bytes-p.mayShare-saved.Bytes, 0)) + uint64(dirs)*uint64(p.block) +
		uint64(p.Count())*recordSpace + spaceMargin + uint64(p.otherRoom)
	if wholeBlocks[info.Type] && p.copies > 0 {
		need += uint64(float64(p.blockEnds) * float64(max(p.copies-saved.Files, 0)) / float64(p.copies))
	}
	if need > info.FreeBytes {
		return &destination.GuardError{
			Why: fmt.Sprintf("%s: not enough space: this backup needs about %s, %s are free: %s too little",
				r.d.Path, humanize.IBytes(need), humanize.IBytes(info.FreeBytes), humanize.IBytes(need-info.FreeBytes)),
			Hint: destination.SpaceHint, Err: &destination.SpaceError{Need: need, Free: info.FreeBytes},
		}
	}
	if inodes := uint64(max(p.copies-saved.Files, 0) + p.dirs); info.HasInodes && inodes > info.FreeInodes {
		return &destination.GuardError{
			Why: fmt.Sprintf("%s: not enough inodes: this backup makes %s files and folders, %s are free: %s too "+
				"few", r.d.Path, humanize.Comma(int64(inodes)), humanize.Comma(int64(info.FreeInodes)),
				humanize.Comma(int64(inodes-info.FreeInodes))),
			Hint: "remove files there, or use a file system with more inodes",
		}
	}
	return nil
}

// copiesTree reports whether the new tree begins as a copy of the previous one, in which the folders are.
func (r *run) copiesTree() bool {
	if r.prev == nil || r.d.Meta == nil || r.d.StoreFor(r.o.Store, r.complete()) != destination.Subvolumes {
		return false
	}
	top, err := r.d.EnterOwn(r.prev.Name)
	if err != nil {
		return false
	}
	defer top.Close()
	is, err := top.IsSubvolume()
	return is && err == nil
}

// complete are the snapshots that there are, oldest first.
func (r *run) complete() (all []record.Header) {
	for _, seq := range slices.Sorted(maps.Keys(r.older)) {
		all = append(all, *r.older[seq])
	}
	return all
}

// noRoom is the error of a run that has built nothing yet: a full destination is a refusal. A dry run writes elsewhere.
func (r *run) noRoom(err error) error {
	if r.o.DryRun {
		return err
	}
	return destination.NoRoom(err, destination.SpaceHint)
}
