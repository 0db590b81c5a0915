package cli

import (
	"fmt"
	"path/filepath"

	"snap/cli/settings"
	"snap/filter"
	"snap/index"
	"snap/internal/file"
	"snap/internal/quote"
	"snap/restore"
	"snap/scan"
)

// sparing says what of a target `restore --delete` leaves because the backup leaves it out, by the lists and settings
// that the destination has now.
type sparing struct {
	set  *filter.Set
	scan scan.Options
	size func(int64) string
}

func (c *call) sparing(dest string, src sources) (*sparing, error) {
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
	o.Roots, o.Own = src.roots, c.ownFiles(dest, s.Logfile)
	return &sparing{filter.New(rules[0], rules[1], fc), o, c.Size}, nil
}

// why is the rule that leaves x out of a backup, "" if none does.
func (s *sparing) why(x *restore.Extra) (string, error) {
	v, err := s.set.Explain(x.Path, x.Stat.Kind == file.Folder)
	if err != nil {
		return "", err
	}
	if !v.Included {
		return fmt.Sprintf("%s:%d (%s) leaves it out of a backup", filepath.Base(v.Rule.File), v.Rule.Line, quote.Name(v.Rule.Text)), nil
	}
	dir, _ := index.Split(x.Path)
	cause, err := scan.LeftOutOf(x.In, dir, x.Name, x.Stat, s.scan)
	if err != nil {
		return "", err
	}
	switch cause {
	case scan.MarkedCache:
		return "exclude_caches: its folder is marked by a CACHEDIR.TAG", nil
	case scan.MarkedByName:
		return "exclude_if_present: its folder holds a file of such a name", nil
	case scan.TooLarge:
		return "exclude_larger_than: it is larger than " + s.size(s.scan.Larger), nil
	case scan.PseudoSystem:
		return "it is made up by the system", nil
	case scan.OwnFile:
		return "it is written by snap itself", nil
	}
	return "", nil
}
