package query

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"snap/filter"
	"snap/index"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/internal/when"
	"snap/record"
)

// Named is what an argument REF, REF:PATH or PATH names.
type Named struct {
	Arg    string
	Header *record.Header
	Path   string
	Newest bool // no snapshot was named, and so it is the newest
	Whole  bool // a snapshot alone was named
	Here   bool // no snapshot was named, and so it is the one whose folder the working directory is in
	OnDisk bool // a path on the disk was named that leads into the snapshot
}

// Entries are what the arguments of the command verb name. A snapshot beside paths of none is an error: in other
// programs the paths would be those of that snapshot.
func (d *Reader) Entries(ctx context.Context, args []string, verb string) ([]Named, error) {
	all := make([]Named, 0, len(args))
	var failed error
	for _, arg := range args {
		n, err := d.Named(ctx, arg, verb)
		if n.Arg = arg; err != nil && failed == nil {
			failed = err
		}
		n.Newest = n.Newest || err != nil && d.isPath(arg)
		all = append(all, n)
	}
	whole := slices.IndexFunc(all, func(n Named) bool { return n.Whole })
	bare := slices.IndexFunc(all, func(n Named) bool { return n.Newest || n.Here })
	if whole >= 0 && bare >= 0 {
		ref, path := all[whole].Arg, all[bare].Arg
		if _, _, err := d.Entry(ctx, ref+":"+path); err == nil || failed == nil {
			return nil, hint.With(hint.Usagef("%s: %s is a whole snapshot, and %s a path without its snapshot", verb,
				quote.Name(ref), quote.Name(path)), "did you mean %s?", quote.Word(ref+":"+path))
		}
	}
	other := slices.IndexFunc(all, func(n Named) bool { return n.OnDisk && n.Path != "" })
	if whole >= 0 && other >= 0 && !strings.ContainsAny(all[whole].Arg, `/\`) {
		n := &all[other]
		return nil, hint.With(hint.Usagef("%s: %s is a whole snapshot, and %s a path in snapshot %s", verb,
			quote.Name(all[whole].Arg), quote.Name(n.Arg), quote.Name(n.Header.Name)),
			"did you mean %s?", quote.Word(n.Header.Name+":"+n.Path))
	}
	return all, failed
}

// isPath reports whether arg names no snapshot, nor the beginning of one.
func (d *Reader) isPath(arg string) bool {
	head, _ := d.Resolver().Split(arg)
	_, err := d.Resolver().Resolve(head)
	return err != nil && !slices.ContainsFunc(d.Snapshots, func(h record.Header) bool {
		return strings.HasPrefix(h.Name, head)
	})
}

// Named is what one argument names. A path without a snapshot is that of the newest one, or of the one whose folder it
// leads into. A reference goes before: what names a snapshot, or is the beginning of a name, is no path.
func (d *Reader) Named(ctx context.Context, arg, verb string) (Named, error) {
	n, err := d.named(ctx, arg, verb)
	if err == nil || n.Header != nil || ctx.Err() != nil || !d.isPath(arg) || d.isElsewhere(arg) {
		return n, err
	}
	if ref, path, ok := d.Resolver().looksLike(arg); ok {
		if path != "" {
			ref += ":" + path
		}
		err = hint.With(fmt.Errorf("%s: no snapshot is called so", quote.Name(arg)), "did you mean %s?", quote.Word(ref))
	}
	return n, err
}

func (d *Reader) named(ctx context.Context, arg, verb string) (n Named, err error) {
	n.Arg = arg
	if n.Header, n.Path, err = d.Entry(ctx, arg); err == nil {
		head, _ := d.Resolver().Split(arg)
		n.Whole = head == arg
		return n, nil
	}
	if len(d.Snapshots) == 0 || !d.isPath(arg) || when.IsDay(arg) { // the day, or the path of that name?
		return n, err
	}
	if there, ok, derr := d.namedOnDisk(ctx, arg); ok {
		return there, derr
	}
	paths, perr := d.Paths(arg)
	if perr != nil {
		if filepath.IsAbs(arg) {
			err = perr
		}
		return n, err
	}
	for _, path := range paths {
		_, _, lerr := d.DB.Lookup(ctx, d.Newest().Seq, path)
		if lerr == nil {
			return Named{Arg: arg, Header: d.Newest(), Path: path, Newest: true}, nil
		}
		if !errors.Is(lerr, index.ErrNotFound) {
			return n, lerr
		}
	}
	for _, path := range paths {
		if gone, gerr := d.goneFromNewest(ctx, path, verb); gone != nil || gerr != nil {
			return n, errors.Join(gone, gerr)
		}
	}
	near, nerr := d.nearPath(ctx, d.Newest(), paths[len(paths)-1])
	if nerr != nil {
		return n, nerr
	}
	reference := strings.HasPrefix(arg, "@") || strings.HasPrefix(arg, "tag:") ||
		!strings.Contains(arg, "/") && d.Resolver().meant(arg) != ""
	if near == "" && reference {
		return n, err
	}
	gone := fmt.Errorf("%s: no snapshot is called so, and the newest, %s, has no such path", quote.Name(arg),
		quote.Name(d.Newest().Name))
	if near != "" {
		return n, hint.With(gone, "did you mean %s?", quote.Word("latest:"+near))
	}
	_, name := record.Split(paths[0])
	return n, hint.With(gone,
		"to search all snapshots for the path: snap find %s\nthe snapshots are %s; to see all: snap list",
		quote.Arg(filter.Literal(name)), quote.List(d.Resolver().like(arg)))
}

// goneFromNewest is the error for a path that the newest snapshot does not have, and others do; nil: none does.
func (d *Reader) goneFromNewest(ctx context.Context, path, verb string) (gone, err error) {
	history, err := d.DB.Versions(ctx, path)
	if err != nil {
		return nil, err
	}
	held := heldOnly(VersionsOf(&history, d.Snapshots))
	if len(held) == 0 {
		return nil, nil
	}
	v := held[len(held)-1]
	end, err := d.End(ctx, v)
	if err != nil {
		return nil, err
	}
	gone = fmt.Errorf("%s: not in the newest snapshot, %s", quote.Path(path), quote.Name(d.Newest().Name))
	if end.Last == d.Snapshots.Newest() {
		return hint.With(fmt.Errorf("%w: it was moved", gone), "as it is called now: snap %s %s"+d.flags(verb), verb,
			quote.Word("latest:"+end.Path)), nil
	}
	gone = hint.With(gone, "if it is gone from the source: snap undelete %s"+d.flags("undelete"),
		quote.Arg(filter.Literal(path)))
	return hint.With(gone, "the last one that holds it: snap %s %s"+d.flags(verb), verb,
		quote.Word(d.Snapshots[v.Last].Name+":"+path)), nil
}

// flags are the flags of the command line that the command verb of a hint has, too, for the end of its format.
func (d *Reader) flags(verb string) string {
	if d.options.Again == nil {
		return ""
	}
	return strings.ReplaceAll(d.options.Again(verb), "%", "%%")
}

// nearPath is a path of the snapshot that path may be a slip of the hand for, "" if none is near.
func (d *Reader) nearPath(ctx context.Context, h *record.Header, path string) (string, error) {
	dir := ""
	for name := range strings.SplitSeq(path, "/") {
		next := record.Join(dir, name)
		_, _, err := d.DB.Lookup(ctx, h.Seq, next)
		if err == nil {
			dir = next
			continue
		}
		if !errors.Is(err, index.ErrNotFound) {
			return "", err
		}
		children, _, err := d.DB.Children(ctx, h.Seq, dir, "", listed)
		if err != nil && !errors.Is(err, index.ErrNotFound) {
			return "", err
		}
		names := make([]string, 0, len(children))
		for i := range children {
			_, name := record.Split(children[i].Path)
			names = append(names, name)
		}
		near := hint.Nearest(name, names)
		if near == "" {
			return "", nil
		}
		dir = record.Join(dir, near)
	}
	return dir, nil
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
