package cli

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"

	"snap/cli/text"
	"snap/cli/wire"
	"snap/index"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// aspectText is what text says of one way in which before, of snapshot a, and after, of snapshot b, differ.
func (c *call) aspectText(aspect query.Aspect, before, after *record.Record, a, b *record.Header) string {
	change := func(name, from, to string) string { return name + " " + from + " to " + to }
	switch aspect {
	case query.TypeDiffers:
		return change("type", before.Kind.String(), after.Kind.String())
	case query.UnreadableDiffers:
		if after.Has(record.Unreadable) {
			return "could not be read"
		}
		return "could be read again"
	case query.UnheldDiffers:
		if after.Unheld() {
			return "the destination cannot hold it"
		}
		return "the destination can hold it now"
	case query.SizeDiffers:
		return c.Size(before.Size) + " to " + c.Size(after.Size)
	case query.TargetDiffers:
		return change("target", quote.Name(before.Target), quote.Name(after.Target))
	case query.DeviceDiffers:
		return "device number"
	case query.ModeDiffers:
		return change("mode", fmt.Sprintf("%04o", before.Mode), fmt.Sprintf("%04o", after.Mode))
	case query.OwnerDiffers:
		return change("owner", text.Owner(a.Users, before.UID), text.Owner(b.Users, after.UID))
	case query.GroupDiffers:
		return change("group", text.Owner(a.Groups, before.GID), text.Owner(b.Groups, after.GID))
	case query.AttributesDiffers:
		return "extended attributes"
	}
	return string(aspect) // content, times
}

// printStat prints the totals.
func (c *call) printStat(s *wire.DiffSummary) error {
	var parts []string
	for _, n := range [...]struct {
		count int64
		what  string
	}{
		{s.Added, "added"}, {s.Modified, "modified"}, {s.Metadata, "metadata"}, {s.Moved, "moved"},
		{s.Removed, "removed"}, {s.Type, "of another type"},
	} {
		if n.count > 0 {
			parts = append(parts, humanize.Comma(n.count)+" "+n.what)
		}
	}
	if len(parts) == 0 {
		return c.printf("no differences\n")
	}
	counts, sizes, gap := strings.Join(parts, ", ")+";", c.Size(s.BytesBefore)+" -> "+c.Size(s.BytesAfter), " "
	if !c.Fits(counts + gap + sizes) {
		gap = "\n"
	}
	return c.printf("%s\n", counts+gap+sizes)
}

func (c *call) differenceJSON(q *query.Diff, d *index.Difference) wire.Difference {
	j := wire.Difference{
		MessageType: "change", Change: d.Change.String(), SizeBefore: wire.Size(d.Before), SizeAfter: wire.Size(d.After),
		Differs: append([]query.Aspect{}, query.Differs(d.Before, d.After)...), Problem: wire.Problem(d.After),
	}
	if q.Next {
		reason, stored := d.Reason.String(), d.Stored.String()
		j.Reason, j.Stored = &reason, &stored
	}
	j.Path, j.PathB64 = wire.Name(d.Path)
	j.From, j.FromB64 = wire.OptionalName(d.From)
	return j
}
