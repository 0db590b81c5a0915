package backup

import (
	"testing"
	"time"

	"snap/internal/file"
	"snap/record"
	"snap/scan"
)

// TestUsable changes one thing of a file that an interrupted run has copied, or of its record.
func TestUsable(t *testing.T) {
	stat := file.Stat{
		Kind: file.Regular, Mode: 0o644, UID: 1, GID: 2, Nlink: 1, Size: 3, Ino: 7,
		Mtime: file.Time{Sec: 10}, Ctime: file.Time{Sec: 11}, Btime: file.Time{Sec: 9},
	}
	type change func(now, then *record.Record)
	for _, tt := range []struct {
		name   string
		change change
		rules  scan.Rules
		want   bool
	}{
		{"nothing changed", func(now, then *record.Record) {}, scan.Rules{}, true},
		{"cloned", func(now, then *record.Record) { then.Stored = record.Cloned }, scan.Rules{}, true},
		{"another number of names", func(now, then *record.Record) { now.Nlink = 2 }, scan.Rules{}, true},
		{"a hash that was read", func(now, then *record.Record) { now.Hash, now.Flags = then.Hash, record.Hashed },
			scan.Rules{}, true},
		{"--checksum", func(now, then *record.Record) {}, scan.Rules{Checksum: true}, false},
		{"--ignore-ctime", func(now, then *record.Record) { now.Ctime.Sec++ }, scan.Rules{IgnoreCtime: true}, true},
		{"--ignore-inode", func(now, then *record.Record) { now.Ino, now.Btime, now.Volume = 8, file.Time{}, 4 },
			scan.Rules{IgnoreInode: true}, true},

		{"size", func(now, then *record.Record) { now.Size++ }, scan.Rules{}, false},
		{"mtime", func(now, then *record.Record) { now.Mtime.Nsec++ }, scan.Rules{}, false},
		{"ctime", func(now, then *record.Record) { now.Ctime.Nsec++ }, scan.Rules{}, false},
		{"birth time", func(now, then *record.Record) { now.Btime.Sec++ }, scan.Rules{}, false},
		{"inode", func(now, then *record.Record) { now.Ino++ }, scan.Rules{}, false},
		{"volume", func(now, then *record.Record) { now.Volume++ }, scan.Rules{}, false},
		{"mode", func(now, then *record.Record) { now.Mode = 0o600 }, scan.Rules{}, false},
		{"owner", func(now, then *record.Record) { now.UID++ }, scan.Rules{}, false},
		{"group", func(now, then *record.Record) { now.GID++ }, scan.Rules{}, false},
		{"another hash that was read", func(now, then *record.Record) { now.Hash[0], now.Flags = 1, record.Hashed },
			scan.Rules{}, false},
		{"racy now", func(now, then *record.Record) { now.Flags = record.Racy }, scan.Rules{}, false},
		{"unreadable now", func(now, then *record.Record) { now.Flags = record.Unreadable }, scan.Rules{}, false},
		{"racy then", func(now, then *record.Record) { then.Flags |= record.Racy }, scan.Rules{}, false},
		{"inconsistent then", func(now, then *record.Record) { then.Flags |= record.Inconsistent }, scan.Rules{}, false},
		{"not hashed", func(now, then *record.Record) { then.Flags = 0 }, scan.Rules{}, false},
		{"linked", func(now, then *record.Record) { then.Stored = record.Linked }, scan.Rules{}, false},
		{"absent", func(now, then *record.Record) { then.Stored = record.Absent }, scan.Rules{}, false},
		{"a tombstone", func(now, then *record.Record) { then.Change = record.Removed }, scan.Rules{}, false},
		{"a symbolic link then", func(now, then *record.Record) { then.Kind, then.Stored = file.Symlink, record.Made },
			scan.Rules{}, false},
	} {
		now := record.Record{Stat: stat, Volume: 3, Change: record.Added, Stored: record.Copied}
		then := now
		then.Flags, then.Hash = record.Hashed, [32]byte{9}
		tt.change(&now, &then)
		if got := usable(&now, &then, tt.rules); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestLap: a stretch is over after its time or its bytes.
func TestLap(t *testing.T) {
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	l := interval{time: time.Minute, bytes: 100}
	if !l.elapsed(at, 0) {
		t.Error("the first one waits: what a run begins with is put down at once")
	}
	l.begin(at, 50)
	for _, tt := range []struct {
		after  time.Duration
		copied int64
		want   bool
	}{
		{0, 50, false}, {59 * time.Second, 149, false}, {time.Minute, 50, true}, {0, 150, true},
	} {
		if got := l.elapsed(at.Add(tt.after), tt.copied); got != tt.want {
			t.Errorf("after %v with %d bytes: %v", tt.after, tt.copied, got)
		}
	}
}
