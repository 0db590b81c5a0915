package cli

import (
	"fmt"

	"snap/cli/text"
	"snap/index"
	"snap/internal/file"
	"snap/internal/quote"
)

// aspect is one way in which two records of a file differ: its name in JSON, and what text says of it.
type aspect struct{ name, text string }

// differs are the ways in which after is another than before, none if one of them is nil. The content of a file
// that nobody has read since counts only if its size tells. The inode is not among them: which one an unchanged file
// has now is learned without a record in a change set, and the same question has the same answer after a reindex.
func (c *call) differs(before, after *index.Record, a, b *index.Header) (all []aspect) {
	if before == nil || after == nil {
		return nil
	}
	add := func(is bool, name, text string) {
		if is {
			all = append(all, aspect{name, text})
		}
	}
	change := func(name, from, to string) string { return name + " " + from + " to " + to }
	same := before.Kind == after.Kind
	files := same && after.Kind == file.Regular
	unread := before.Has(index.Unreadable) != after.Has(index.Unreadable)
	hashed := before.Has(index.Hashed) && after.Has(index.Hashed)
	add(!same, "type", change("type", before.Kind.String(), after.Kind.String()))
	add(unread && after.Has(index.Unreadable), "unreadable", "could not be read")
	add(unread && before.Has(index.Unreadable), "unreadable", "could be read again")
	add(before.Unheld() != after.Unheld() && after.Unheld(), "unheld", "the destination cannot hold it")
	add(before.Unheld() != after.Unheld() && before.Unheld(), "unheld", "the destination can hold it now")
	add(files && before.Size != after.Size, "size", c.Size(before.Size)+" to "+c.Size(after.Size))
	add(files && (before.Size != after.Size || hashed && !before.SameHash(after)), "content", "content")
	add(same && before.Target != after.Target, "target", change("target", quote.Name(before.Target), quote.Name(after.Target)))
	add(same && before.Rdev != after.Rdev, "device", "device number")
	add(same && after.Kind != file.Symlink && before.Mode != after.Mode, "mode", change("mode", fmt.Sprintf("%04o", before.Mode), fmt.Sprintf("%04o", after.Mode)))
	add(before.UID != after.UID, "owner", change("owner", text.Owner(a.Users, before.UID), text.Owner(b.Users, after.UID)))
	add(before.GID != after.GID, "group", change("group", text.Owner(a.Groups, before.GID), text.Owner(b.Groups, after.GID)))
	add(after.Kind != file.Folder && before.Mtime != after.Mtime, "times", "times")
	add(!before.SameXattrs(after), "attributes", "extended attributes")
	return all
}

// aspectNames are the names for JSON.
func aspectNames(all []aspect) []string {
	names := make([]string, len(all))
	for i, a := range all {
		names[i] = a.name
	}
	return names
}
