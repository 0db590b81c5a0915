package report

import (
	"github.com/dustin/go-humanize"

	"snap/cli/text"
	"snap/internal/file"
	"snap/query"
)

// foldersMax is how many folders are shown.
const foldersMax = 25

// FolderSpaces prints where the space goes.
func (p *Printer) FolderSpaces(s *query.FolderSpaces) error {
	t := &text.Table{Columns: []text.Column{
		{Head: "Newest", Right: true}, {Head: "Only older", Right: true}, {Head: "Together", Right: true},
		{Head: "Files", Right: true},
		{Head: "Folder", Cut: true, Path: true},
	}}
	add := func(f *query.FolderSpace) {
		kind := file.Folder
		if f.File {
			kind = file.Regular
		}
		t.Add(p.Size(f.Newest.Bytes), p.Size(f.Old.Bytes), p.Size(f.Bytes()), humanize.Comma(f.Newest.Inodes+f.Old.Inodes),
			text.Path(f.Path, kind))
	}
	add(&s.Whole)
	for i := range s.In[:min(len(s.In), foldersMax)] {
		add(&s.In[i])
	}
	if err := t.Write(p.Out, p.Width); err != nil {
		return err
	}
	if more := len(s.In) - foldersMax; more > 0 {
		var rest int64
		for i := range s.In[foldersMax:] {
			rest += s.In[foldersMax+i].Bytes()
		}
		return p.printf("and %s more with %s\n", humanize.Comma(int64(more)), p.Size(rest))
	}
	return nil
}
