package cli

import (
	"path/filepath"

	"github.com/urfave/cli/v2"

	"snap/cli/exit"
	"snap/internal/hint"
)

func backupCommand() *command {
	return &command{
		name: "backup", args: "[DEST [SRC…]]", max: -1, group: groupMake, does: true,
		short: "make a snapshot of SRC in DEST",
		long: `Make a snapshot of the folder SRC in DEST: a folder with a complete copy of SRC, in
which unchanged and moved files are hard links into the snapshot before. When
nothing changed, no snapshot is made, and the newest one gets the tags of --tag and,
if it has none, the note of --note. Without SRC only the settings files and the index
are made, as by snap init.

Several SRC, folders and files, are in one snapshot, below their absolute paths. DEST
remembers them: without arguments, or with -d DEST alone, the destination that other
commands would use gets a snapshot of what its newest one is of. After -d DEST all
arguments are sources. Other sources than before are refused without --source-moved,
which links what is the same file at another path.

What is left out stands in DEST/Blacklist.txt and DEST/Whitelist.txt, lasting
choices in DEST/BackupOptions.txt; the files are made with comments by the first
run. Flags win over them.`,
		examples: `snap backup /mnt/disk/me /home/me            # the first one copies everything
snap backup                                  # the same again
snap backup -n /mnt/disk/me /home/me         # what would happen?
snap backup /mnt/disk/all ~/docs /etc/hosts  # several sources
snap backup /mnt/disk/me ~ --exclude '*.iso' --exclude-caches
snap backup /mnt/disk/me ~ --if-older 1d     # once a day, tried every hour`,
		codes: []int{exit.Partial, exit.Refused, exit.Before, exit.NoDest, exit.Locked, exit.Interrupted, exit.Terminated},
		flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "say what would happen and write nothing at all"},
			&cli.StringSliceFlag{Name: "exclude", Usage: "leave out `PATTERN`, written as in Blacklist.txt; may be repeated"},
			&cli.StringSliceFlag{Name: "include",
				Usage: "take in `PATTERN` even so, written as in Whitelist.txt; may be repeated"},
			&cli.StringSliceFlag{Name: "exclude-from",
				Usage: "leave out what `FILE` lists, written as Blacklist.txt; - is standard input; may be repeated"},
			&cli.StringSliceFlag{Name: "include-from",
				Usage: "take in what `FILE` lists even so, written as Whitelist.txt; - is standard input; may be repeated"},
			&cli.BoolFlag{Name: "one-file-system", Aliases: []string{"x"}, Usage: "do not enter other file systems"},
			&cli.BoolFlag{Name: "exclude-caches", Usage: "leave out what is in folders with a CACHEDIR.TAG"},
			&cli.StringSliceFlag{Name: "exclude-if-present",
				Usage: "leave out what is in folders that hold a file `NAME`; may be repeated"},
			&cli.StringFlag{Name: "exclude-larger-than", Usage: "leave out files larger than `SIZE`, as 500M"},
			&cli.BoolFlag{Name: "force", Usage: "make a snapshot although nothing changed"},
			&cli.BoolFlag{Name: "checksum", Usage: "trust no time stamps: read and hash every file"},
			&cli.BoolFlag{Name: "trust-moves", Usage: "link a renamed file with equal inode, size and time unread"},
			&cli.BoolFlag{Name: "ignore-inode", Usage: "do not compare inode numbers"},
			&cli.BoolFlag{Name: "ignore-ctime", Usage: "do not compare the time of the last status change"},
			&cli.StringSliceFlag{Name: "tag", Usage: "label the snapshot with `TAG`; may be repeated"},
			&cli.StringFlag{Name: "note", Usage: "give the snapshot a note, `TEXT`"},
			takeOverFlag(),
			&cli.StringFlag{Name: "time", Usage: "record (and name) the snapshot with this `TIME` instead of now"},
			&cli.StringFlag{Name: "if-older",
				Usage: "do nothing if the last snapshot, or run that found nothing changed, is not older than `AGE`"},
			&cli.BoolFlag{Name: "strict",
				Usage: "a file that grows while it is read, as a log does, makes the snapshot incomplete too"},
			&cli.BoolFlag{Name: "allow-empty-source", Usage: "accept a source without a single entry"},
			&cli.BoolFlag{Name: "source-moved", Usage: "accept other sources than those of the newest snapshot"},
			hereFlag(),
			&cli.IntFlag{Name: "jobs", Usage: "work on `N` files at the same time (default: as snap thinks best)"},
		}, giveWayFlags()...),
		complete: completeFiles,
		run: func(c *call) error {
			if err := c.noneEmpty("DEST", "SRC"); err != nil {
				return err
			}
			if len(c.args) == 1 && c.opts.dest == "" {
				return c.backupNothing(c.abs(c.args[0]))
			}
			err := c.rebuilding(func() (dest string, err error) {
				dest, src, err := c.backupArgs()
				if err == nil {
					err = c.backup(dest, src)
				}
				return dest, err
			})
			return c.events.End(c.ctx, err)
		},
	}
}

// noneEmpty refuses an empty argument, as a script makes it of a variable that is not set: it would be the
// current folder. The last of names is that of all further arguments too.
func (c *call) noneEmpty(names ...string) error {
	for i, arg := range c.args {
		if arg == "" {
			return hint.Usagef("%s is empty", names[min(i, len(names)-1)])
		}
	}
	return nil
}

// abs is a path relative to the working directory as an absolute one.
func (c *call) abs(path string) string {
	if !filepath.IsAbs(path) {
		path = filepath.Join(c.env.Dir, path)
	}
	return filepath.Clean(path)
}
