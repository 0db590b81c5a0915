package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/itchyny/timefmt-go"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/settings"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/destination/reindex"
	"snap/index"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/record"
)

func reindexCommand() *command {
	return &command{
		Name: "reindex", Group: groupKeep, Effect: true,
		Short: "rebuild the index from change sets and snapshots",
		Long: `Make DEST/.snap/index.db again from the change sets beside it. The snapshots are not
touched, and the old index is kept as index.db.old.

Where a change set is lost or damaged, its snapshot is taken from its folder: what
shares an inode with the snapshot before is unchanged, or moved if the path is
another. Of files that are new there no hash is known; the next backup reads them
in the source and in the snapshot, once, and links what is equal. Folders that no
change set names are taken in when their names are those of snapshots (the format
of BackupOptions.txt, or 20261122-134510); with --adopt all folders of DEST are,
as those of rsync --link-dest or another program, ordered by the time in their
name or else by their own. To adopt folders where snap never was: snap init DEST
first.

Only change sets and trees count. What earlier backups learned of the source
without making a snapshot, the next one learns again by reading those files.`,
		Examples: `snap reindex -d /mnt/disk/me
snap init /mnt/old; snap reindex -d /mnt/old --adopt --source-dir /home/me`,
		Codes: []int{exit.Partial, exit.NoDest, exit.Locked, exit.Interrupted, exit.Terminated},
		Flags: flags{
			{Name: "adopt", Usage: "take every folder in the destination for a snapshot"},
			{Name: "source-dir", Kind: cmdline.String,
				Usage: "`DIR` is the source of the snapshots whose change set is lost or does not name it"},
		},
		Run: func(c *call) error {
			dest, err := c.find()
			if err != nil {
				return err
			}
			return c.reindex(dest)
		},
	}
}

func (c *call) reindex(dest string) error {
	s, err := c.readSettings(dest)
	if err != nil {
		return err
	}
	o := c.reindexOptions(&s)
	if o.Adopt = c.flags.Bool("adopt"); o.Adopt {
		named := o.Time
		o.Time = func(name string) (time.Time, bool) {
			if t, ok := named(name); ok {
				return t, true
			}
			return foreignTime(name, c.env.Now().Location())
		}
	}
	if v := c.flags.String("source-dir"); v != "" {
		o.Source = c.abs(v)
		if info, err := os.Stat(o.Source); err != nil {
			c.warn("--source-dir: %v", err)
		} else if !info.IsDir() {
			c.warn("--source-dir %s: not a folder", quote.Name(v))
		}
	}
	line := c.progress()
	o.Progress = line.Show
	res, err := reindex.Run(c.ctx, dest, o)
	line.End()
	if errors.Is(err, syscall.EIO) {
		err = hint.With(err,
			"the disk has trouble. A change set that it cannot read may be moved away: its snapshot is then made of its folder")
	}
	if err != nil {
		return exit.Hint(err, dest)
	}
	if err := c.remember(dest, res.ID, ""); err != nil { // a new one, if no change set told the old
		c.note("the list of known destinations could not be written: %v", err)
	}
	if o.Source != "" && res.Sourced == 0 && res.Snapshots > 0 {
		c.warn("--source-dir had no effect: the source of every snapshot is known")
	}
	if err := c.reindexed(dest, res); err != nil {
		return err
	}
	if len(res.Lost) > 0 {
		return exit.With(exit.Partial, nil)
	}
	return nil
}

// reindexOptions are those of a reindex that takes for snapshots what has the name of one.
func (c *call) reindexOptions(s *settings.Settings) reindex.Options {
	return reindex.Options{
		LockWait: c.opts.lockWait, Holder: c.holder("reindex"), Jobs: s.Jobs, Users: text.UserName, Groups: text.GroupName,
		Time: func(name string) (time.Time, bool) { return timeOfName(name, s.Format, c.env.Now().Location()) },
	}
}

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

// timeOfName is the time in the name of a snapshot: one of the format, or of the default format, with -2, -3
// and so on behind it if the name was taken.
func timeOfName(name, format string, zone *time.Location) (time.Time, bool) {
	names := []string{name}
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		if n, err := strconv.Atoi(name[i+1:]); err == nil && n > 1 && strconv.Itoa(n) == name[i+1:] {
			names = append(names, name[:i])
		}
	}
	for _, format := range []string{format, settings.Default().Format} {
		for _, name := range names {
			t, err := timefmt.ParseInLocation(name, format, zone)
			if err == nil && timefmt.Format(t, format) == name {
				return t, true
			}
		}
	}
	return time.Time{}, false
}

// foreignDate is a date, and perhaps a time, somewhere in a name: 2026-11-20, 20261120, home-2026-11-20T13:45:10.
var foreignDate = regexp.MustCompile(`^(?:.*?\D)?(\d{4})[-_. ]?(\d\d)[-_. ]?(\d\d)` +
	`(?:[-_. T]?(\d\d)[-_.:h]?(\d\d)(?:[-_.:m]?(\d\d))?)?(?:\D.*)?$`)

