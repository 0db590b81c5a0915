package cli

import (
	"cmp"
	"errors"
	"io/fs"
	"path/filepath"

	"snap/cli/exit"
	"snap/cli/settings"
	"snap/destination"
	"snap/filter"
)

// readSettings reads BackupOptions.txt in dest and says what is strange in it.
func (c *call) readSettings(dest string) (settings.Settings, error) {
	s, warnings, err := settings.Read(dest, filter.Context{Home: filepath.ToSlash(c.home()), Env: c.env.LookupEnv})
	for _, w := range warnings {
		c.warn("%s", w)
	}
	if errors.Is(err, fs.ErrPermission) {
		err = cmp.Or(exit.Hint(destination.CheckOwner(dest), dest), err) // which says more
	}
	return s, err
}
