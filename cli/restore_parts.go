package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
	"snap/restore"
)

// restorePart is what is restored from one snapshot.
type restorePart struct {
	header       *record.Header
	options      restore.Options
	chooser      *chooser        // nil: all is chosen
	leftOut      map[string]bool // paths that undelete leaves out
	files, bytes int64           // that it has, as far as that is known before
}

func (p *restorePart) run(c *call, d *query.Reader, o restore.Options) (restore.Result, error) {
	res, err := restore.Run(c.ctx, d.DB, p.header, filepath.Join(d.Dir, p.header.Name), o)
	if p.chooser != nil {
		err = errors.Join(err, p.chooser.bad)
	}
	return res, err
}

// restoreParts reads the arguments. o is what all parts have in common.
func (c *call) restoreParts(d *query.Reader, o restore.Options) (parts []*restorePart, err error) {
	var places []restorePlace
	for _, arg := range c.args {
		h, p, err := c.restoreArg(d, arg)
		if err != nil {
			return nil, err
		}
		var items []restore.Item
		switch {
		case c.flags.Bool("in-place"):
			items = inPlace(h, p)
		case c.flags.Bool("relative") || p == "":
			items = []restore.Item{{Path: p, To: p}}
		default:
			items = []restore.Item{{Path: p, To: path.Base(p)}}
		}
		for _, it := range items {
			places = append(places, restorePlace{it, h, arg})
		}
		i := slices.IndexFunc(parts, func(p *restorePart) bool { return p.header == h })
		if i < 0 {
			part := &restorePart{header: h, options: o}
			if err := c.restoreInto(part, d); err != nil {
				return nil, err
			}
			i, parts = len(parts), append(parts, part)
		}
		if parts[i].options.Items = append(parts[i].options.Items, items...); p == "" {
			parts[i].files, parts[i].bytes = h.Files, h.Bytes
		}
	}
	if len(places) == 1 && !c.flags.Bool("in-place") && !c.flags.Bool("relative") {
		kind, err := d.KindOf(c.ctx, places[0].header, places[0].Path)
		if err == nil && kind != file.Folder {
			err = c.nameTarget(&parts[0].options)
		}
		if err != nil {
			return nil, err
		}
	}
	return parts, apart(places)
}

// restoreArg reads an argument, and says so where it was taken for a path of the newest snapshot.
func (c *call) restoreArg(d *query.Reader, arg string) (*record.Header, string, error) {
	h, p, newest, err := d.EntryOrNewest(c.ctx, arg)
	if err == nil {
		err = d.Missing(c.ctx, h, p, "restore")
	}
	if err != nil {
		return nil, "", err
	}
	switch other := d.NewestPath(c.ctx, arg); {
	case newest:
		c.note("restore: no snapshot is named, so the newest is meant: %s", quote.Word("latest:"+p))
	case p == "" && other != "":
		c.note("restore: %s is a snapshot; the path of that name is %s", quote.Name(arg), quote.Word("latest:"+other))
	}
	return h, p, nil
}

// nameTarget makes the target of one file its new name, as cp does, where it is no folder and does not say that it is
// one by a slash at its end.
func (c *call) nameTarget(o *restore.Options) error {
	typed := filepath.ToSlash(c.flags.String("target"))
	if info, err := os.Stat(o.Target); err == nil && info.IsDir() || strings.HasSuffix(typed, "/") ||
		slices.Contains([]string{".", ".."}, path.Base(typed)) {
		return nil
	}
	dir, name := filepath.Dir(o.Target), filepath.Base(o.Target)
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return hint.With(fmt.Errorf("restore to %s: there is no folder %s", quote.Name(o.Target),
			quote.Name(dir)), "to make it: mkdir -p %s", quote.Word(dir))
	}
	if err == nil && !info.IsDir() {
		return hint.With(fmt.Errorf("restore to %s: %s is no folder", quote.Name(o.Target),
			quote.Name(dir)), "choose another target")
	}
	o.Target, o.Items[0].To = dir, name // whatever else is wrong with the folder shows when it is opened
	return nil
}

// inPlace is what of a snapshot is restored where it was, if path is asked for. A folder that only leads to sources,
// such as / and /home, stands for those: it itself stays as it is, and so does what else is in it.
func inPlace(h *record.Header, path string) (items []restore.Item) {
	roots := h.Roots()
	if roots.Place(path) != record.Carrier {
		return []restore.Item{{Path: path, To: path}}
	}
	for _, r := range roots.Outer() {
		if record.Within(r, path) {
			items = append(items, restore.Item{Path: r, To: r})
		}
	}
	return items
}

// restoreInto sets where a part goes and what of it.
func (c *call) restoreInto(p *restorePart, d *query.Reader) (err error) {
	p.options.Target = c.abs(c.flags.String("target"))
	if c.flags.Bool("in-place") {
		if p.options.Target = p.header.Source; p.options.Target == "" {
			return hint.With(fmt.Errorf("the source of snapshot %s is not known", quote.Name(p.header.Name)),
				"restore it with --target DIR")
		}
	}
	if p.chooser, err = c.chooser(p.header); err != nil {
		return err
	}
	p.options.Include, p.options.Exclude = p.chooser.includes(), p.chooser.excludes()
	roots := p.header.Roots()
	p.options.Carrier = func(path string) bool { return roots.Place(path) == record.Carrier }
	if p.options.Delete && !p.options.DeleteExcluded {
		s, err := c.sparing(d.Dir, sourcesIn(p.header))
		if err != nil {
			return err
		}
		p.options.Spare = s.why
	}
	return nil
}

// restorePlace is an argument and where it goes.
type restorePlace struct {
	restore.Item
	header *record.Header
	arg    string
}

// apart refuses arguments that go to, or into, the place of another. A folder and what is in it may both be
// named when they stay together.
func apart(places []restorePlace) error {
	slices.SortStableFunc(places, func(a, b restorePlace) int { return record.Compare(a.To, b.To) })
	var outer *restorePlace
	for i := range places {
		p := &places[i]
		switch {
		case outer == nil || !record.Within(p.To, outer.To):
			outer = p
		case p.To == outer.To || p.header != outer.header || p.Path != p.To || outer.Path != outer.To:
			return hint.With(hint.Usagef("%s and %s would go to the same place", quote.Name(outer.arg), quote.Name(p.arg)),
				"restore them one by one to different targets")
		}
	}
	return nil
}
