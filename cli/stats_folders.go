package cli

import (
	"github.com/dustin/go-humanize"

	"snap/cli/text"
	"snap/internal/file"
	"snap/internal/quote"
	"snap/query"
)

// printFolders prints the folders that weigh and those that change most.
func (c *call) printFolders(s *query.Details) error {
	newest := s.Snapshots[len(s.Snapshots)-1]
	heavy := &text.Table{Columns: []text.Column{{Head: "Size", Right: true}, {Head: "Files", Right: true}, {Head: "Folder", Cut: true, CutFront: true}}}
	for _, f := range s.Heavy {
		heavy.Add(c.Size(f.Bytes), humanize.Comma(f.Files), text.Path(f.Path, file.Folder))
	}
	changing := &text.Table{Columns: []text.Column{{Head: "Copied", Right: true}, {Head: "Changes", Right: true}, {Head: "Folder", Cut: true, CutFront: true}}}
	for _, f := range s.Changing {
		changing.Add(c.Size(f.Copied), humanize.Comma(f.Changes), text.Path(f.Path, file.Folder))
	}
	for _, t := range [...]struct {
		title string
		*text.Table
	}{
		{"Heaviest folders of " + quote.Name(newest.Name), heavy},
		{"Folders that changed most since " + quote.Name(s.Snapshots[0].Name), changing},
	} {
		if len(t.Rows) == 0 {
			continue
		}
		if err := c.printf("\n%s\n\n", t.title); err != nil {
			return err
		}
		if err := t.Write(c.out, c.Width); err != nil {
			return err
		}
	}
	return nil
}
