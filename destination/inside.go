package destination

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"snap/index"
	"snap/internal/quote"
	"snap/record"
)

// Nobody but snap itself writes into a snapshot, whose files other snapshots share, or into .snap; and a destination
// does not lie in another, which would take it for a snapshot or for something strange. Both are looked at before the
// first write, for the way as it is on the disk: DEST/latest leads into a snapshot. Errors are a GuardError.

// CheckPlace refuses to have a destination at path where that is in another one. One that was made there before may
// stay, but not in a snapshot.
func CheckPlace(ctx context.Context, path string) error {
	around, err := destinationsAround(path)
	for _, in := range around {
		if err := in.check(ctx); err != nil {
			return err
		}
		if !IsMade(path) {
			return in.refuse(fmt.Sprintf("in the destination %s, and one destination cannot be in another",
				quote.Name(in.dest)))
		}
	}
	return err
}

// CheckWrite refuses to write to path, a file or folder that is there or not, where that is in a snapshot or in .snap.
func CheckWrite(ctx context.Context, path string) error {
	around, err := destinationsAround(path)
	for _, in := range around {
		if err := in.check(ctx); err != nil {
			return err
		}
	}
	return err
}

// CheckTarget is CheckWrite for a folder that somebody chose for files of his own: these are in no destination, which
// holds snapshots only.
func CheckTarget(ctx context.Context, path string) error {
	if err := CheckWrite(ctx, path); err != nil {
		return err
	}
	if real, err := realPath(path); err == nil && IsMade(real) {
		return (&inside{path: path, dest: path}).refuse("in a destination, which holds snapshots only")
	}
	around, err := destinationsAround(path)
	for _, in := range around {
		return in.refuse(fmt.Sprintf("in the destination %s, which holds snapshots only", quote.Name(in.dest)))
	}
	return err
}

// inside is a path in a destination.
type inside struct {
	path string // as it was named
	dest string
	top  string // the name in dest that it is, or is below
}

func (in *inside) refuse(why string) error {
	return &GuardError{
		Why:  fmt.Sprintf("%s lies %s", quote.Name(in.path), why),
		Hint: "choose a place outside of " + quote.Name(in.dest),
	}
}

// check refuses a path in a snapshot or in .snap.
func (in *inside) check(ctx context.Context) error {
	if in.top == MetaName {
		return in.refuse(fmt.Sprintf("in %s, where snap keeps what it knows of a destination",
			quote.Name(filepath.Join(in.dest, MetaName))))
	}
	if !isSnapshot(ctx, in.dest, in.top) {
		return nil
	}
	return in.refuse(fmt.Sprintf("in snapshot %s of the destination %s, and nothing is written into a snapshot: others "+
		"share its files", quote.Name(in.top), quote.Name(in.dest)))
}

// isSnapshot reports whether dest has a snapshot of this name. Where the index cannot say, a folder may be one.
func isSnapshot(ctx context.Context, dest, name string) bool {
	var all []record.Header
	db, err := index.Open(index.Path(dest))
	if err == nil {
		all, err = db.Snapshots(ctx)
	}
	if err != nil {
		info, err := os.Lstat(filepath.Join(dest, name))
		return err == nil && info.IsDir()
	}
	return slices.ContainsFunc(all, func(h record.Header) bool { return h.Name == name })
}

// destinationsAround are the destinations that path, which need not be there, lies in, the innermost first. A path that
// leads nowhere is refused; see CheckLead.
func destinationsAround(path string) (all []inside, err error) {
	if err := CheckLead(path); err != nil {
		return nil, err
	}
	real, err := realPath(path)
	if err != nil {
		return nil, err
	}
	for dir := real; dir != filepath.Dir(dir); {
		dir = filepath.Dir(dir)
		if IsMade(dir) {
			below, err := filepath.Rel(dir, real)
			if err != nil {
				return all, err
			}
			top, _, _ := strings.Cut(filepath.ToSlash(below), "/")
			all = append(all, inside{path, dir, top})
		}
	}
	return all, nil
}

// realPath is path without links. What is not there yet counts as a folder or file without links; where something on
// the way cannot be looked at, nothing can be written either.
func realPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	rest := ""
	real, err := filepath.EvalSymlinks(path)
	for err != nil && filepath.Dir(path) != path {
		path, rest = filepath.Dir(path), filepath.Join(filepath.Base(path), rest)
		real, err = filepath.EvalSymlinks(path)
	}
	return filepath.Join(real, rest), err
}

// IsMade reports whether dir is a destination, its index perhaps lost: a folder .snap alone may be another program's.
func IsMade(dir string) bool {
	made, err := isMade(dir)
	return err == nil && made
}

// MayBeMade reports whether dir is a destination, or cannot be looked into: who opens it tells why that cannot be.
func MayBeMade(dir string) bool {
	made, err := isMade(dir)
	return made || errors.Is(err, fs.ErrPermission)
}

func isMade(dir string) (bool, error) {
	_, err := os.Lstat(index.Path(dir))
	if err == nil || errors.Is(err, fs.ErrPermission) {
		return err == nil, err
	}
	sets, err := os.ReadDir(filepath.Join(dir, MetaName, ChangesName))
	return len(sets) > 0, err
}
