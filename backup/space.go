package backup

import (
	"fmt"

	"github.com/dustin/go-humanize"
)

// Estimates for what a snapshot takes besides the files' own bytes: a block for a folder, what the index
// and the change set grow by for a record (measured), and what is kept free.
const (
	folderSpace = 4 << 10
	recordSpace = 700
	spaceMargin = 1 << 20
)

// checkSpace refuses a backup that cannot fit, before anything is built. Holes do not count. It is an
// estimate: a destination that fills up all the same ends the run and loses nothing.
func (r *run) checkSpace(p *plan, holes int64) error {
	info, err := r.d.root.System()
	if err != nil {
		return err
	}
	need := uint64(max(p.bytes-holes, 0)) + uint64(p.dirs)*folderSpace + uint64(p.w.Count())*recordSpace + spaceMargin
	if need > info.FreeBytes {
		return &GuardError{
			Why: fmt.Sprintf("%s: not enough space: this backup needs about %s, %s are free",
				r.d.Path, humanize.IBytes(need), humanize.IBytes(info.FreeBytes)),
			Hint: "free some space there, or leave more out with Blacklist.txt",
		}
	}
	if inodes := uint64(p.copies + p.dirs); info.HasInodes && inodes > info.FreeInodes {
		return &GuardError{
			Why: fmt.Sprintf("%s: not enough inodes: this backup makes %s files and folders, %s are free",
				r.d.Path, humanize.Comma(int64(inodes)), humanize.Comma(int64(info.FreeInodes))),
			Hint: "remove files there, or use a file system with more inodes",
		}
	}
	return nil
}
