package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/report"
	"snap/cli/settings"
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

// takenLines say whose dest was and whose it is now, and what follows.
func (c *call) takenLines(d *destination.Destination, dest string) []string {
	snapshots := 0
	if d.Taken != nil && d.DB != nil {
		all, _ := d.DB.Snapshots(c.ctx) // what cannot be read is told by what follows
		snapshots = len(all)
	}
	return report.TakenOver(dest, d.Taken, uint32(os.Geteuid()), snapshots)
}
