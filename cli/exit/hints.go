package exit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/dustin/go-humanize"

	"snap/backup/source"
	"snap/cli/settings"
	"snap/cli/text"
	"snap/destination"
	"snap/index"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
	"snap/restore"
)

// Hint adds to an error of a destination or a backup its exit code and what to do.
func Hint(err error, dest string) error {
	var guard *destination.GuardError
	var locked *destination.LockedError
	var layout *source.LayoutError
	var missing *source.MissingError
	var owner *destination.OwnerError
	switch {
	case errors.As(err, &owner):
		return With(Refused, hint.With(fmt.Errorf("%s: belongs to %s, and only the owner writes to a destination",
			quote.Name(owner.Path), text.User(owner.Owner)),
			"%s", hint.Text(ownerHint(owner, dest, os.Geteuid()))))
	case errors.As(err, &guard):
		return With(Refused, hint.With(err, "%s", hint.Text(guard.Hint)))
	case errors.As(err, new(*destination.StuckError)):
		way := cmp.Or(SystemHint(err, "the destination", dest, os.Geteuid()), "is something mounted there? unmount it")
		return With(Partial, hint.With(err,
			"the snapshots are deleted; what is left goes with the next run that can remove it\n%s", hint.Text(way)))
	case errors.As(err, &locked):
		return With(Locked, hint.With(err, "wait until it is done, or let this run wait: --lock-wait 30min"))
	case errors.As(err, &layout):
		way := "name a destination outside of the source"
		if layout.CanBeLeftOut {
			way += fmt.Sprintf(", or leave it out with a line in %s", quote.Word(filepath.Join(dest, settings.BlacklistFile)))
		}
		return With(Usage, hint.With(err, "%s", way))
	case errors.As(err, &missing):
		return hint.With(err, "%s", missingHint(missing))
	case errors.Is(err, destination.ErrNoHardLinks):
		return hint.With(err, "use a destination on ext4, XFS, btrfs, NTFS, APFS or another file system with hard links")
	case errors.Is(err, destination.ErrPurging):
		return hint.With(err,
			"what was interrupted is finished by the next run that writes there, such as the same snap purge or a backup")
	case errors.Is(err, destination.ErrNotDestination):
		return With(NoDest, hint.With(err, "a destination holds a folder .snap; to make one: snap init DIR"))
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return hint.With(err, "%s\nall snapshots in it are whole; snap prune frees space",
			SystemHint(err, "the destination", dest, os.Geteuid()))
	case errors.Is(err, index.ErrMissing), errors.Is(err, record.ErrDamaged), errors.Is(err, record.ErrTruncated),
		errors.Is(err, record.ErrNewer):
		return query.IndexHint(err, dest)
	}
	if way := SystemHint(err, "the destination", dest, os.Geteuid()); way != "" {
		return hint.With(err, "%s", way)
	}
	return err
}

// ownerHint says what the user me does about a destination of which something is another's.
func ownerHint(e *destination.OwnerError, dest string, me int) string {
	as, name := fmt.Sprintf("sudo -u %s %s", quote.Word(text.UserName(e.Owner)), SameLine),
		quote.Word(text.UserName(uint32(me)))
	switch {
	case e.Owner == 0:
		as = "sudo " + SameLine
	case text.UserName(e.Owner) == "":
		as = fmt.Sprintf("sudo -u '#%d' %s", e.Owner, SameLine)
	}
	lines := []string{"as its owner: " + as}
	switch {
	case e.Path != dest:
		lines[0] = fmt.Sprintf("another run, as by sudo, has made it; to make it yours: sudo chown %s %s", name,
			quote.Word(e.Path))
	case me == 0:
		lines = append(lines,
			fmt.Sprintf("or make it root's, and have the next backup copy everything once: snap init %s --take-over",
				quote.Word(dest)))
	case text.UserName(e.Owner) == "":
		lines = append(lines,
			fmt.Sprintf("if this disk is from another machine, where you are user %d: sudo chown -hR --from=%[1]d %s %s",
				e.Owner, name, quote.Word(dest)))
	}
	return strings.Join(lines, "\n")
}

// SystemHint says what to do about a failure of the system at a place, "the destination" or "the target", which is
// the folder dir, as user; "" where the error says enough.
func SystemHint(err error, place, dir string, user int) string {
	root := user == 0
	switch {
	case errors.Is(err, syscall.EDQUOT):
		return "the quota for " + place +
			" is used up, though the disk may have room: see quota -s, and free some space there"
	case errors.Is(err, syscall.ENOSPC):
		return place + " is full: df -h says how full, df -i whether it has no inodes left"
	case errors.Is(err, syscall.EROFS):
		return place + " is mounted read-only. The system does that by itself after an error of the disk: see dmesg, and " +
			"check the file system before mounting it again"
	case errors.Is(err, syscall.EIO):
		return "the disk, or the connection to it, has trouble: see dmesg"
	case errors.Is(err, syscall.ESTALE), errors.Is(err, syscall.ENOTCONN), errors.Is(err, syscall.ETIMEDOUT),
		errors.Is(err, syscall.EHOSTDOWN):
		return "what is mounted there does not answer: unmount it, and mount it again"
	case errors.Is(err, syscall.EFBIG):
		return "a file is larger than the file system of " + place + ", or ulimit -f, allows"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "too many files are open: see ulimit -n"
	case errors.Is(err, syscall.EPERM) && root:
		return "not even root may do that: is something immutable (i) or append-only (a)? To see: lsattr -d " +
			attributesOf(err, dir) + "; chattr -i -a ends it"
	case errors.Is(err, syscall.EACCES) && root:
		return "not even root may do that: on a network or FUSE mount root may be nobody, and SELinux or AppArmor may " +
			"forbid it (see dmesg)"
	case errors.Is(err, fs.ErrPermission):
		return "this user may not do that; who may: ls -ld " + attributesOf(err, dir)
	}
	return ""
}

