package cli

import (
	"strings"

	"github.com/dustin/go-humanize"

	"snap/index"
)

// printStat prints the totals.
func (c *call) printStat(s *diffSummary) error {
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

func (c *call) differenceJSON(q *diffQuery, d *index.Difference) differenceJSON {
	j := differenceJSON{
		MessageType: "change", Change: d.Change.String(), SizeBefore: sizeJSON(d.Before), SizeAfter: sizeJSON(d.After),
		Differs: aspectNames(c.differs(d.Before, d.After, q.a, q.b)), Problem: problemJSON(d.After),
	}
	if q.next {
		reason, stored := d.Reason.String(), d.Stored.String()
		j.Reason, j.Stored = &reason, &stored
	}
	j.Path, j.PathB64 = jsonName(d.Path)
	j.From, j.FromB64 = optionalName(d.From)
	return j
}
