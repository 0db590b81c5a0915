package restore

import (
	"snap/internal/file"
	"snap/record"
)

// verdict is what is done with one path.
type verdict uint8

const (
	create  verdict = iota // nothing is there
	replace                // something else than a folder is there and gives way
	clear                  // a folder that is empty, or cleared by Delete, gives way
	merge                  // a folder is there, as it should be
	refresh                // what is there has the recorded content: set its metadata
	keep                   // what is there stays
	refuse                 // what is there stays, and that stops the run
	blocked                // a folder that is not empty is in the way
	absent                 // the snapshot does not hold it
)

// existing is what the target has under a name.
type existing struct {
	file.Stat        // Kind None: nothing
	Target    string // of a symbolic link
	Empty     bool   // a folder with nothing in it
}

// decide says what is done with the path of a record, given what the target has there.
func decide(want *record.Record, have *existing, how Overwrite, del bool) verdict {
	switch {
	case !want.Held():
		return absent
	case have.Kind == file.None:
		return create
	case have.Kind == file.Folder && want.Kind == file.Folder:
		return merge
	case how == Never:
		return refuse
	case how == Skip:
		return keep
	case how == IfNewer && !have.Mtime.Before(want.Mtime):
		return keep
	case have.Kind == file.Folder && !have.Empty && !del:
		return blocked
	case have.Kind == file.Folder:
		return clear
	case how == IfChanged && unchanged(want, have):
		return refresh
	}
	return replace
}

// unchanged reports whether what exists has the recorded content, as far as its stat record shows.
func unchanged(want *record.Record, have *existing) bool {
	if want.Kind != have.Kind {
		return false
	}
	switch want.Kind {
	case file.Regular:
		return want.Size == have.Size && want.Mtime == have.Mtime
	case file.Symlink:
		return want.Target == have.Target
	}
	return want.Rdev == have.Rdev
}

// setsMeta reports whether an existing folder that is merged with gets the recorded metadata.
func setsMeta(want *record.Record, have *existing, how Overwrite) bool {
	switch {
	case how.keeps():
		return have.Empty
	case how == IfNewer:
		return have.Mtime.Before(want.Mtime)
	}
	return true
}
