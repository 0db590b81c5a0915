package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"snap/backup/source"
	"snap/filter"
	"snap/internal/quote"
	"snap/query"
)

// Judged is what the settings of a destination say of how it is judged, and the rules as they stand there. What is
// wrong with them is no error here: that is what is asked.
func Judged(d *query.Reader, fc filter.Context, now time.Time) (o query.StatusOptions, rules []string) {
	o.Source = source.Amiss
	s, _, err := Read(d.Dir, fc)
	if err != nil {
		o.Settings, o.NoRules, o.Mend = append(o.Settings, err.Error()), err.Error(), place(err, OptionsFile)
		s = Default()
	}
	if n := len(d.Snapshots); n > 0 {
		fc.Source = filepath.ToSlash(d.Snapshots[n-1].Source)
	}
	if _, err := Lists(d.Dir, fc); err != nil {
		if o.Settings = append(o.Settings, err.Error()); o.Mend == "" {
			o.Mend = place(err, "the lists")
		}
	}
	for _, name := range s.CopyTo {
		if _, err := FindRemote(d.Dir, name); err != nil {
			o.Settings = append(o.Settings, fmt.Sprintf("copy_to in %s: %s", OptionsFile, err))
		}
	}
	o.Rules, o.Ignore = s.Keep.Policy(now), s.IgnoresErrors()
	if len(s.Unknown) > 0 && !o.Rules.Empty() {
		o.Settings, o.Idle = append(o.Settings, UnknownStop(s.Unknown)), true
	}
	return o, s.Keep.Lines()
}

// place is where in the user's files an error is: FILE:LINE, or FILE.
func place(err error, file string) string {
	var line *Error
	var pattern *filter.PatternError
	var path *fs.PathError
	switch {
	case errors.As(err, &line):
		return fmt.Sprintf("%s:%d", quote.Name(line.File), line.Line)
	case errors.As(err, &pattern):
		return fmt.Sprintf("%s:%d", quote.Name(pattern.File), pattern.Line)
	case errors.As(err, &path):
		return quote.Name(path.Path)
	}
	return file
}

// UnknownStop is why no rule runs beside settings that snap does not know.
func UnknownStop(keys []string) string {
	return fmt.Sprintf("no snapshot is deleted: %s has settings that snap does not know: %s", OptionsFile,
		quote.List(keys))
}
