package state

import "path/filepath"

// WebFolder is where snap web keeps the key of this user, "" where there is no home.
func (u *User) WebFolder() string { return u.folder() }

// RuntimeFolder is a folder that lasts as long as the user is logged in, "" where the system has none.
func (u *User) RuntimeFolder() string {
	dir := u.variable("XDG_RUNTIME_DIR")
	if !filepath.IsAbs(dir) || notRoots(dir) {
		return ""
	}
	return dir
}

// CacheFolder is where answers are kept that can be found out again, "" where there is no home.
func (u *User) CacheFolder() string {
	cache := u.variable("XDG_CACHE_HOME")
	if !filepath.IsAbs(cache) || notRoots(cache) {
		home := u.Home()
		if own := u.ownHome(); own != "" && notRoots(home) {
			home = own
		}
		if home == "" {
			return ""
		}
		cache = filepath.Join(home, ".cache")
	}
	return filepath.Join(cache, "snap")
}
