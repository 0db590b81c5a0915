package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/settings"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/destination"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
)

func takeOverFlag() cmdline.Flag[*call] {
	return cmdline.Flag[*call]{Name: "take-over",
		Usage: "as root: become the owner of another user's destination; everything is copied once"}
}

// checkTakeOver refuses to take over settings that say where root would write: they are another user's words.
func (c *call) checkTakeOver(dest string, s *settings.Settings) error {
	if !c.flags.Bool("take-over") {
		return nil
	}
	path := filepath.Join(dest, settings.OptionsFile)
	root, err := file.OpenRoot(dest)
	if err != nil {
		return err
	}
	defer root.Close()
	options, err := root.Lstat(settings.OptionsFile)
	if err == nil && options.UID != 0 && s.Logfile != "" && s.Logfile != os.DevNull {
		return exit.With(exit.Refused, hint.With(fmt.Errorf("%s: another user says there where root is to write a log: %s",
			quote.Name(path), quote.Name(s.Logfile)),
			"look at it; remove the line, or make the file yours: chown root %s", quote.Word(path)))
	}
	return nil
}

func newTakenJSON(t *destination.Taken) *wire.TakenOver {
	if t == nil {
		return nil
	}
	return &wire.TakenOver{From: text.UserName(t.From), FromUID: t.From, Files: t.Entries}
}

// takenLines say whose dest was and whose it is now, and what follows.
func (c *call) takenLines(d *destination.Destination, dest string) []string {
	me := text.User(uint32(os.Geteuid()))
	t := d.Taken
	if t == nil {
		return []string{fmt.Sprintf("%s is %s's already: there was nothing to take over", quote.Name(dest), me)}
	}
	from := text.User(t.From)
	first := fmt.Sprintf("%s was %s's and is %s's now: %s given to %s", quote.Name(dest), from, me,
		text.Plural(t.Entries, "file or folder of it was", "files and folders of it were"), me)
	if t.Entries == 0 {
		first = fmt.Sprintf("%s is %s's and would be %s's", quote.Name(dest), from, me)
	}
	all, err := d.DB.Snapshots(c.ctx)
	if err != nil || len(all) == 0 {
		return []string{first}
	}
	return []string{first,
		fmt.Sprintf("what is in its %s stays %s's, and nothing is linked to that: the next snapshot copies everything, once",
			text.Plural(len(all), "snapshot", "snapshots"), from)}
}
