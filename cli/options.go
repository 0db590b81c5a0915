package cli

import (
	"time"

	"github.com/itchyny/timefmt-go"

	"snap/backup"
	"snap/scan"
)

// leavesOut are the options of a walk that the settings ask for.
func (s *settings) leavesOut() scan.Options {
	return scan.Options{
		OneFileSystem: s.oneFileSystem, Caches: s.excludeCaches, IfPresent: s.excludeIfPresent, Larger: s.excludeLargerThan, Follow: s.symlinks,
	}
}

// backupDefaults are the options of a backup that the settings ask for. Names of snapshots are by the time in the zone.
func (s *settings) backupDefaults(zone *time.Location) backup.Options {
	return backup.Options{
		Force: !s.skip, Errors: s.errors, Strict: s.strict, Jobs: s.jobs,
		Name:  func(t time.Time) string { return timefmt.Format(t.In(zone), s.format) },
		Rules: scan.Rules{Checksum: s.checksum, TrustMoves: s.trustMoves, IgnoreInode: s.ignoreInode, IgnoreCtime: s.ignoreCtime},
		Scan:  s.leavesOut(),
	}
}
