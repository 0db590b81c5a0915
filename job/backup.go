package job

import (
	"context"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strings"

	"snap/backup"
	"snap/backup/source"
	"snap/cli/events"
	"snap/cli/report"
	"snap/cli/settings"
	"snap/cli/text"
	"snap/internal/hint"
	"snap/internal/pace"
)

// BackupOptions are what a backup from a page is asked for, besides the settings of the destination.
type BackupOptions struct {
	Tags  []string
	Note  string
	Force bool // make a snapshot although nothing changed
}

// Backup makes a snapshot of what the newest snapshot is of, as `snap backup` does without arguments. nice and ionice
// are for processes of their own and do not count here.
func (p *Place) Backup(ctx context.Context, w *Watcher, o BackupOptions) (*BackupResult, error) {
	for _, t := range o.Tags {
		if err := settings.CheckTag(t); err != nil {
			return nil, hint.Usagef("tag: %s", err)
		}
	}
	if err := p.there(); err != nil {
		return nil, err
	}
	f := &page{p: p, w: w, asked: &o, said: io.Discard}
	style := text.Style{Now: p.Now, Zone: p.Now().Location()}
	b := &BackupRun{Place: p, Front: f,
		Words: &report.Printer{Style: style, Out: io.Discard, Warn: f.note, Note: f.note, Program: "snap",
			Typed: func(text string) string { return text }},
		Caller: events.Caller{Style: style, Environ: p.Environ, LookupEnv: p.User.LookupEnv, Warn: f.note, Note: f.note,
			Complaint: complaint},
		Names: source.Names{Abs: filepath.Clean, Note: f.note}}
	return b.Run(ctx)
}

// BackupOptions are those of a backup of these sources as the settings say, without the patterns of the lists.
func (p *Place) BackupOptions(s *settings.Settings, of source.Chosen) backup.Options {
	now := p.Now()
	o := s.Backup(now.Location())
	o.Source, o.Scan.Roots = of.Top, of.Roots
	o.Start, o.Time = now, now
	o.Scan.Own = p.OwnFiles(s.Logfile)
	o.Users, o.Groups = text.UserName, text.GroupName
	o.Host, _ = os.Hostname()
	if u, err := user.Current(); err == nil {
		o.User = u.Username
	}
	if s.MaxRate > 0 {
		o.Pace = pace.New(s.MaxRate)
	}
	return o
}

// validNote is a note as it can be kept.
func validNote(text string) string { return strings.ToValidUTF8(text, "\ufffd") }
