package cli

import (
	"fmt"
	"path/filepath"

	"snap/backup/source"
	"snap/cli/report"
	"snap/cli/settings"
	"snap/cli/wire"
	"snap/filter"
	"snap/internal/file"
	"snap/internal/quote"
	"snap/record"
	"snap/restore"
	"snap/scan"
)

// leftOut is the setting that leaves out a path of the source, nil for none, and where it cannot be told because a
// folder on the way cannot be read.
func (c *call) leftOut(dest string, src source.Chosen, path string) (*wire.Setting, error) {
	s, err := c.readSettings(dest)
	if err != nil {
		return nil, err
	}
	root, err := file.OpenRoot(src.Top)
	if err != nil {
		return nil, nil
	}
	defer root.Close()
	o := s.Scan()
	o.Roots, o.Own = src.Roots, c.ownFiles(dest, s.Logfile)
	if d, err := file.OpenRoot(dest); dest != "" && err == nil {
		defer d.Close()
		if s, err := d.Stat(); err == nil {
			o.Never = []file.Stat{s}
		}
	}
	cause, at, err := scan.LeftOut(root, path, o)
	if err != nil || cause == scan.TakenIn {
		return nil, nil
	}
	return wire.NewSetting(cause, at, c.print().LeftOut(cause, at, s.ExcludeLargerThan, src.All())), nil
}

// sparing says what of a target `restore --delete` leaves because the backup leaves it out, by the lists and settings
// that the destination has now.
type sparing struct {
	set   *filter.Set
	scan  scan.Options
	print *report.Printer
}

func (c *call) sparing(dest string, src source.Chosen) (*sparing, error) {
	fc := c.filterContext(src)
	rules, err := settings.Lists(dest, fc)
	if err != nil {
		return nil, err
	}
	s, err := c.readSettings(dest)
	if err != nil {
		return nil, err
	}
	o := s.Scan()
	o.Roots, o.Own = src.Roots, c.ownFiles(dest, s.Logfile)
	return &sparing{filter.New(rules[0], rules[1], fc), o, c.print()}, nil
}

// why is the rule that leaves x out of a backup, "" if none does.
func (s *sparing) why(x *restore.Extra) (string, error) {
	v, err := s.set.Explain(x.Path, x.Stat.Kind == file.Folder)
	if err != nil {
		return "", err
	}
	if !v.Included {
		return fmt.Sprintf("%s:%d (%s) leaves it out of a backup", filepath.Base(v.Rule.File), v.Rule.Line,
			quote.Name(v.Rule.Text)), nil
	}
	dir, _ := record.Split(x.Path)
	cause, err := scan.LeftOutOf(x.In, dir, x.Name, x.Stat, s.scan)
	return s.print.Spared(cause, s.scan.Larger), err
}
