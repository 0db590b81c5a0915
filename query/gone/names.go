package gone

import (
	"bytes"
	"context"
	"iter"

	"snap/internal/file"
	"snap/query"
	"snap/record"
	"snap/scan"
)

// Names yields the names in the folder dir that lead on to what is gone: those at which the source has nothing now,
// and folders. It does not ask what was renamed.
func Names(ctx context.Context, d *query.Reader, dir string) iter.Seq2[Name, error] {
	return func(yield func(Name, error) bool) {
		if len(d.Snapshots) == 0 {
			return
		}
		now := newPresent(scan.Options{})
		defer now.close()
		in := []byte(record.Join(dir, "x"))
		in = in[:len(in)-1]
		child := func(path []byte) bool {
			return len(path) > len(in) && bytes.HasPrefix(path, in) && bytes.IndexByte(path[len(in):], '/') < 0
		}
		for h, err := range d.DB.Histories(ctx, dir, child) {
			if err != nil {
				yield(Name{}, err)
				return
			}
			all := query.VersionsOf(&h, d.Snapshots)
			if len(all) == 0 {
				continue
			}
			v := &all[len(all)-1]
			s := now.look(sourceAt(d, v.Last), h.Path)
			_, name := record.Split(h.Path)
			gone := s.err == nil && s.Kind == file.None
			if (gone || v.Record.Kind == file.Folder) && !yield(Name{name, v.Record.Kind, gone}, nil) {
				return
			}
		}
	}
}

// Name is a name in a folder. Gone tells that nothing is there now.
type Name struct {
	Name string
	Kind file.Kind
	Gone bool
}
