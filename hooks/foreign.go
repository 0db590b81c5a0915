package hooks

import (
	"os"

	"snap/internal/file"
)

// Foreign is what another user owns or may change on the way to the settings file at an absolute path, or to the folder
// beside it; "" if only this user, and root, say what stands there. A command from a file that another may write is his
// command.
func Foreign(paths ...string) string {
	for _, path := range paths {
		if at := file.ReachOfOthersThan(path, os.Geteuid()); at != "" {
			return at
		}
	}
	return ""
}
