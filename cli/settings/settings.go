// Package settings reads the files of the user in a destination: BackupOptions.txt, Blacklist.txt and Whitelist.txt.
// It makes them, with comments, and turns what they say into options of the packages below. [Read] is where to begin;
// a new setting is one line in table.
package settings

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"snap/backup"
	"snap/backup/source"
	"snap/destination"
	"snap/filter"
	"snap/hooks"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
)

// Settings are the lasting choices of a destination, from its BackupOptions.txt.
type Settings struct {
	Format            string // the name of a snapshot, as a strftime format
	skip              bool
	symlinks          bool
	errors            backup.ErrorPolicy
	Logfile           string
	Loglevel          string
	oneFileSystem     bool
	excludeCaches     bool
	excludeIfPresent  []string
	ExcludeLargerThan int64
	strict            bool
	checksum          bool
	trustMoves        bool
	ignoreInode       bool
	ignoreCtime       bool
	Jobs              int
	Store             destination.Store
	Moment            source.Moment
	MaxRate           int64 // bytes a second that are read from the source; 0: no limit
	Nice              int   // 0 to 19
	IONice            IONice
	Events            Events
	Keep              Rules
	Unknown           []string // keys that snap does not know
}

// Default are the settings of a destination without a BackupOptions.txt.
func Default() Settings {
	return Settings{
		Format:   "%Y%m%d-%H%M%S",
		skip:     true,
		Loglevel: "INFO",
		Events:   Events{Timeout: time.Hour},
		Keep:     DefaultRules(),
	}
}

// setting is one key of BackupOptions.txt.
type setting struct {
	key   string
	set   func(s *Settings, value string) error
	value string // in the file that snap makes
	about string // the comment above it there; lines of at most 78 columns
}

