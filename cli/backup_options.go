package cli

import (
	"slices"
	"strings"
	"time"

	"snap/backup"
	"snap/backup/source"
	"snap/cli/settings"
	"snap/cli/text"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/internal/when"
)

// backupOptions puts flags, settings and defaults together, in this order of weight.
func (c *call) backupOptions(s *settings.Settings, dest string, src source.Chosen) (backup.Options, error) {
	f := c.flags
	o := c.place(dest).BackupOptions(s, src)
	for name, on := range map[string]*bool{
		"strict": &o.Strict, "checksum": &o.Rules.Checksum, "trust-moves": &o.Rules.TrustMoves,
		"ignore-inode": &o.Rules.IgnoreInode,
		"ignore-ctime": &o.Rules.IgnoreCtime, "one-file-system": &o.Scan.OneFileSystem, "exclude-caches": &o.Scan.Caches,
	} {
		if f.IsSet(name) {
			*on = f.Bool(name)
		}
	}
	o.Force, o.AllowEmptySource = o.Force || f.Bool("force"), f.Bool("allow-empty-source")
	o.Note = strings.ToValidUTF8(f.String("note"), "\ufffd")
	o.Scan.IfPresent = append(f.Strings("exclude-if-present"), o.Scan.IfPresent...)
	if f.IsSet("jobs") {
		if o.Jobs = f.Int("jobs"); o.Jobs < 1 || o.Jobs > 1024 {
			return o, hint.Usagef("--jobs %d: must be a number from 1 to 1024", o.Jobs)
		}
	}
	var err error
	if f.IsSet("moment") {
		if o.Moment, err = source.ParseMoment(f.String("moment")); err != nil {
			return o, err
		}
	}
	if v := f.String("exclude-larger-than"); f.IsSet("exclude-larger-than") {
		if o.Scan.Larger, err = text.ParseAmount(v); err != nil {
			return o, hint.Usagef("--exclude-larger-than: %s", err)
		}
		if o.Scan.Larger == 0 {
			return o, hint.Usagef("--exclude-larger-than %s: that would leave out every file with something in it; name a "+
				"size, as 500M", quote.Name(v))
		}
	}
	if o.Time, err = c.backupTime(); err != nil {
		return o, err
	}
	if err := c.giveWay(&o, s); err != nil {
		return o, err
	}
	for _, name := range f.Strings("exclude-if-present") {
		if err := settings.CheckMarker(name); err != nil {
			return o, hint.Usagef("--exclude-if-present: %s", err)
		}
	}
	for _, t := range f.Strings("tag") {
		if err := settings.CheckTag(t); err != nil {
			return o, hint.Usagef("--tag: %s", err)
		}
		if !slices.Contains(o.Tags, t) {
			o.Tags = append(o.Tags, t)
		}
	}
	o.Scan.Filter, err = c.filters(dest, src)
	return o, err
}

// backupTime is the time that the snapshot is to have.
func (c *call) backupTime() (time.Time, error) {
	if !c.flags.IsSet("time") {
		return c.now(), nil
	}
	text := c.flags.String("time")
	t, end, err := when.Parse(text, c.now())
	switch {
	case err != nil:
		err = hint.Usagef("--time: %s", err)
	case end.Sub(t) > 25*time.Hour: // a day may have so many
		err = hint.Usagef("--time %s: is more than a day: write the day, as %s", quote.Name(text), t.Format("2006-01-02"))
	case t.IsZero():
		err = hint.Usagef("--time %s: no snapshot is that old", quote.Name(text))
	}
	return t, err
}
