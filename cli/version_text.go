package cli

import (
	"strings"

	"snap/index"
	"snap/internal/file"
	"snap/internal/quote"
)

// enclose is text between two others, "" if there is none.
func enclose(before, text, after string) string {
	if text == "" {
		return ""
	}
	return before + text + after
}

// sizeText is a version's size, "-" for what has none.
func (c *call) sizeText(r *index.Record) string {
	if r.Kind != file.Regular {
		return "-"
	}
	return c.size(r.Size)
}

// spanText names the first and the last snapshot of the version.
func spanText(v *version, snaps snapshots) string {
	first, last := quote.Name(snaps[v.first].Name), quote.Name(snaps[v.last].Name)
	if v.first == v.last {
		return first
	}
	return first + ".." + last
}

// origin is where the file came from and what became of it, each "" if there is nothing to tell.
func origin(v *version) (before, after string) {
	if from := v.from(); from != "" {
		before = shown(from, v.record.Kind)
	}
	switch {
	case v.unread:
		after = "could not be read, then deleted"
	case v.shut:
		after = "could not be read"
	case v.deleted:
		after = "deleted"
	case v.to != "":
		after = "moved to " + shown(v.to, v.record.Kind)
	}
	return before, after
}

// pathWithRenames is the path, with where the file was before and where it went.
func pathWithRenames(v *version) string {
	before, after := origin(v)
	return enclose("", before, " -> ") + shown(v.path, v.record.Kind) + enclose(" (", notHeld(v), ")") + enclose(" (then ", after, ")")
}

// renameNote is where the file was before and where it went, for a line that stands below the path.
func renameNote(v *version) string {
	before, after := origin(v)
	var parts []string
	for _, part := range []string{enclose("from ", before, ""), notHeld(v)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return after
	}
	return strings.Join(parts, ", ") + enclose(", then ", after, "")
}

// notHeld says that the snapshots do not hold the version.
func notHeld(v *version) string {
	if v.change == index.Removed && v.shut {
		return "could not be read"
	}
	if v.change == index.Removed || v.record.Held() {
		return ""
	}
	return problemText(v.record)
}
