package query

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"snap/index"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/record"
)

// EntryOrNewest is Entry, where a path without a snapshot stands for that of the newest one; newest tells so. A
// reference goes before: what names a snapshot, or is the beginning of a name, is no path.
func (d *Reader) EntryOrNewest(ctx context.Context, arg string) (h *record.Header, path string, newest bool,
	err error) {
	h, path, err = d.Entry(ctx, arg)
	if err == nil || len(d.Snapshots) == 0 {
		return h, path, false, err
	}
	r := d.Resolver()
	head, _ := r.Split(arg)
	if _, rerr := r.Resolve(head); rerr == nil {
		return h, path, false, err // the snapshot was named: its path is wrong
	}
	for i := range d.Snapshots {
		if head != "" && strings.HasPrefix(d.Snapshots[i].Name, head) {
			return h, path, false, err
		}
	}
	paths, perr := d.Paths(arg)
	if perr != nil {
		return h, path, false, err
	}
	for _, path := range paths {
		_, _, lerr := d.DB.Lookup(ctx, d.Newest().Seq, path)
		if lerr == nil {
			return d.Newest(), path, true, nil
		}
		if !errors.Is(lerr, index.ErrNotFound) {
			return nil, "", false, lerr
		}
	}
	for _, path := range paths {
		history, herr := d.DB.Versions(ctx, path)
		if herr != nil {
			return nil, "", false, herr
		}
		if held := heldOnly(versionsOf(&history, d.Snapshots)); len(held) > 0 {
			v := held[len(held)-1]
			end, err := d.end(ctx, v)
			if err != nil {
				return nil, "", false, err
			}
			if end.Last == d.Snapshots.Newest() {
				return nil, "", false, hint.With(fmt.Errorf("%s: not in the newest snapshot, %s: it was moved", quote.Path(path),
					quote.Name(d.Newest().Name)), "as it is called now: snap restore %s", quote.Word("latest:"+end.Path))
			}
			last := d.Snapshots[v.Last].Name
			return nil, "", false, hint.With(fmt.Errorf("%s: not in the newest snapshot, %s", quote.Path(path),
				quote.Name(d.Newest().Name)), "the last one that holds it: snap restore %s\nif it is gone from the source: "+
				"snap undelete %s", quote.Word(last+":"+path), quote.Word(path))
		}
	}
	return h, path, false, err
}

// NewestPath is the path in the newest snapshot that typed may stand for, "" if there is none.
func (d *Reader) NewestPath(ctx context.Context, typed string) string {
	paths, err := d.Paths(typed)
	if err != nil || len(d.Snapshots) == 0 {
		return ""
	}
	for _, path := range paths {
		if _, _, err := d.DB.Lookup(ctx, d.Newest().Seq, path); err == nil {
			return path
		}
	}
	return ""
}

// KindOf is of which kind path is in the snapshot.
func (d *Reader) KindOf(ctx context.Context, h *record.Header, path string) (file.Kind, error) {
	r, _, err := d.DB.Lookup(ctx, h.Seq, path)
	return r.Kind, err
}
