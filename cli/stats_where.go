package cli

import (
	"github.com/dustin/go-humanize"

	"snap/cli/text"
	"snap/cli/wire"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
)

// whereMax is how many rows of `stats --folders` are shown.
const whereMax = 25

// statsWhere tells where the space below a path goes.
func (c *call) statsWhere(d *query.Reader) error {
	depth, path := 1, ""
	if c.flags.IsSet("depth") {
		if depth = c.flags.Int("depth"); depth < 1 {
			return hint.Usagef("--depth %d: with --folders it cannot be less than 1", depth)
		}
	}
	switch len(c.args) {
	case 0:
	case 1:
		path = c.args[0]
	default:
		return hint.Usagef("stats --folders takes one path")
	}
	s, err := d.FolderSpaces(c.ctx, path, depth)
	if err != nil {
		return err
	}
	if c.opts.json {
		return c.json(wire.NewFolderSpaces(d.Dir, s, depth))
	}
	if s.Newest == "" {
		c.note("no snapshots in %s", quote.Name(d.Dir))
		return nil
	}
	t := &text.Table{Columns: []text.Column{
		{
			Head:  "Newest",
			Right: true,
		}, {Head: "Only older", Right: true}, {Head: "Together", Right: true}, {Head: "Files", Right: true},
		{Head: "Folder", Cut: true, Path: true},
	}}
	add := func(f *query.FolderSpace) {
		kind := file.Folder
		if f.File {
			kind = file.Regular
		}
		t.Add(
			c.Size(f.Newest.Bytes),
			c.Size(f.Old.Bytes),
			c.Size(f.Bytes()),
			humanize.Comma(f.Newest.Inodes+f.Old.Inodes),
			text.Path(f.Path, kind),
		)
	}
	add(&s.Whole)
	for i := range s.In[:min(len(s.In), whereMax)] {
		add(&s.In[i])
	}
	if err := t.Write(c.out, c.Width); err != nil {
		return err
	}
	if more := len(s.In) - whereMax; more > 0 {
		var rest int64
		for i := range s.In[whereMax:] {
			rest += s.In[whereMax+i].Bytes()
		}
		return c.printf("and %s more with %s\n", humanize.Comma(int64(more)), c.Size(rest))
	}
	return nil
}