// foreignTime is the time that the name of another program's snapshot tells, whatever its format: year, month, day
// and perhaps hour, minute and second, in this order.
func foreignTime(name string, zone *time.Location) (time.Time, bool) {
	m := foreignDate.FindStringSubmatch(name)
	if m == nil {
		return time.Time{}, false
	}
	var n [6]int
	for i := range n {
		n[i], _ = strconv.Atoi(m[i+1]) // nothing is 0
	}
	t := time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, zone)
	return t, n[0] >= 1970 && n[1] == int(t.Month()) && n[2] == t.Day() && n[3] < 24 && n[4] < 60 && n[5] < 60
}

// strangers are the folders of a destination that no index knows.
type strangers struct {
	named  []string // their names are those of snapshots
	dated  []string // their names are dates of another format
	others []string
}

// strangers finds the folders in dest, which has no snapshots.
func (c *call) strangers(dest, format string) (s strangers, err error) {
	entries, err := os.ReadDir(dest)
	zone := c.env.Now().Location()
	for _, e := range entries {
		name := e.Name()
		if !e.IsDir() || strings.HasPrefix(name, ".") || reindex.SystemFolder(name) {
			continue
		}
		_, dated := foreignTime(name, zone)
		if _, ok := timeOfName(name, format, zone); ok {
			s.named = append(s.named, name)
		} else if dated && strings.Trim(name, "0123456789-_.:T ") == "" {
			s.dated = append(s.dated, name)
		} else {
			s.others = append(s.others, name)
		}
	}
	return s, err
}

// adopt is the flag that snap reindex needs to take the folders in, "" for none.
func (s *strangers) adopt() string {
	if len(s.dated)+len(s.others) > 0 {
		return " --adopt"
	}
	return ""
}

// checkNoIndex refuses a backup beside snapshots that no index knows: as the first of a new destination it
// would copy everything, and they could not be taken in any more, because they are older.
func (c *call) checkNoIndex(dest string, src sources, format string) error {
	found, err := c.strangers(dest, format)
	found.others = nil
	names := append(found.named, found.dated...)
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
				"%[1]s, and back up again", quote.Word(dest), found.adopt(), quote.Word(src.all()[0])))
}

// reindexed says what a reindex did.
func (c *call) reindexed(dest string, res *reindex.Result) error {
	if c.opts.json {
		j := wire.Reindex{Type: "summary", Snapshots: res.Snapshots, FromTrees: rebuilt(res.FromTrees),
			Lost: rebuilt(res.Lost), Left: []string{}, Foreign: []string{}, Errors: []string{}}
		for _, name := range res.Left {
			name, _ = wire.Name(name)
			j.Left = append(j.Left, name)
		}
		for _, name := range res.Foreign {
			name, _ = wire.Name(name)
			j.Foreign = append(j.Foreign, name)
		}
		for _, err := range res.Notes {
			j.Errors = append(j.Errors, err.Error())
		}
		return c.json(j)
	}
	for _, err := range res.Notes {
		c.warn("%v", err)
	}
	for _, l := range res.Lost {
		c.warn("%s is lost: %v", numbered(&l), l.Err)
	}
	for _, name := range res.Left {
		c.warn("folder %s is left out: it is older than snapshots that are not relative to it", quote.Name(name))
	}
	if len(res.Foreign) > 0 {
		c.note("left alone, because their names are not those of snapshots: %s", quote.List(res.Foreign))
		c.note("if they are snapshots: snap reindex -d %s --adopt", quote.Word(dest))
	}
	if c.opts.quiet {
		return nil
	}
	weak := int64(0)
	said := fmt.Sprintf("the index is made again: %s", text.Plural(res.Snapshots, "snapshot", "snapshots"))
	if n := len(res.FromTrees); n > 0 {
		said += fmt.Sprintf(", %d from change sets and %d from folders", res.Snapshots-n, n)
	}
	for _, f := range res.FromTrees {
		said += fmt.Sprintf("\n  %s from its folder: %s", quote.Name(f.Name), quote.Clean(f.Err.Error()))
		weak += f.Weak
	}
	if weak > 0 {
		said += fmt.Sprintf("\n  %s no hash yet: the next backup reads those that are still there, once, and links what is "+
			"equal",
			text.Plural(int(weak), "file has", "files have"))
	}
	return c.printf("%s\n", said)
}

// numbered names a snapshot of which perhaps only the number is known.
func numbered(s *reindex.Rebuilt) string {
	if s.Name == "" {
		return fmt.Sprintf("the snapshot with number %d", s.Seq)
	}
	return "snapshot " + quote.Name(s.Name)
}

func rebuilt(all []reindex.Rebuilt) []wire.Rebuilt {
	out := make([]wire.Rebuilt, len(all))
	for i := range all {
		s := &all[i]
		out[i] = wire.Rebuilt{Seq: s.Seq, Name: "", Weak: s.Weak, Why: s.Err.Error()}
		out[i].Name, _ = wire.Name(s.Name)
	}
	return out
}
