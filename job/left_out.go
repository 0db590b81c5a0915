package job

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

// Sparing says what of a target a restore that deletes leaves there, and why, "" for what it does not: what a backup
// leaves out, by the settings s and the lists that the destination has now.
func (p *Place) Sparing(of source.Chosen, s *settings.Settings, words *report.Printer) (
	func(x *restore.Extra) (why string, err error), error) {
	fc := p.FilterContext(of)
	rules, err := settings.Lists(p.Dest, fc)
	if err != nil {
		return nil, err
	}
	set, o := filter.New(rules[0], rules[1], fc), s.Scan()
	o.Roots, o.Own = of.Roots, p.OwnFiles(s.Logfile)
	return func(x *restore.Extra) (string, error) { return spared(x, set, o, words) }, nil
}

// spared is the rule that leaves x out of a backup, "" if none does.
func spared(x *restore.Extra, set *filter.Set, o scan.Options, words *report.Printer) (string, error) {
	v, err := set.Explain(x.Path, x.Stat.Kind == file.Folder)
	if err != nil {
		return "", err
	}
	if !v.Included {
		return fmt.Sprintf("%s:%d (%s) leaves it out of a backup", filepath.Base(v.Rule.File), v.Rule.Line,
			quote.Name(v.Rule.Text)), nil
	}
	dir, _ := record.Split(x.Path)
	cause, err := scan.LeftOutOf(x.In, dir, x.Name, x.Stat, o)
	return words.Spared(cause, o.Larger), err
}

// LeftOut is the setting that leaves out a path of the source, nil for none, and where it cannot be told because a
// folder on the way cannot be read.
func (p *Place) LeftOut(of source.Chosen, s *settings.Settings, path string, words *report.Printer) *wire.Setting {
	root, err := file.OpenRoot(of.Top)
	if err != nil {
		return nil
	}
	defer root.Close()
	o := s.Scan()
	o.Roots, o.Own = of.Roots, p.OwnFiles(s.Logfile)
	if d, err := file.OpenRoot(p.Dest); p.Dest != "" && err == nil {
		defer d.Close()
		if s, err := d.Stat(); err == nil {
			o.Never = []file.Stat{s}
		}
	}
	cause, at, err := scan.LeftOut(root, path, o)
	if err != nil || cause == scan.TakenIn {
		return nil
	}
	return wire.NewSetting(cause, at, words.LeftOut(cause, at, s.ExcludeLargerThan, of.All()))
}
