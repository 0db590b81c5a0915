package report

import (
	"fmt"
	"strings"

	"snap/cli/text"
	"snap/destination/reindex"
	"snap/internal/quote"
)

// ReindexNotes says what a reindex of dest could not take over.
func (p *Printer) ReindexNotes(res *reindex.Result, dest string) {
	for _, err := range res.Notes {
		p.Warn("%v", err)
	}
	for _, l := range res.Lost {
		p.Warn("%s is lost: %v", numbered(&l), l.Err)
	}
	if n := len(res.Left); n > 0 {
		p.Warn("%s not taken in: %s. They are older than snapshot %s, which was made without them, and nothing can be put "+
			"before that any more", text.Plural(n, "folder was", "folders were"), quote.List(res.Left), quote.Name(res.LeftFor))
		p.Note("they stay as they are, plain folders. To ask snap about them, make them a destination of their own: move "+
			"them into a new folder DIR outside of %s on the same disk or, where that is the whole disk, copy them to another "+
			"with cp -a; then snap init DIR --here and snap reindex -d DIR --adopt", quote.Name(dest))
	}
	for i := range res.Renamed {
		p.Warn("%s, and it was not taken for another snapshot", RenamedText(&res.Renamed[i]))
		p.Note("to have it back: %s", RenameBack(&res.Renamed[i], dest))
	}
	if len(res.Foreign) > 0 {
		p.Note("left alone, because their names are not those of snapshots: %s", quote.List(res.Foreign))
		p.Note("if they are snapshots: snap reindex -d %s --adopt", quote.Word(dest))
	}
}

// Reindexed prints what a reindex did.
func (p *Printer) Reindexed(res *reindex.Result) error {
	weak := int64(0)
	said := fmt.Sprintf("the index is made again: %s", text.Plural(res.Snapshots, "snapshot", "snapshots"))
	if n := len(res.FromTrees); n > 0 {
		said += fmt.Sprintf(", %d from change sets and %d from folders", res.Snapshots-n, n)
	}
	for _, f := range res.FromTrees {
		said += fmt.Sprintf("\n  %s from its folder: %s", quote.Name(f.Name), quote.Clean(f.Err.Error()))
		weak += f.Weak
	}
	if weak > 0 {
		said += fmt.Sprintf("\n  %s no hash yet: the next backup reads those that are still there, once, and links what is "+
			"equal", text.Plural(int(weak), "file has", "files have"))
	}
	return p.printf("%s\n", strings.Join(p.WrapAll(strings.Split(said, "\n"), 4), "\n"))
}

// numbered names a snapshot of which perhaps only the number is known.
func numbered(s *reindex.Rebuilt) string {
	if s.Name == "" {
		return fmt.Sprintf("the snapshot with number %d", s.Seq)
	}
	return "snapshot " + quote.Name(s.Name)
}
