package cli

import (
	"fmt"
	"path/filepath"

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
func (c *call) leftOut(dest string, src sources, path string) (*wire.Setting, error) {
	s, err := c.readSettings(dest)
	if err != nil {
		return nil, err
	}
	root, err := file.OpenRoot(src.top)
	if err != nil {
		return nil, nil
	}
	defer root.Close()
	o := s.Scan()
	o.Roots, o.Own = src.roots, c.ownFiles(dest, s.Logfile)
	if d, err := file.OpenRoot(dest); dest != "" && err == nil {
		defer d.Close()
		if s, err := d.Stat(); err == nil {
			o.Never = []file.Stat{s}
		}
	}
	cause, at, err := scan.LeftOut(root, path, o)
	if err != nil {
		return nil, nil
	}
	name, b64 := wire.Name(at)
	shown := name
	if at == "" {
		shown = "the source"
	}
	switch cause {
	case scan.MarkedCache:
		return &wire.Setting{Key: "exclude_caches", At: name, AtB64: b64, Why: shown + " is marked by its CACHEDIR.TAG"}, nil
	case scan.MarkedByName:
		return &wire.Setting{Key: "exclude_if_present", At: name, AtB64: b64, Why: shown +
			" holds a file of such a name"}, nil
	case scan.TooLarge:
		return &wire.Setting{Key: "exclude_larger_than", At: name, AtB64: b64, Why: "it is larger than " +
			c.Size(s.ExcludeLargerThan)}, nil
	case scan.OtherSystem:
		return &wire.Setting{Key: "one_file_system", At: name, AtB64: b64, Why: shown + " is another file system"}, nil
	case scan.PseudoSystem:
		return &wire.Setting{Key: "", At: name, AtB64: b64, Why: shown +
			" is made up by the system: there is nothing to back up"}, nil
	case scan.NeverEntered:
		return &wire.Setting{Key: "", At: name, AtB64: b64, Why: shown + " is the destination"}, nil
	case scan.OwnFile:
		return &wire.Setting{Key: "", At: name, AtB64: b64, Why: shown + " is written by snap itself"}, nil
	case scan.OutsideSources:
		return &wire.Setting{Key: "", At: name, AtB64: b64, Why: shown + " is in none of the sources: " +
			quote.All(src.all())}, nil
	}
	return nil, nil
}

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
		return fmt.Sprintf("%s:%d (%s) leaves it out of a backup", filepath.Base(v.Rule.File), v.Rule.Line,
			quote.Name(v.Rule.Text)), nil
	}
	dir, _ := record.Split(x.Path)
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