// table lists the keys in the order of the file that snap makes.
func table() []setting {
	return []setting{
		{"format", func(s *Settings, v string) error { s.Format = v; return checkFormat(v) }, "%Y%m%d-%H%M%S",
			"The name of a snapshot, as a strftime format of the time it was begun: %Y year,\n%m month, %d day, %H %M %S " +
				"time. It must be usable as the name of a folder. A name\nthat is taken gets -2, -3, … behind it."},
		{"skip", boolSetting(func(s *Settings) *bool { return &s.skip }), "True",
			"True: make no snapshot when nothing changed. False: make one every time."},
		{"symlinks", boolSetting(func(s *Settings) *bool { return &s.symlinks }), "False",
			"False: keep symbolic links as links. True: back up what they lead to. A link that\nleads nowhere, or back into " +
				"its own path, stays a link."},
		{"errors", setErrors, "Warn",
			"When a file of the source cannot be read.\nWarn: name it, go on, and end with exit code 3. Ignore: name it and " +
				"go on.\nFail: make no snapshot."},
		{"strict", boolSetting(func(s *Settings) *bool { return &s.strict }), "False",
			"True: a file that grows while it is read, as a log does, counts as one that could\nnot be read. False: it is " +
				"only told; the snapshot has it as it was just before."},
		{"logfile", func(s *Settings, v string) error { s.Logfile = v; return nil }, "",
			"A file to keep a log in; empty: none. A relative path is relative to this folder;\nanywhere else the folder of " +
				"the file must be there; ~ and $NAME are filled in.\nAt 1 MiB it is put aside with the time in its name; 10 of " +
				"those are kept."},
		{"loglevel", setLogLevel, "INFO",
			"How much the log file holds: DEBUG (every change), INFO, WARNING, ERROR or CRITICAL."},
		{"one_file_system", boolSetting(func(s *Settings) *bool { return &s.oneFileSystem }), "False",
			"True: do not enter other file systems that are mounted in the source."},
		{"exclude_caches", boolSetting(func(s *Settings) *bool { return &s.excludeCaches }), "False",
			"True: leave out what is in folders marked with a CACHEDIR.TAG file."},
		{"exclude_if_present", setIfPresent, "",
			"Leave out what is in folders that hold a file of this name, such as .nobackup;\nseveral names with commas " +
				"between them."},
		{"exclude_larger_than", setLarger, "",
			"Leave out files larger than this, such as 500M or 2G (M is 1024 x 1024 bytes)."},
		{"checksum", boolSetting(func(s *Settings) *bool { return &s.checksum }), "False",
			"True: read and hash every file each time, trusting no time stamps."},
		{"trust_moves", boolSetting(func(s *Settings) *bool { return &s.trustMoves }), "False",
			"True: link a renamed file with the same inode, size and time without reading it."},
		{"ignore_inode", boolSetting(func(s *Settings) *bool { return &s.ignoreInode }), "False",
			"True: do not compare inode numbers, for sources that give out new ones at every\nmount (some network and FUSE " +
				"file systems)."},
		{"ignore_ctime", boolSetting(func(s *Settings) *bool { return &s.ignoreCtime }), "False",
			"True: do not compare the time of the last status change."},
		{"moment", setMoment, "off",
			"auto: back up a source that is a subvolume of btrfs as it was at one moment, by a\nread-only copy beside it " +
				"that is removed in the end. required: or not at all. off: read\none file after the other."},
		{"store", setStore, "auto",
			"What a snapshot is. hardlink: a folder, in which what is unchanged is linked to the\nsnapshot before. " +
				"subvolume: one of btrfs, made as a copy of the one before and\nread-only; where that does not work, a folder. " +
				"auto: what the newest one is, and for\nthe first one a subvolume if that works there. snap init --store " +
				"changes it."},
		{"jobs", setJobs, "0",
			"How many files are worked on at the same time; 0: as many as snap thinks best."},
		{"max_rate", setRate, "",
			"How many bytes a second are read from the source at most, such as 20M; empty: no\nlimit."},
		{"nice", setNice, "0",
			"How much a backup gives way to other programs, from 0, not at all, to 19."},
		{"ionice", setIONice, "",
			"The same at the disks: idle, when nobody else wants them, or best-effort:0 to\nbest-effort:7; empty: not at all."},
		{"keep_last", keepSetting(func(k *Rules) *int { return &k.last }), "",
			"Which snapshots to keep. With any of these set, every backup deletes the snapshots\nthat none of them names, and " +
				"says which; snap prune -n says it before. The newest\nalways stays, and so do those tagged pin. Rules that " +
				"would take more than half of\nthem are stopped.\nkeep_last: the newest so many."},
		{"keep_hourly", keepSetting(func(k *Rules) *int { return &k.hourly }), "",
			"The newest one of each of so many hours, days, weeks, months and years."},
		{"keep_daily", keepSetting(func(k *Rules) *int { return &k.daily }), "", ""},
		{"keep_weekly", keepSetting(func(k *Rules) *int { return &k.weekly }), "", ""},
		{"keep_monthly", keepSetting(func(k *Rules) *int { return &k.monthly }), "", ""},
		{"keep_yearly", keepSetting(func(k *Rules) *int { return &k.yearly }), "", ""},
		{"keep_within", func(s *Settings, v string) error { return s.Keep.SetWithin(v) }, "",
			"All of the time before the newest one, such as 30d or 1y6mo."},
		{"keep_tag", func(s *Settings, v string) error { return s.Keep.SetTags(names(v)) }, "",
			"Those with a tag; several with commas between them."},
		{"min_free", func(s *Settings, v string) error { return s.Keep.SetMinFree(v) }, "",
			"Then the oldest go until so much of the disk is free, such as 10% or 50G. If that\ncannot be had, none goes for " +
				"it."},
		{"min_free_keep_daily", setFloor, "7",
			"The newest of each of so many days stay whatever min_free says."},
		{"before", commandSetting(hooks.Before), "",
			"Commands, each one line for /bin/sh, in whose environment SNAP_DEST, SNAP_SOURCE,\n" +
				"SNAP_RESULT, SNAP_EXIT_CODE and more say what it is about. They run only if nobody\n" +
				"else may write to this file and to the folders that lead to it.\n" +
				"before: before a backup; if it fails there is none, and the exit code is 5."},
		{"after", commandSetting(hooks.After), "", "after: when a backup is over, however it ended."},
		{"on_failure", commandSetting(hooks.OnFailure), "", "on_failure: when no snapshot could be made."},
		{
			"on_warning",
			commandSetting(hooks.OnWarning),
			"",
			"on_warning: when one was made and something needs a look (exit code 3).",
		},
		{"hook_timeout", setHookTimeout, "1h", "A command that takes longer than this is ended. 0s: none is."},
		{"notify", setNotify, "",
			"Who is told how a backup went, several with commas between them: desktop, mail\n" +
				"me@example.org, url https://… (called with /start behind it when a backup begins,\n" +
				"as it is when it went well, and with /fail when it did not, as health checks want it)."},
		{"notify_when", setNotifyWhen, "problems",
			"problems: the desktop and mail are for what needs a look. always: for each backup. A\nurl is always called."},
	}
}

// wrongError is an error of what stands in a file of the user.
type wrongError struct{ error }

func (e *wrongError) Unwrap() error { return e.error }

