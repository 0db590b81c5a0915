package job

import (
	"context"
	"io"

	"snap/backup"
	"snap/backup/source"
	"snap/cli/settings"
	"snap/internal/progress"
	"snap/record"
)

// Front is who asks for a backup and is told of it.
type Front interface {
	// Listen has what is said go through by, which keeps it for those who are told how the backup went.
	Listen(by func(io.Writer) io.Writer)
	// SameDisk refuses another destination in the place of the one that is meant.
	SameDisk(ctx context.Context) error
	// Guard refuses what is most likely a slip, before anything is done in the destination.
	Guard(s *settings.Settings, of source.Chosen) error
	// NotDue says why no backup is to be made now, "" if one is. It is asked twice: before the lock and with it.
	NotDue(ctx context.Context) (why string, err error)
	// Options are those of the backup, beginning with those of [Place.BackupOptions].
	Options(s *settings.Settings, of source.Chosen) (backup.Options, error)
	// GuardMaking refuses to make a destination where there is none.
	GuardMaking(s *settings.Settings, of source.Chosen) error
	// Line begins to show how far long work has come, until end is called. The work is done with the context on.
	Line(ctx context.Context) (on context.Context, show func(progress.State), end func())
	// Entry and Problem are told what becomes of the source, as by a [backup.Reporter].
	Entry(path string, r *record.Record, changed bool)
	Problem(p backup.Problem)
	// Notes says what was held back until the end, before what there is to know besides is told.
	Notes()
	// Came is told what the backup came to, while the destination is still open.
	Came(res *BackupResult) error
	// Remote opens the remotes that the snapshot is copied to; Copied is told what became of a copy.
	Remote() *RemoteFront
	Copied(name string, res *CopyResult) error
}
