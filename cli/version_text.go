package cli

import (
	"snap/cli/text"
	"snap/cli/wire"
	"snap/internal/file"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// enclose is text between two others, "" if there is none.
func enclose(before, text, after string) string {
	if text == "" {
		return ""
	}
	return before + text + after
}

// sizeText is a version's size, "-" for what has none.
func (c *call) sizeText(r *record.Record) string {
	if r.Kind != file.Regular {
		return "-"
	}
	return c.Size(r.Size)
}

// spanText names the first and the last snapshot of the version.
func spanText(v *query.Version, snaps query.Snapshots) string {
	first, last := quote.Name(snaps[v.First].Name), quote.Name(snaps[v.Last].Name)
	if v.First == v.Last {
		return first
	}
	return first + ".." + last
}

// origin is where the file came from and what became of it, each "" if there is nothing to tell.
func origin(v *query.Version) (before, after string) {
	if from := v.From(); from != "" {
		before = text.Path(from, v.Record.Kind)
	}
	switch {
	case v.Unread:
		after = "could not be read, then deleted"
	case v.FolderUnread:
		after = "could not be read"
	case v.Deleted:
		after = "deleted"
	case v.To != "":
		after = "moved to " + text.Path(v.To, v.Record.Kind)
	}
	return before, after
}

// pathWithRenames is the path, with where the file was before and where it went.
func pathWithRenames(v *query.Version) string {
	before, after := origin(v)
	return enclose("", before, " -> ") + text.Path(v.Path, v.Record.Kind) + enclose(" (", notHeld(v), ")") +
		enclose(" (then ", after, ")")
}

// renameNotes are where the file was before, if that is to be told, and what became of it, for a line that stands
// below the path.
func renameNotes(v *query.Version) (before, after string) {
	before, after = origin(v)
	before = enclose("from ", before, "")
	if before == "" {
		return notHeld(v), after
	}
	return before + enclose(", ", notHeld(v), ""), after
}

// notHeld says that the snapshots do not hold the version.
func notHeld(v *query.Version) string {
	switch {
	case v.Change == record.Removed && v.Unread:
		return "could not be read, then deleted"
	case v.Change == record.Removed && v.FolderUnread:
		return "could not be read"
	}
	if v.Change == record.Removed || v.Record.Held() {
		return ""
	}
	return problemText(v.Record)
}

// problemText is that for people.
func problemText(r *record.Record) string {
	switch wire.Problem(r) {
	case "unreadable":
		return "could not be read"
	case "unheld":
		return "the destination cannot hold it"
	case "inconsistent":
		return "changed while it was read"
	}
	return ""
}
