package cli

import (
	"strings"

	"github.com/dustin/go-humanize"

	"snap/cli/wire"
	"snap/index"
	"snap/query"
)

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
