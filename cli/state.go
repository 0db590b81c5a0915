package cli

import (
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"

	"snap/internal/file"
	"snap/scan"
)

// passwdHome is the home folder of the user that this process runs as, as the system's list of users has it; "" if it is not
// known.
func passwdHome() string {
	u, err := user.Current()
	if err != nil || !filepath.IsAbs(u.HomeDir) {
		return ""
	}
	return u.HomeDir
}

// home is what ~ stands for: $HOME, which cron and systemd may not set, else the home folder of this user; "" where nobody
// knows it.
func (c *call) home() string {
	if home := c.env.variable("HOME"); filepath.IsAbs(home) {
		return home
	}
	return c.ownHome()
}

func (c *call) ownHome() string {
	if c.env.Home == nil {
		return ""
	}
	return c.env.Home()
}

// stateFolder is where snap keeps what it knows for this user, "" where there is no home. It need not be there. Root, to whom
// sudo may leave a user's HOME, does not write there: the user could not replace root's files.
func (c *call) stateFolder() string {
	state := c.env.variable("XDG_STATE_HOME")
	if !filepath.IsAbs(state) || notRoots(state) { // the XDG specification says to ignore a relative one
		home := c.home()
		if own := c.ownHome(); own != "" && notRoots(home) {
			home = own
		}
		if home == "" {
			return ""
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "snap")
}

// makeStateFolder makes the state folder before the source is looked at: made after a first backup of the home, it would be
// a change in the second. An error shows when something is written there.
func (c *call) makeStateFolder() {
	if state := c.stateFolder(); state != "" {
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

// ownFiles are the files that snap itself writes and that may lie below a source: what it knows for this user, and the log
// of the destination. They are no change of the source.
func (c *call) ownFiles(dest, logfile string) (own []scan.OwnFiles) {
	add := func(dir string, is func(name string) bool) {
		d, err := file.OpenRoot(dir)
		if err != nil {
			return // not there
		}
		defer d.Close()
		if s, err := d.Stat(); err == nil {
			own = append(own, scan.OwnFiles{In: s, Is: is})
		}
	}
	if state := c.stateFolder(); state != "" {
		add(state, isStateFile)
	}
	for _, home := range []string{c.home(), c.ownHome()} { // where runs with another environment keep it, as those of cron
		if home != "" {
			add(filepath.Join(home, ".local", "state", "snap"), isStateFile)
		}
	}
	if path := logAt(dest, logfile); path != "" {
		add(filepath.Dir(path), isLogFile(filepath.Base(path)))
		if real, err := filepath.EvalSymlinks(path); err == nil {
			add(filepath.Dir(real), isLogFile(filepath.Base(real)))
		}
	}
	return own
}

// isStateFile knows the files in the state folder.
func isStateFile(name string) bool {
	return name == knownName || strings.HasPrefix(name, "destinations-") && strings.HasSuffix(name, ".tmp")
}

// isLogFile knows a log and those that were put aside: their names hold the time when that was.
func isLogFile(log string) func(name string) bool {
	ext := filepath.Ext(log)
	aside := regexp.MustCompile(`^` + regexp.QuoteMeta(strings.TrimSuffix(log, ext)) + `-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d[.]\d+(-.*)?` + regexp.QuoteMeta(ext) + `$`)
	return func(name string) bool { return name == log || aside.MatchString(name) }
}
