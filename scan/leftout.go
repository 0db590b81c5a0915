package scan

import (
	"strings"

	"snap/internal/file"
	"snap/record"
)

// Cause is why a walk does not yield a path that is there and that no filter leaves out.
type Cause uint8

// The causes, each but the first with the option that it comes from.
const (
	TakenIn        Cause = iota
	MarkedCache          // Caches
	MarkedByName         // IfPresent
	TooLarge             // Larger
	OtherSystem          // OneFileSystem
	PseudoSystem         // always: proc, sys and their like
	NeverEntered         // Never
	OwnFile              // Own
	OutsideSources       // Roots
)

// Option is what a cause comes from: the name of a setting, or words where no setting leaves the path out; "" for
// TakenIn.
func (c Cause) Option() string {
	return [...]string{
		MarkedCache: "exclude_caches", MarkedByName: "exclude_if_present", TooLarge: "exclude_larger_than",
		OtherSystem:  "one_file_system",
		PseudoSystem: "made up by the system", NeverEntered: "the destination", OwnFile: "written by snap itself",
		OutsideSources: "not below a source",
	}[c]
}

// LeftOut says why Walk would not yield the path, the filter aside, and at which folder or file that is decided. It
// looks at the folders on the way there alone. What cannot be read, and what is not there, is TakenIn with the error.
func LeftOut(root *file.Dir, path string, o Options) (why Cause, at string, err error) {
	if o.Roots.Place(path) == record.Outside {
		return OutsideSources, path, nil
	}
	w := newWalker(root, 16, o)
	defer w.tree.Close()
	above, err := root.Stat()
	for dir := ""; err == nil && dir != path; {
		name, _, more := strings.Cut(strings.TrimPrefix(path[len(dir):], "/"), "/")
		var s file.Stat
		if why, s, err = w.leftOutIn(dir, name); why != TakenIn || err != nil {
			if why == TooLarge || why == NeverEntered || why == OwnFile {
				dir = record.Join(dir, name)
			}
			return why, dir, err
		}
		dir = record.Join(dir, name)
		if more && o.OneFileSystem && s.Dev != above.Dev && o.Roots.Place(dir) == record.InSource && !o.Roots.Has(dir) {
			return OtherSystem, dir, nil
		}
		above = s
	}
	return TakenIn, "", err
}

// leftOutIn decides about the entry name of dir as list, lead and addEntry do.
func (w *walker) leftOutIn(dir, name string) (Cause, file.Stat, error) {
	d, err := w.tree.Dir(dir)
	if err != nil {
		return TakenIn, file.Stat{}, err
	}
	defer d.Close()
	s, err := d.Lstat(name)
	if err == nil && w.o.Follow && s.Kind == file.Symlink {
		if to, err := d.FollowStat(name); err == nil {
			s = to
		}
	}
	if err != nil {
		return TakenIn, s, err
	}
	if w.o.Roots.Place(dir) == record.Carrier {
		return TakenIn, s, nil
	}
	why, err := LeftOutOf(d, dir, name, &s, w.o)
	return why, s, err
}

// LeftOutOf says why Walk would not yield the entry name, which is s, when it has come to the folder d, which is dir
// in a source.
func LeftOutOf(d *file.Dir, dir, name string, s *file.Stat, o Options) (Cause, error) {
	w := &walker{o: o}
	in, err := d.Stat()
	if err != nil {
		return TakenIn, err
	}
	if isOwn(w.own(&in), name) {
		return OwnFile, nil
	}
	source := o.Roots.Has(dir)
	if info, err := d.System(); err == nil && info.Pseudo && !source {
		return PseudoSystem, nil
	}
	if !source && (w.o.Caches || len(w.o.IfPresent) > 0) {
		entries, err := d.Entries()
		if err != nil {
			return TakenIn, err
		}
		switch by := w.marked(d, entries); {
		case by == "" || by == name:
		case by == cacheTagName:
			return MarkedCache, nil
		default:
			return MarkedByName, nil
		}
	}
	switch {
	case s.Kind == file.Folder && w.never(s):
		return NeverEntered, nil
	case o.tooLarge(s):
		return TooLarge, nil
	}
	return TakenIn, nil
}

// tooLarge reports whether Larger leaves out what s is of.
func (o *Options) tooLarge(s *file.Stat) bool {
	return o.Larger > 0 && s.Kind == file.Regular && s.Size > o.Larger
}
