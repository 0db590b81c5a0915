package web

import (
	"html/template"
	"path"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"snap/cli/report"
	"snap/cli/text"
	"snap/internal/file"
	"snap/internal/quote"
	"snap/record"
)

// style is how sizes are written.
func (s *site) style() text.Style {
	return text.Style{Units: s.o.Units, Zone: s.o.Now().Location(), Now: s.o.Now}
}

// printer has the words of the commands.
func (s *site) printer() *report.Printer {
	return &report.Printer{Style: s.style(), Program: "snap", Typed: asText}
}

// funcs are what templates call.
func (s *site) funcs() template.FuncMap {
	zone := s.o.Now().Location()
	at := func(layout string) func(t time.Time) string {
		return func(t time.Time) string {
			if t.IsZero() {
				return "–"
			}
			return t.In(zone).Format(layout)
		}
	}
	short, stamp := s.short, s.stamp
	return template.FuncMap{
		"home": s.Home, "files": s.Files, "file": s.File, "find": s.Find, "raw": s.Raw, "archive": s.Archive,
		"diff": s.Diff, "diffs": s.Diffs, "space": s.Space, "snapshot": s.Snapshot, "labels": s.Labels,
		"deleting": func() string { return s.Delete(nil) }, "keep": s.Keep, "health": s.Health, "check": s.Check,
		"capital": capital, "percent": func(share float64) int { return int(share * 100) },
		"static": s.Static, "theme": s.Theme, "monthly": s.Snapshots,
		"restore": s.Restore, "bringback": s.BringBack, "jobs": s.Jobs, "job": s.Job, "backup": s.Backup,

		"name": nameText, "clean": quote.Clean, "base": func(p string) string { return path.Base(p) },
		"last": func(p string) string { _, n := record.Split(p); return nameText(n) },
		"dir":  dirText, "word": shellWord, "here": s.here, "field": fieldText,

		"bytes": s.style().Size, "comma": func(n int64) string { return humanize.Comma(n) },
		"comma64": func(n int) string { return humanize.Comma(int64(n)) },
		"resized": s.sizeChange,
		"signed":  s.signed, "plural": func(n any, one, many string) string { return text.Plural(asInt(n), one, many) },
		"ago": s.ago, "date": at("Mon, 2 Jan 2006, 15:04"), "day": at("2 Jan 2006"), "hour": at("15:04"),
		"weekday": at("Monday, 2 January"), "month": at("January 2006"), "short": short, "stamp": stamp,
		"iso":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"ftime": func(t file.Time) time.Time { return t.Time() },
		"add":   func(a, b int) int { return a + b },
		"icon":  iconOf,
		"shown": lineText,
		"glob":  globIn,
	}
}

// short is a day, with its year if that is not this one.
func (s *site) short(t time.Time) string {
	now := s.o.Now()
	if t = t.In(now.Location()); t.Year() == now.Year() {
		return t.Format("2 Jan")
	}
	return t.Format("2 Jan 2006")
}

// stamp is a day and a time.
func (s *site) stamp(t time.Time) string {
	return s.short(t) + t.In(s.o.Now().Location()).Format(", 15:04")
}

func asInt(n any) int64 {
	switch n := n.(type) {
	case int:
		return int64(n)
	case int64:
		return n
	}
	return 0
}

// signed is by how much something grew.
func (s *site) signed(n int64) string {
	if n < 0 {
		return "−" + s.style().Size(-n)
	}
	return "+" + s.style().Size(n)
}

// sizeChange is a size before and after; where both are rounded to the same, the one after and what it grew by.
func (s *site) sizeChange(before, after int64) string {
	a, b := s.style().Size(before), s.style().Size(after)
	switch {
	case before == after:
		return b
	case a == b:
		return b + ", " + s.signed(after-before)
	}
	return a + " → " + b
}

// ago is how long ago a time was, in words.
func (s *site) ago(t time.Time) string {
	now := s.o.Now()
	if d := now.Sub(t); d >= 0 && d < time.Minute {
		return "just now"
	}
	return humanize.RelTime(t, now, "ago", "from now")
}

// iconOf is the picture of a kind of file.
func iconOf(kind file.Kind, name string) string {
	switch kind {
	case file.Folder:
		return "folder"
	case file.Symlink:
		return "link"
	case file.Regular:
	default:
		return "file"
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".bmp", ".svg", ".heic", ".tif", ".tiff", ".raw":
		return "image"
	case ".mp4", ".mkv", ".webm", ".mov", ".avi", ".m4v":
		return "video"
	case ".mp3", ".flac", ".ogg", ".opus", ".m4a", ".wav", ".aac":
		return "music"
	case ".zip", ".tar", ".gz", ".xz", ".zst", ".bz2", ".7z", ".rar", ".tgz":
		return "archive"
	case ".csv", ".ods", ".xls", ".xlsx", ".tsv":
		return "table"
	case ".go", ".c", ".h", ".cc", ".cpp", ".py", ".rs", ".js", ".ts", ".sh", ".html", ".css", ".json", ".xml", ".yaml",
		".yml", ".toml", ".java", ".rb", ".php", ".sql", ".lua", ".pl", ".mk", ".diff", ".patch":
		return "code"
	case ".txt", ".md", ".odt", ".doc", ".docx", ".rtf", ".tex", ".log", ".ini", ".conf", ".pdf", ".epub", ".org":
		return "text"
	}
	return "file"
}
