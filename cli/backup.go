package cli

import (
	"path/filepath"

	"snap/backup/source"
	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/state"
	"snap/job"
)

func backupCommand() *command {
	return &command{
		Name: "backup", Args: "[DEST [SRC…]]", Max: -1, Group: groupMake, Effect: true,
		Short: "make a snapshot of SRC in DEST",
		Long: `Make a snapshot of the folder SRC in DEST: a folder with a complete copy of SRC, in
which unchanged and moved files are hard links into the snapshot before. When
nothing changed, no snapshot is made, and the newest one gets the tags of --tag and,
if it has none, the note of --note.

Several SRC, folders or files, are in one snapshot, below their absolute paths. DEST
remembers its sources: without SRC what its newest snapshot is of is backed up again,
and where it has none, only settings files and index are made, as by snap init. After
-d DEST all arguments are sources. Other sources than before are refused without
--source-moved, which links files that are the same at another path.

DEST/Blacklist.txt and DEST/Whitelist.txt say what is left out, DEST/BackupOptions.txt
has settings that last; the first run makes these files, with comments. Flags win over
them.`,
		Examples: `snap backup /mnt/disk/me /home/me            # the first one copies everything
snap backup                                  # the same again
snap backup -n /mnt/disk/me /home/me         # what would happen?
snap backup /mnt/disk/all ~/docs /etc/hosts  # several sources
snap backup /mnt/disk/me ~ --exclude '*.iso' --exclude-caches
snap backup /mnt/disk/me ~ --if-older 1d     # once a day, tried every hour`,
		Codes: []int{exit.Partial, exit.Refused, exit.Before, exit.NoDest, exit.Locked, exit.Interrupted, exit.Terminated},
		Flags: append(flags{
			{Name: "dry-run", Aliases: []string{"n"}, Usage: "say what would happen and write nothing at all"},
			{Name: "exclude", Kind: cmdline.Strings, Usage: "leave out `PATTERN`, written as in Blacklist.txt; may be repeated"},
			{Name: "include", Kind: cmdline.Strings,
				Usage: "back up `PATTERN` even if another pattern leaves it out, written as in Whitelist.txt; may be repeated"},
			{Name: "exclude-from", Kind: cmdline.Strings,
				Usage: "leave out what `FILE` lists, written as Blacklist.txt; - is standard input; may be repeated"},
			{Name: "include-from", Kind: cmdline.Strings,
				Usage: "back up what `FILE` lists even if a pattern leaves it out, written as Whitelist.txt; - is " +
					"standard input; may be repeated"},
			{Name: "one-file-system", Aliases: []string{"x"}, Usage: "do not enter other file systems"},
			{Name: "exclude-caches", Usage: "leave out what is in folders with a CACHEDIR.TAG"},
			{Name: "exclude-if-present", Kind: cmdline.Strings,
				Usage: "leave out what is in folders that hold a file `NAME`; may be repeated"},
			{Name: "exclude-larger-than", Kind: cmdline.String, Usage: "leave out files larger than `SIZE`, as 500M"},
			{Name: "force", Usage: "make a snapshot even if nothing changed"},
			{Name: "checksum", Usage: "read and hash every file, whatever its times say"},
			{Name: "trust-moves", Usage: "link a renamed file without reading it if inode number, size and time are the same"},
			{Name: "ignore-inode", Usage: "do not compare inode numbers"},
			{Name: "ignore-ctime", Usage: "do not compare the time of the last status change"},
			{Name: "tag", Kind: cmdline.Strings, Usage: "label the snapshot with `TAG`; may be repeated"},
			{Name: "note", Kind: cmdline.String, Blank: true, Usage: "give the snapshot a note, `TEXT`"},
			takeOverFlag(),
			{Name: "time", Kind: cmdline.String, Usage: "record (and name) the snapshot with this `TIME` instead of now"},
			{Name: "moment", Kind: cmdline.String, OneOf: source.Moments(),
				Usage: "take a source that is a btrfs subvolume at one moment, `HOW`: auto, off or required"},
			{Name: "if-older", Kind: cmdline.String,
				Usage: "do nothing unless the last snapshot, or the last run that found nothing changed, is older than `AGE`"},
			{Name: "strict",
				Usage: "call a snapshot incomplete also because of a file that grew while it was read, as logs do"},
			{Name: "allow-empty-source", Usage: "accept an empty source"},
			{Name: "source-moved", Usage: "accept other sources than those of the newest snapshot"},
			hereFlag(),
			{Name: "jobs", Kind: cmdline.Int, Usage: "work on `N` files at the same time (default: snap chooses)"},
		}, giveWayFlags()...),
		Run: func(c *call) error {
			if len(c.args) == 1 && c.opts.dest == "" && !c.holdsSnapshots(c.abs(c.args[0])) {
				return c.backupNothing(c.abs(c.args[0]))
			}
			dest, err := c.backupDest()
			if err != nil {
				return err
			}
			c.namedInHints(dest)
			f := &backupFront{call: c, dest: dest}
			b := &job.BackupRun{Place: c.place(dest), Front: f, Words: c.print(), Caller: c.eventCaller(),
				Sources: c.typedSources(), Names: c.sourceNames(), SourceMoved: c.flags.Bool("source-moved"),
				DryRun: c.flags.Bool("dry-run"), TakeOver: c.flags.Bool("take-over"), KeepAwake: c.flags.Bool("keep-awake"),
				LockWait: c.opts.lockWait, How: c.how(state.Named), TimeTyped: c.flags.IsSet("time"), Verbose: c.opts.verbose,
				Silent: c.opts.json}
			res, err := b.Run(c.ctx)
			if err == nil && res.NotDue != "" {
				return c.tellNotDue(res.NotDue)
			}
			return err
		},
	}
}

// abs is a path relative to the working directory as an absolute one.
func (c *call) abs(path string) string {
	if !filepath.IsAbs(path) {
		path = filepath.Join(c.env.Dir, path)
	}
	return filepath.Clean(path)
}
