package settings

import (
	"time"

	"github.com/itchyny/timefmt-go"

	"snap/backup"
	"snap/scan"
)

// IgnoresErrors reports whether what cannot be read is no matter.
func (s *Settings) IgnoresErrors() bool { return s.errors == backup.IgnoreErrors }

// Scan are the options of a walk that the settings ask for.
func (s *Settings) Scan() scan.Options {
	return scan.Options{
		OneFileSystem: s.oneFileSystem, Caches: s.excludeCaches, IfPresent: s.excludeIfPresent, Larger: s.ExcludeLargerThan,
		Follow: s.symlinks,
	}
}

// Backup are the options of a backup that the settings ask for. Names of snapshots are by the time in the zone.
func (s *Settings) Backup(zone *time.Location) backup.Options {
	return backup.Options{
		Force: !s.skip, Errors: s.errors, Strict: s.strict, Jobs: s.Jobs,
		Store: s.Store, Moment: s.Moment,
		Name: func(t time.Time) string { return timefmt.Format(t.In(zone), s.Format) },
		Rules: scan.Rules{Checksum: s.checksum, TrustMoves: s.trustMoves, IgnoreInode: s.ignoreInode,
			IgnoreCtime: s.ignoreCtime},
		Scan: s.Scan(),
	}
}
