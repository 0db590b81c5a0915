package query

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"snap/index"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/record"
)

// Entry is the snapshot and the path that a PATHREF names. The path is in the snapshot.
func (d *Reader) Entry(ctx context.Context, pathRef string) (*record.Header, string, error) {
	pos, typed, err := d.Resolver().resolvePath(pathRef)
	if err != nil {
		return nil, "", err
	}
	h := &d.Snapshots[pos]
	path, err := SourcePath(h, typed)
	if err != nil {
		return nil, "", err
	}
	_, _, err = d.DB.Lookup(ctx, h.Seq, path)
	if errors.Is(err, index.ErrNotFound) {
		_, name := record.Split(path)
		err = hint.With(fmt.Errorf("%s: not in snapshot %s", quote.Path(path), quote.Name(h.Name)),
			"to search all snapshots: snap find %s", quote.Word(name))
	}
	return h, path, err
}

// List yields the entries of the folder path in the snapshot, one level or all that is below, or the file path
// itself. An entry is valid until the next one.
func (d *Reader) List(ctx context.Context, h *record.Header, path string,
	recursive bool) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		after, skipped := "", 0
		for again := true; again; {
			again = false
			for e, err := range d.DB.EntriesAfter(ctx, h.Seq, path, after) {
				switch {
				case err != nil:
					yield(nil, err)
					return
				case e.Path == path:
					if e.Kind == file.Folder {
						continue
					}
				case !recursive && strings.Contains(below(e.Path, path), "/"):
					// Far into a large folder that is not listed, begin again behind it.
					if skipped++; skipped == skipAfter {
						after, again = behind(e.Path, path), true
					}
				default:
					skipped = 0
				}
				if again {
					skipped = 0
					break
				}
				if skipped == 0 && !yield(e, nil) {
					return
				}
			}
		}
	}
}

// skipAfter is how many entries of one folder are read past before its end is looked up instead: about
// the page that the index reads at once.
const skipAfter = 4096

// below is path relative to the folder dir that it is in.
func below(path, dir string) string {
	if dir == "" {
		return path
	}
	return path[len(dir)+1:]
}

// behind is a path that comes after all that is in the folder in dir that path is in: no name sorts
// after 255 bytes of 0xff.
func behind(path, dir string) string {
	name, _, _ := strings.Cut(below(path, dir), "/")
	return record.Join(record.Join(dir, name), strings.Repeat("\xff", 255))
}
