package query

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"snap/index"
	"snap/record"
)

// FolderSpace is the room that a folder takes on the disk, with all below it, each file once.
type FolderSpace struct {
	Path   string       // "" is the source
	File   bool         // it is a file
	Newest index.Amount // what the newest snapshot holds
	Old    index.Amount // what only older snapshots hold, where it was last
}

// Bytes is both together.
func (f *FolderSpace) Bytes() int64 { return record.Plus(f.Newest.Bytes, f.Old.Bytes) }

// FolderSpaces is where the space of a folder goes.
type FolderSpaces struct {
	Whole  FolderSpace   // the folder itself
	In     []FolderSpace // what is in it, down to the depth that was asked for, the largest first
	Newest string        // the snapshot that counts as the newest; "": there is none
}

// FolderSpaces says where the space below what typed names goes, by folders down to depth levels below it, and by
// files in the last of them if there is but one level. Snapshots whose folders are gone hold nothing.
func (d *Reader) FolderSpaces(ctx context.Context, typed string, depth int) (*FolderSpaces, error) {
	paths, err := d.Paths(cmp.Or(typed, "."))
	if err != nil {
		return nil, err
	}
	if typed == "" {
		paths = []string{""}
	}
	var seqs []uint64
	s := &FolderSpaces{}
	for i := range d.Snapshots {
		if h := &d.Snapshots[i]; d.Present(h) {
			seqs, s.Newest = append(seqs, h.Seq), h.Name
		}
	}
	if len(seqs) == 0 {
		return s, nil
	}
	path, err := d.known(ctx, paths)
	if err != nil {
		return nil, err
	}
	s.Whole.Path = path
	in := map[string]*FolderSpace{}
	err = d.DB.Whereabouts(ctx, seqs, func(at string, newest bool, size int64) error {
		if !record.Within(at, path) {
			return nil
		}
		a := index.Amount{Inodes: 1, Bytes: size}
		add := func(f *FolderSpace) {
			if newest {
				f.Newest.Add(a)
			} else {
				f.Old.Add(a)
			}
		}
		add(&s.Whole)
		if at == path {
			s.Whole.File = true
			return nil
		}
		row, isFile := rowOf(at, path, depth)
		if in[row] == nil {
			in[strings.Clone(row)] = &FolderSpace{Path: strings.Clone(row), File: isFile}
		}
		add(in[row])
		return nil
	})
	for _, f := range in {
		s.In = append(s.In, *f)
	}
	slices.SortFunc(s.In, func(a, b FolderSpace) int {
		return cmp.Or(-cmp.Compare(a.Bytes(), b.Bytes()), record.Compare(a.Path, b.Path))
	})
	return s, err
}

// rowOf is the entry that a file counts for, depth levels below the folder path: a folder, or the file itself if it is
// no deeper.
func rowOf(at, path string, depth int) (row string, isFile bool) {
	rest := record.Below(at, path)
	end := len(at) - len(rest)
	for range depth {
		n := strings.IndexByte(at[end:], '/')
		if n < 0 {
			return at, true
		}
		end += n + 1
	}
	return at[:end-1], false
}

// known is the first of the paths that any snapshot knows.
func (d *Reader) known(ctx context.Context, paths []string) (string, error) {
	for _, path := range paths {
		if path == "" {
			return path, nil
		}
		h, err := d.DB.Versions(ctx, path)
		if err != nil || len(h.Versions) > 0 {
			return path, err
		}
	}
	return "", d.unknownPath(ctx, paths)
}
