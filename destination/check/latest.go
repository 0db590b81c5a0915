package check

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"snap/destination"
	"snap/internal/file"
	"snap/internal/stream"
)

// latestTries is how often a wrong `latest` is looked at: a backup that ends just now sets it last.
const latestTries = 3

// checkLatest makes sure that `latest` leads to the newest snapshot that is there. A file or folder of that
// name is the user's. A link that went with the newest snapshot, or leads to one that is missing, is told with that.
func (c *checker) checkLatest(ctx context.Context) error {
	for try := 1; ; try++ {
		complete, err := c.headers(ctx)
		if err != nil {
			return c.indexError(err)
		}
		newest, last := "", ""
		for i := range complete {
			last = complete[i].Name
			if there, err := destination.Exists(c.d.Root, last); err != nil {
				return err
			} else if there {
				newest = last
			}
		}
		s, err := c.d.Root.Lstat(destination.LatestName)
		switch {
		case newest == "", err == nil && s.Kind != file.Symlink:
			return nil
		case errors.Is(err, fs.ErrNotExist) && !c.keepsAll: // perhaps a file system without symbolic links
			return nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return err
		}
		target := ""
		if err == nil {
			if target, err = c.d.Root.Readlink(destination.LatestName); err != nil {
				return err
			}
		}
		if newest != last && (target == "" || slices.Contains(c.res.Missing, target)) {
			return nil
		}
		if target == newest && !(c.o.Repair && c.d.LatestWas != newest) {
			return nil
		}
		if try < latestTries && !c.o.Repair {
			if err := stream.Pause(ctx, 100*time.Millisecond); err != nil {
				return err
			}
			continue
		}
		if c.o.Repair {
			target = c.d.LatestWas
		}
		why := "is missing"
		if target != "" {
			why = fmt.Sprintf("leads to %q, not to the newest snapshot", target)
		}
		c.faults.add(&fault{what: FaultLatest, path: destination.LatestName, why: why, names: []string{newest}})
		return nil
	}
}
