// Package state is what snap remembers for a user on a machine: the destinations that were backed up to, by which
// another disk in the place of one is noticed, and which large indexes were proved. It is a convenience: without it
// everything works. Begin to read at known.go; places.go says which of them is used without being named.
package state

import (
	"os"
	"os/user"
	"path/filepath"
	"strings"

	"snap/internal/file"
)

// PasswdHome is the home folder of the user that this process runs as, as the system's list of users has it; "" if it
// is not known.
func PasswdHome() string {
	u, err := user.Current()
	if err != nil || !filepath.IsAbs(u.HomeDir) {
		return ""
	}
	return u.HomeDir
}

// User is whose state it is. The folder is found from the environment, as the XDG specification says.
type User struct {
	LookupEnv func(key string) (string, bool)
	OwnHome   func() string // the home folder as the system knows it, "" if it does not; nil: it does not
	Temp      []string      // folders for temporary files; what is below is never used without being named
}

func (u *User) variable(key string) string {
	v, _ := u.LookupEnv(key)
	return v
}

// Home is what ~ stands for: $HOME, which cron and systemd may not set, else the home folder of this user; "" where
// nobody knows it.
func (u *User) Home() string {
	if home := u.variable("HOME"); filepath.IsAbs(home) {
		return home
	}
	return u.ownHome()
}

func (u *User) ownHome() string {
	if u.OwnHome == nil {
		return ""
	}
	return u.OwnHome()
}

// folder is where snap keeps what it knows for this user, "" where there is no home. It need not be there. Root, to
// whom sudo may leave a user's HOME, does not write there: the user could not replace root's files.
func (u *User) folder() string {
	state := u.variable("XDG_STATE_HOME")
	if !filepath.IsAbs(state) || notRoots(state) { // the XDG specification says to ignore a relative one
		home := u.Home()
		if own := u.ownHome(); own != "" && notRoots(home) {
			home = own
		}
		if home == "" {
			return ""
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "snap")
}

// MakeFolder makes the state folder before the source is looked at: made after a first backup of the home, it would be
// a change in the second. An error shows when something is written there.
func (u *User) MakeFolder() {
	if state := u.folder(); state != "" {
		_ = os.MkdirAll(state, 0o700)
	}
}

// notRoots reports whether root is asking and the folder, or the one that it would be made in, belongs to another user.
func notRoots(path string) bool {
	if os.Geteuid() != 0 {
		return false
	}
	for ; ; path = filepath.Dir(path) {
		if d, err := file.OpenRoot(path); err == nil {
			s, err := d.Stat()
			d.Close()
			return err == nil && s.UID != 0
		}
		if path == filepath.Dir(path) {
			return false
		}
	}
}

// Folders are all where runs of this user keep the state: another environment, as that of cron, may lead elsewhere.
func (u *User) Folders() (all []string) {
	if state := u.folder(); state != "" {
		all = append(all, state)
	}
	for _, home := range []string{u.Home(), u.ownHome()} {
		if home != "" {
			all = append(all, filepath.Join(home, ".local", "state", "snap"))
		}
	}
	return all
}

// IsFile knows the files in such a folder by their names.
func IsFile(name string) bool {
	return name == knownName || name == unnotedName ||
		strings.HasPrefix(name, "destinations-") && strings.HasSuffix(name, ".tmp")
}

// Cache is the folder for what can be fetched again, chosen as folder is.
func (u *User) Cache() string { return u.base("XDG_CACHE_HOME", ".cache") }

// Config is the folder for what a user keeps apart from a destination, as its keys, chosen as folder is.
func (u *User) Config() string { return u.base("XDG_CONFIG_HOME", ".config") }

// base is the folder of snap in one of the XDG specification's.
func (u *User) base(variable, name string) string {
	dir := u.variable(variable)
	if !filepath.IsAbs(dir) || notRoots(dir) {
		home := u.Home()
		if own := u.ownHome(); own != "" && notRoots(home) {
			home = own
		}
		if home == "" {
			home = os.TempDir()
		}
		dir = filepath.Join(home, name)
	}
	return filepath.Join(dir, "snap")
}
