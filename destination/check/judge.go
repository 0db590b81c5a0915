package check

import (
	"fmt"
	"strings"

	"snap/destination"
	"snap/internal/file"
	"snap/record"
)

// preserved says what of an entry's metadata can be compared with its record.
type preserved struct {
	all  bool   // the file system keeps everything
	user uint32 // who made the snapshot
}

// maker is the user who made the snapshot; top is the owner of its top folder. The two are the same as long as that
// is the destination's owner. Otherwise the snapshot is older than the take-over by root, or its folder was given
// away since; then the header helps.
func (c *checker) maker(h *record.Header, top uint32) uint32 {
	s, err := c.d.Root.Lstat(destination.MetaName)
	switch {
	case err != nil || s.UID == top:
		return top
	case h.User == "root":
		return 0
	case s.UID == 0:
		return top
	}
	return s.UID
}

// nobody is what the system shows for an owner that has no number here: in a user namespace, or on a
// file server.
const nobody = 65534

// differences compares an entry with its record, but for its bytes and the target of a link, and names the worst
// difference first. If the type differs nothing else is named, if the size differs the time is not.
func (t preserved) differences(want *record.Record, got *file.Stat) (what Fault, why []string) {
	differs := func(f Fault, format string, args ...any) {
		if what == "" {
			what = f
		}
		why = append(why, fmt.Sprintf(format, args...))
	}
	if got.Kind != want.Kind {
		differs(FaultType, "is a %s, not a %s", destination.KindText(got.Kind), destination.KindText(want.Kind))
		return what, why
	}
	if want.Kind == file.Regular && got.Size != want.Size {
		differs(FaultSize, "has %d bytes, not %d", got.Size, want.Size)
	}
	if got.Rdev != want.Rdev {
		differs(FaultDevice, "is device %d, not %d", got.Rdev, want.Rdev)
	}
	if what == "" && (want.Kind == file.Regular || t.all) && !destination.CloseEnough(got.Mtime, want.Mtime) {
		differs(FaultTime, "its time is %s, not %s", timeText(got.Mtime), timeText(want.Mtime))
	}
	if t.all && want.Kind != file.Symlink && !t.modeAgrees(want, got) {
		differs(FaultMode, "its mode is %04o, not %04o", got.Mode, want.Mode)
	}
	if t.all && !(t.idAgrees(got.UID, want.UID) && (t.user != 0 || t.idAgrees(got.GID, want.GID))) {
		differs(FaultOwner, "its owner is %d:%d, not %d:%d", got.UID, got.GID, want.UID, want.GID)
	}
	return what, why
}

// modeAgrees: an ordinary user cannot set the setuid and setgid bits of what he cannot give away.
func (t preserved) modeAgrees(want *record.Record, got *file.Stat) bool {
	return got.Mode == want.Mode ||
		(t.user != 0 || got.UID != want.UID || got.GID != want.GID) && got.Mode == want.Mode&^0o6000
}

// idAgrees: what an ordinary user cannot give away is his own, and a number that is unknown here says
// nothing.
func (t preserved) idAgrees(got, want uint32) bool {
	return got == want || got == nobody || want == nobody || t.user != 0 && got == t.user
}

// held reports whether the tree is to have something for the record.
func held(r *record.Record) bool { return r.Stored != record.Absent }

func timeText(t file.Time) string { return t.Time().UTC().Format("2006-01-02T15:04:05.999999999Z") }

func joinWhy(why []string) string { return strings.Join(why, ", ") }
