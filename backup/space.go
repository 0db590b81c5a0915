package backup

import (
	"fmt"

	"github.com/dustin/go-humanize"
)

// spaceMargin is kept free for the index and the file system's own needs.
const spaceMargin = 16 << 20

// checkSpace refuses a backup that cannot fit, before anything is built.
func (r *run) checkSpace(p *plan) error {
	info, err := r.d.root.System()
	if err != nil {
		return err
	}
	// Holes and blocks shared by clones make it less, small files more: one block is 4 KiB as a rule.
	need := uint64(p.bytes) + uint64(p.dirs)*4096 + uint64(p.spool.w.Count())*600
	if clones := info.Type == "btrfs" || info.Type == "xfs"; clones || need+spaceMargin <= info.FreeBytes {
		need = min(need, info.FreeBytes)
	}
	if need+spaceMargin > info.FreeBytes && need > info.FreeBytes {
		return &GuardError{
			Why: fmt.Sprintf("not enough space on %s: this backup needs about %s, %s are free",
				r.d.Path, humanize.IBytes(need), humanize.IBytes(info.FreeBytes)),
			Hint: "free some space, for example by deleting old snapshots, or leave more out with Blacklist.txt",
		}
	}
	if inodes := uint64(p.copies + p.dirs); info.HasInodes && inodes > info.FreeInodes {
		return &GuardError{
			Why: fmt.Sprintf("not enough inodes on %s: this backup makes %s files and folders, %s are free",
				r.d.Path, humanize.Comma(int64(inodes)), humanize.Comma(int64(info.FreeInodes))),
			Hint: "remove old snapshots, or use a file system with more inodes",
		}
	}
	return nil
}