// Wrong is err, which says that the user's files in a destination cannot be what is meant. It is one of usage, but who
// made the command line need not be there to see it.
func Wrong(err error) error { return hint.Usage(&wrongError{err}) }

// IsWrong reports whether err says that.
func IsWrong(err error) bool { return errors.As(err, new(*wrongError)) }

// Error is a line of BackupOptions.txt that cannot be.
type Error struct {
	File string
	Line int
	Why  string
}

// Error names the file, the line and what is wrong there.
func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Why) }

// Parse reads the text of BackupOptions.txt. An unknown key is a warning, and an error if it was meant to be a
// rule. A # after a blank begins a comment in any line. The error is that of the first bad line; what the others say is
// read all the same, for who wants to be told of it.
func Parse(file string, text []byte) (s Settings, warnings []string, err error) {
	s = Default()
	bad := func(n int, why string, args ...any) {
		if err == nil {
			err = &Error{file, n, fmt.Sprintf(why, args...)}
		}
	}
	table := table()
	at := map[string]int{}
	lines := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		key, value = strings.ToLower(strings.TrimSpace(key)), withoutComment(value)
		if strings.ContainsRune(line, 0) || !utf8.ValidString(line) {
			bad(n, "%s is not UTF-8 text; save the file as UTF-8", shown(line))
			continue
		}
		if !ok || key == "" {
			bad(n, "%s is no setting; write it as key = value", shown(line))
			continue
		}
		i := slices.IndexFunc(table, func(k setting) bool { return k.key == key })
		switch {
		case i < 0:
			w := fmt.Sprintf("unknown setting %s", shown(key))
			rule := meantAsRule(key)
			if rule {
				w += ", which looks like a rule of what to keep"
			}
			if near := nearestSetting(key); near != "" {
				w += fmt.Sprintf("; did you mean %s?", near)
			}
			if rule {
				bad(n, "%s", w)
				continue
			}
			s.Unknown = append(s.Unknown, key)
			warnings = append(warnings, fmt.Sprintf("%s:%d: %s", file, n, w))
		case at[key] != 0:
			bad(n, "%s is set twice, first in line %d; keep one", key, at[key])
		default:
			if value != table[i].value { // else it may be that of the file that snap made, and another was pasted below
				at[key] = n
			}
			if err := table[i].set(&s, value); err != nil {
				bad(n, "%s = %s: %s", key, shown(value), err)
			}
		}
	}
	if err == nil && lines.Err() != nil {
		err = fmt.Errorf("%s: %w", file, lines.Err())
	}
	return s, warnings, err
}

// shown is text of a settings file in a message, as much of it as can be read there.
func shown(text string) string {
	const most = 80 // bytes
	if len(text) <= most {
		return quote.Name(text)
	}
	return quote.Name(text[:most]) + "…"
}

// withoutComment is a value without the comment behind it.
func withoutComment(v string) string {
	for i := range len(v) {
		if v[i] == '#' && i > 0 && (v[i-1] == ' ' || v[i-1] == '\t') &&
			(strings.TrimSpace(v[:i]) != "" || strings.HasPrefix(v[i:], "# ")) {
			v = v[:i]
			break
		}
	}
	return strings.TrimSpace(v)
}

// Read reads BackupOptions.txt in dest; without one every setting has its default. fc says what ~ and $NAME stand for.
// Beside an error there are the Events, as far as they could be read.
func Read(dest string, fc filter.Context) (s Settings, warnings []string, err error) {
	path := filepath.Join(dest, OptionsFile)
	text, err := readText(path)
	if os.IsNotExist(err) {
		return Default(), nil, nil
	}
	if err != nil {
		return Settings{}, nil, err
	}
	s, warnings, err = Parse(path, text)
	if errors.As(err, new(*Error)) {
		err = Wrong(err)
	}
	if err != nil {
		return s, warnings, err
	}
	logfile, err := filter.Expand(s.Logfile, fc)
	if err != nil {
		return s, warnings, Wrong(fmt.Errorf("%s: logfile = %s: %w", path, quote.Name(s.Logfile), err))
	}
	s.Logfile = logfile
	return s, warnings, nil
}

// readText reads a settings file. One that is a link to nothing is not the same as none.
func readText(path string) ([]byte, error) {
	if err := file.RefusePipe(path); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if to, linkErr := os.Readlink(path); linkErr == nil && errors.Is(err, fs.ErrNotExist) {
		return nil, Wrong(fmt.Errorf("%s: is a link to %s, which is not there", quote.Name(path), quote.Name(to)))
	}
	return text, err
}
