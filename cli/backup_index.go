package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"snap/backup/source"
	"snap/cli/exit"
	"snap/destination/reindex"
	"snap/index"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/record"
)

// rebuilding runs a backup. Where the index is damaged or missing and every change set is whole it makes the index
// again of them, says so, and runs the backup once more: a damaged index is no reason to have no backup, and no
// judgement is needed. backUp says which destination it is about.
func (c *call) rebuilding(backUp func() (dest string, err error)) error {
	dest, err := backUp()
	lost := errors.Is(err, record.ErrDamaged) || errors.Is(err, index.ErrMissing)
	if !lost || errors.Is(err, record.ErrNewer) || c.summed || c.flags.Bool("dry-run") {
		return err
	}
	s, settingsErr := c.readSettings(dest)
	if settingsErr != nil {
		return err
	}
	o := c.reindexOptions(&s)
	o.SetsOnly = true
	line := c.progress()
	o.Progress = line.Show
	_, why := reindex.Run(c.ctx, dest, o)
	line.End()
	switch {
	case errors.Is(why, reindex.ErrSetsDamaged):
		return hint.With(err, "it is not made again without being asked: %v", why)
	case why != nil:
		return errors.Join(err, exit.Hint(fmt.Errorf("the index could not be made again: %w", why), dest))
	}
	kept := ""
	if errors.Is(err, record.ErrDamaged) {
		kept = "; the damaged one is kept as index.db.old"
	}
	c.warn("%v. It was made again from the change sets%s", err, kept)
	_, err = backUp()
	return err
}

// checkNoIndex refuses a backup beside snapshots that no index knows: as the first of a new destination it
// would copy everything, and they could not be taken in any more, because they are older.
func (c *call) checkNoIndex(dest string, src source.Chosen, format string) error {
	found, err := c.names(format).Strangers(dest)
	names := found.Snapshots()
	if err != nil || len(names) == 0 {
		return err
	}
	// After the folders, because another run may be making the index and its first snapshot right now.
	if _, err := os.Lstat(index.Path(dest)); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if sets, _ := os.ReadDir(filepath.Join(dest, ".snap", "changes")); len(sets) > 0 {
		return nil // the index is missing, and is said to be when it is opened
	}
	return exit.With(exit.Refused,
		hint.With(fmt.Errorf("destination %s: no index, and folders that look like snapshots: %s", quote.Name(dest),
			quote.List(names)),
			"to take them in: snap init %[1]s && snap reindex -d %[1]s%[2]s --source-dir %[3]s\nto leave them alone: snap init "+
				"%[1]s, and back up again", quote.Word(dest), adoptFlag(found.Dated), quote.Word(src.All()[0])))
}
