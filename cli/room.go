package cli

import (
	"errors"
	"math"

	"snap/cli/settings"
	"snap/destination"
	"snap/destination/retention"
	"snap/internal/hint"
)

// roomHint adds to the error of a backup that does not fit which snapshots would make room for it, and the command that
// deletes them.
func (c *call) roomHint(err error, d *destination.Destination, s *settings.Settings) error {
	lack := (*destination.SpaceError)(nil)
	if !errors.As(err, &lack) || lack.Need > math.MaxInt64>>1 {
		return err
	}
	const mib = 1 << 20 // so that the command is short
	want := (int64(lack.Need) + mib - 1) / mib
	rules := s.Keep.Policy(c.now())
	room, rerr := retention.RoomFor(c.ctx, d, &rules, want*mib, int64(lack.Free))
	if rerr != nil {
		return err // the first one matters
	}
	return hint.With(err, "%s", hint.Text(c.print().Room(room, d.Path, want, len(s.Unknown) == 0)))
}
