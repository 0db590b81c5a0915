package destination

import (
	"slices"
	"strconv"
	"strings"
)

// modeOptions are the mount options that say which modes folders are shown with, and a safe value for each.
var modeOptions = []struct {
	name, safe string
	takesAway  bool // what it has, folders have not
}{
	{"dmask", "022", true}, {"umask", "022", true}, // FAT, exFAT, NTFS
	{"dir_mode", "0755", false}, // SMB
	{"dmode", "0755", false},    // VirtualBox's shares
}

// writersHint says how a folder on a file system of this type, mounted with these options, is made one that only its
// owner writes to.
func writersHint(system, options, path string) string {
	set := strings.Split(options, ",")
	if option, safe := writable(set); option != "" {
		return "the mount option " + option + " lets others write: unmount it, and mount it with -o " + safe
	}
	chmod := "chmod go-w " + path
	switch system {
	case "ntfs", "ntfs3":
		return "NTFS shows the modes that it was mounted with: unmount it, and mount it with -o umask=022 (or " +
			"fmask=133,dmask=022)"
	case "smb", "smb2", "cifs":
		if slices.Contains(set, "unix") || slices.Contains(set, "posix") { // the server keeps modes
			return chmod
		}
		return "a share shows the modes that it was mounted with: unmount it, and mount it with -o " +
			"file_mode=0644,dir_mode=0755"
	case "fuse": // ntfs-3g among them, whose options the system does not tell
		return chmod + "; where that changes nothing, as on NTFS: unmount it, and mount it with -o umask=022"
	}
	return chmod
}

// writable is the option by which folders are shown as ones that others than their owner may write to, and how it is
// safe.
func writable(set []string) (option, safe string) {
	for _, m := range modeOptions {
		for _, o := range set {
			name, value, _ := strings.Cut(o, "=")
			bits, err := strconv.ParseUint(value, 8, 32)
			if name != m.name || err != nil {
				continue
			}
			if m.takesAway {
				bits = ^bits
			}
			if bits&0o022 == 0 { // nor is one that it goes before
				return "", ""
			}
			return o, m.name + "=" + m.safe
		}
	}
	return "", ""
}
