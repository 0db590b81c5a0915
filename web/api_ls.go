package web

import (
	"errors"
	"fmt"
	"iter"
	"strconv"

	"snap/cli/wire"
	"snap/index"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// at is the snapshot and the path that "at" and "path" name.
func (q *question) at() (*record.Header, string, error) {
	ref := q.form.Get("at")
	if ref == "" {
		ref = "latest"
	}
	pos, err := q.d.Resolver().Resolve(ref)
	if err != nil {
		return nil, "", notFound(err)
	}
	h := q.header(pos)
	path, err := query.SourcePath(h, q.form.Get("path"))
	if err != nil {
		return nil, "", err
	}
	_, _, err = q.d.DB.Lookup(q.ctx, h.Seq, path)
	if errors.Is(err, index.ErrNotFound) {
		err = notFound(fmt.Errorf("%s: not in snapshot %s", quote.Path(path), quote.Name(h.Name)))
	}
	return h, path, err
}

func (q *question) apiLs() error {
	h, path, err := q.at()
	if err != nil {
		return err
	}
	entries := q.d.List(q.ctx, h, path, q.form.Get("recursive") != "")
	if q.form.Has("limit") || q.form.Has("after") || q.form.Has("sort") {
		if entries, err = q.someChildren(h, path); err != nil {
			return err
		}
	}
	out, sep := q.lines(oneDocument), "[\n"
	for e, err := range entries {
		if err != nil {
			return out.fail(err)
		}
		b, err := wire.Encode(wire.NewEntry(e))
		if err != nil {
			return out.fail(err)
		}
		if err := out.write(append([]byte(sep), b...)); err != nil {
			return err
		}
		sep = ",\n"
	}
	if sep == "[\n" {
		return out.write([]byte("[]\n"))
	}
	return out.write([]byte("\n]\n"))
}

// someChildren are a part of a folder, by name from "after" on, or the first by size or time.
func (q *question) someChildren(h *record.Header, path string) (iter.Seq2[*record.Entry, error], error) {
	o := query.ChildrenOptions{After: q.form.Get("after")}
	var err error
	if s := q.form.Get("limit"); s != "" {
		if o.Limit, err = strconv.Atoi(s); err != nil || o.Limit < 1 || o.Limit > 10_000 {
			return nil, hint.Usagef("limit is a number from 1 to 10000")
		}
	}
	switch q.form.Get("sort") {
	case "", "name":
	case "size":
		o.Order = query.BySize
	case "time":
		o.Order = query.ByTime
	default:
		return nil, hint.Usagef("sort is by name, size or time")
	}
	page, err := q.d.Children(q.ctx, h, path, o)
	if err != nil {
		return nil, err
	}
	return func(yield func(*record.Entry, error) bool) {
		for i := range page.Children {
			if !yield(&page.Children[i].Entry, nil) {
				return
			}
		}
	}, nil
}
