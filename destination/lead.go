package destination

import (
	"fmt"

	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
)

// CheckLead refuses a place to write to that nobody means as it stands: one behind a symbolic link to what is not
// there, most likely a disk that is not mounted, which is a GuardError; and one as other programs name it on another
// machine.
func CheckLead(path string) error {
	if why := DeadLink(path); why != "" {
		return &GuardError{Why: why, Hint: "is its disk mounted? If it is not needed any more, remove the link"}
	}
	if typed := file.Remote(path); typed != "" {
		return hint.With(hint.Usagef("%s: there is no such folder; it looks like a place on another machine",
			quote.Name(typed)), RemoteHint)
	}
	return nil
}

// RemoteHint says what to do about a place on another machine.
const RemoteHint = "snap works with folders: mount it, as with sshfs, NFS or SMB, and name the folder where it is " +
	"mounted"

// DeadLink says that a symbolic link on the way to path leads to what is not there, "" if none does.
func DeadLink(path string) string {
	link, to := file.DeadLink(path)
	if link == "" {
		return ""
	}
	return fmt.Sprintf("%s is a link to %s, which is not there", quote.Name(link), quote.Name(to))
}