// attributesOf are the words for a shell of what stands in the way: what the error names, or what there is of the way
// to it, and dir.
func attributesOf(err error, dir string) string {
	p := (*fs.PathError)(nil)
	if !errors.As(err, &p) || !filepath.IsAbs(p.Path) {
		return quote.Word(dir)
	}
	path := p.Path
	for path != filepath.Dir(path) {
		if _, err := os.Lstat(path); err == nil { // what this user cannot look at is not what stands in the way
			break
		}
		path = filepath.Dir(path)
	}
	if path == dir {
		return quote.Word(dir)
	}
	words := quote.Word(path)
	if in := filepath.Dir(path); in != dir && file.Within(dir, in) != "" { // or the folder that it is in stands in the way
		words += " " + quote.Word(in)
	}
	return words + " " + quote.Word(dir)
}

// missingHint says what to do about a source that cannot be backed up.
func missingHint(e *source.MissingError) string {
	dead := destination.DeadLink(e.Path)
	switch {
	case dead != "":
		return dead + ": is its disk mounted?"
	case errors.Is(e.Err, fs.ErrNotExist) && file.Remote(e.Path) != "":
		return "it looks like a place on another machine; " + destination.RemoteHint
	case errors.Is(e.Err, fs.ErrNotExist) && e.Several:
		return "is its disk mounted? To go on without it, name the others, with --source-moved"
	case errors.Is(e.Err, fs.ErrNotExist):
		return "name the folder or file to back up; is its disk mounted?"
	}
	return SystemHint(e.Err, "the source", e.Path, os.Geteuid())
}

// ReadHint says who may read dest, to a user who may not.
func ReadHint(err error, dest string) error {
	if errors.Is(err, fs.ErrPermission) {
		return hint.With(err, "%s", SystemHint(err, "the destination", dest, os.Geteuid()))
	}
	return err
}

// RestoreHint adds to an error of a restore its exit code and what to do.
func RestoreHint(err error, target string) error {
	var exists *restore.ExistsError
	var guard *destination.GuardError
	switch {
	case errors.As(err, &guard):
		return With(Refused, hint.With(fmt.Errorf("restore: %w", err), "%s", hint.Text(guard.Hint)))
	case errors.As(err, new(*restore.MostError)):
		return With(Refused, hint.With(fmt.Errorf("restore: %w", err),
			"nothing was written; is it the right folder? Look with -n; if it is meant: --allow-delete-most"))
	case errors.As(err, &exists):
		lines := make([]string, 0, len(exists.Paths)+2)
		for _, p := range exists.Paths {
			lines = append(lines, "exists: "+quote.Name(p))
		}
		if more := exists.Count - int64(len(exists.Paths)); more > 0 {
			lines = append(lines, fmt.Sprintf("and %s more", humanize.Comma(more)))
		}
		lines = append(lines,
			"nothing was written; choose another target, or --overwrite skip, if-changed, if-newer or always")
		return With(Refused, hint.With(fmt.Errorf("restore: %s would be overwritten",
			text.Plural(int(exists.Count), "file", "files")), "%s", strings.Join(lines, "\n")))
	case errors.Is(err, context.Canceled):
		return hint.With(err, "what came back is whole; the same command with --overwrite if-changed goes on")
	case errors.As(err, new(*restore.SpaceError)):
		return With(Refused, hint.With(fmt.Errorf("restore: %w", err),
			"nothing was written; free some space there, choose another target, or restore a part: REF:PATH"))
	case errors.Is(err, restore.ErrInDestination):
		return With(Refused, hint.With(err, "restore to a folder outside of the destination"))
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return hint.With(err, "%s\nwhen there is room the same command with --overwrite if-changed goes on",
			SystemHint(err, "the target", target, os.Geteuid()))
	case errors.Is(err, fs.ErrNotExist):
		return hint.With(err, "only the last folder of a target is made; to make those above it: mkdir -p %s",
			quote.Word(filepath.Dir(target)))
	case errors.Is(err, syscall.ENOTDIR):
		return hint.With(err, "the target must be a folder; this, or something on the way to it, is none")
	}
	if way := SystemHint(err, "the target", target, os.Geteuid()); way != "" {
		return hint.With(err, "%s", way)
	}
	return err
}

// UndeleteHint is RestoreHint for undelete, which overwrites nothing.
func UndeleteHint(err error, target string) error {
	var exists *restore.ExistsError
	switch {
	case errors.As(err, &exists):
		return With(Refused, hint.With(fmt.Errorf("undelete: %s in the way: %s", text.Plural(int(exists.Count), "path is",
			"paths are"), quote.List(exists.Paths)), "nothing was written; elsewhere: --target DIR"))
	case errors.Is(err, context.Canceled):
		return hint.With(err, "what came back is whole; the same line goes on")
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return hint.With(err, "%s\nwhen there is room the same line goes on",
			SystemHint(err, "the target", target, os.Geteuid()))
	}
	return RestoreHint(err, target)
}

// SameLine stands in a hint for the command line that was typed.
const SameLine = "snap …"
