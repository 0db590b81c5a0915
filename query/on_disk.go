package query

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"snap/internal/hint"
	"snap/internal/quote"
)

// Snapshots are folders, and people name what is in one as they found it there: by its path on the disk. That means
// this snapshot, and nothing else.

// inSnapshot is the snapshot whose folder an absolute path on the disk leads into, also through links such as latest,
// and the path in its tree. A link in the tree is not followed.
func (l *locator) inSnapshot(abs string) (pos int, in string, ok bool) {
	abs = path.Clean(abs)
	if len(l.dests) == 0 || !path.IsAbs(abs) && !filepath.IsAbs(abs) {
		return 0, "", false
	}
	if pos, in, ok = l.inTree(abs); ok {
		return pos, in, true
	}
	for end := 0; end < len(abs); { // from the top down
		if n := strings.IndexByte(abs[end+1:], '/'); n < 0 {
			end = len(abs)
		} else {
			end += 1 + n
		}
		real, err := filepath.EvalSymlinks(filepath.FromSlash(abs[:end]))
		if err != nil {
			break
		}
		if pos, in, ok = l.inTree(path.Join(filepath.ToSlash(real), abs[end:])); ok {
			return pos, in, true
		}
	}
	return 0, "", false
}

// inTree is inSnapshot without a look at the disk.
func (l *locator) inTree(abs string) (pos int, in string, ok bool) {
	for _, dest := range l.dests {
		if rel, below := pathBelow(abs, dest); below {
			name, rest, _ := strings.Cut(rel, "/")
			if pos := l.snaps.byName(name); pos >= 0 {
				return pos, rest, true
			}
		}
	}
	return 0, "", false
}

// byName is the position of the snapshot with this very name, -1 if there is none.
func (s Snapshots) byName(name string) int {
	for pos := range s {
		if s[pos].Name == name {
			return pos
		}
	}
	return -1
}

// onDisk is the snapshot and the path in it that typed leads to on the disk, from the working directory.
func (d *Reader) onDisk(typed string) (pos int, in string, ok bool) {
	p := filepath.ToSlash(typed)
	if !path.IsAbs(p) && !filepath.IsAbs(typed) {
		if d.options.WorkDir == "" {
			return 0, "", false
		}
		p = path.Join(filepath.ToSlash(d.options.WorkDir), p)
	}
	return d.locator().inSnapshot(p)
}

// namesSnapshot is onDisk for what says itself which snapshot it leads into: it is not only relative to a working
// directory in there.
func (d *Reader) namesSnapshot(typed string) (pos int, in string, ok bool) {
	if pos, in, ok = d.onDisk(typed); !ok || filepath.IsAbs(typed) || path.IsAbs(filepath.ToSlash(typed)) {
		return pos, in, ok
	}
	here, _, inside := d.onDisk(".")
	return pos, in, !inside || here != pos
}

// isElsewhere reports whether typed is the path of something on the disk that is in no snapshot of the destination, but
// may be in one of another.
func (d *Reader) isElsewhere(typed string) bool {
	if !filepath.IsAbs(typed) {
		typed = filepath.Join(d.options.WorkDir, typed)
	}
	_, err := os.Lstat(typed)
	return err == nil
}

// folderOf is the snapshot whose folder s is, as a path on the disk, for references.
func (d *Reader) folderOf(s string) (pos int, ok bool) {
	if p := filepath.ToSlash(s); !strings.Contains(p, "/") && p != "." && p != ".." {
		return 0, false
	}
	pos, in, ok := d.onDisk(s)
	return pos, ok && in == ""
}

// OfOther is the usage error for a path on the disk that leads into the folder of a snapshot, where that is none of
// those in question; at are their positions. lines are as those of AsksAll.
func (d *Reader) OfOther(args []string, at []int, lines ...string) error {
	for _, typed := range args {
		if pos, in, ok := d.namesSnapshot(typed); ok && in != "" && !slices.Contains(at, pos) {
			name := d.Snapshots[pos].Name
			return asksAll(name, in, hint.Usagef("%s is in snapshot %s, and that is not asked for here",
				quote.Name(typed), quote.Name(name)), lines)
		}
	}
	return nil
}

// namedOnDisk is what a path on the disk names, which leads into a snapshot; ok: there is such a thing there, or
// nothing else can be meant. A path that is relative to a folder in a snapshot may count from the source, too.
func (d *Reader) namedOnDisk(ctx context.Context, arg string) (n Named, ok bool, err error) {
	pos, in, ok := d.onDisk(arg)
	if !ok {
		return n, false, nil
	}
	n = Named{Arg: arg, Header: &d.Snapshots[pos], Path: in}
	_, _, n.OnDisk = d.namesSnapshot(arg)
	n.Here = !n.OnDisk
	if err = d.lacks(ctx, n.Header, in); err == nil || n.OnDisk {
		return n, true, err
	}
	if p := filepath.ToSlash(arg); !dotted(p) && d.lacks(ctx, n.Header, path.Clean(p)) == nil {
		n.Path = path.Clean(p)
		return n, true, nil
	}
	newest := d.NewestPath(ctx, arg)
	if newest == "" {
		return n, false, nil
	}
	return n, true, hint.With(err, "the current folder is in this snapshot; did you mean %s?",
		quote.Word("latest:"+newest))
}
