// Package source is what a backup reads: the files and folders of the source as they are now, the file systems that
// they lie on, and the guards that refuse a source which is missing, empty, another than before, or in the destination.
//
// [Open] opens it. [Source.Walk] lists it, and [Source.Lstat] and [Source.Look] say what one path is at the moment.
// [CheckLayout], [CheckSame], [Source.CheckPresent] and [Census] are the guards. [Read] reads one file, whose stat
// record may not tell its length. [Source.Freeze] has a source that is a subvolume be read as it is at one moment.
package source

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"path/filepath"
	"syscall"

	"snap/internal/file"
	"snap/record"
	"snap/scan"
)

// Source is an open source.
type Source struct {
	Volumes *Volumes
	Pace    file.Pacer // how fast its files are read; nil: as fast as they can be

	path string // absolute
	scan scan.Options
	root *file.Dir
	tree *file.Tree
	at   *scan.Item // what Walk has yielded last

	live   *file.Dir // where the source is read from a copy (Freeze): its folder itself
	moment string    // and what the copy is called, beside it
}

// Open opens the folder at path, of which o says what is backed up. prev is the header of the previous snapshot, nil
// without one.
func Open(path string, o scan.Options, prev *record.Header) (*Source, error) {
	root, err := file.OpenRoot(path)
	if err != nil {
		return nil, &MissingError{Path: path, Err: err}
	}
	return &Source{Volumes: newVolumes(prev), path: path, scan: o, root: root, tree: scan.SourceTree(root, 256, o)}, nil
}

// Close closes it. The error is that a copy of it could not be removed.
func (s *Source) Close() error {
	s.tree.Close()
	s.root.Close()
	return s.thaw()
}

// Dir opens one of its folders.
func (s *Source) Dir(path string) (*file.Dir, error) { return s.tree.Dir(path) }

// Place says what path is: in a source, on the way to one, or outside.
func (s *Source) Place(path string) record.Place { return s.scan.Roots.Place(path) }

// Walk lists it in key order, and reads jobs folders ahead.
func (s *Source) Walk(ctx context.Context, jobs int) iter.Seq2[*scan.Item, error] {
	o := s.scan
	o.Jobs = jobs
	return func(yield func(*scan.Item, error) bool) {
		for it, err := range scan.Walk(ctx, s.root, o) {
			s.at = it
			if !yield(it, err) {
				return
			}
		}
	}
}

// VolumeOf is the number of the file system with this device number, for an entry that Walk has just yielded.
func (s *Source) VolumeOf(dev uint64) uint32 {
	return s.Volumes.of(dev, func() (*file.Dir, error) {
		if s.live != nil { // a copy has another id each time
			return s.live.EnterSelf()
		}
		if s.at.Stat.Kind == file.Folder {
			return s.tree.Dir(s.at.Path())
		}
		return s.tree.Dir(s.at.Dir)
	})
}

// Sync writes to the disk what programs have written through memory: a store through mmap into a page that is dirty
// already shows in no stat record until the page is written. Walk does the same for each file system that it meets. A
// source that cannot be synced is read all the same.
func (s *Source) Sync() {
	s.scan.Sync = true
	for _, root := range s.members() {
		d, err := s.tree.Dir(root)
		if err != nil { // a file
			dir, _ := record.Split(root)
			d, err = s.tree.Dir(dir)
		}
		if err == nil {
			_ = d.SyncSystem()
			d.Close()
		}
	}
}

// members are the sources as paths in the tree.
func (s *Source) members() record.Roots { return members(s.scan.Roots) }

func members(roots record.Roots) record.Roots {
	if len(roots) == 0 {
		return record.Roots{""}
	}
	return roots
}

// abs is a path in the tree as an absolute one.
func (s *Source) abs(path string) string { return filepath.Join(s.path, filepath.FromSlash(path)) }

// Open opens the regular file name in d, a folder of the source.
func (s *Source) Open(d *file.Dir, name string) (*file.File, error) {
	open := d.Open
	if s.scan.Follow {
		open = d.OpenFollow
	}
	f, err := open(name)
	if err == nil {
		f.Pace(s.Pace)
	}
	return f, err
}

// Missing reports whether the source has nothing at path.
func (s *Source) Missing(path string) bool {
	_, err := s.Lstat(path)
	return NothingThere(err)
}

// Vanished reports whether the source has nothing at path any more, where it had something a moment ago.
func (s *Source) Vanished(path string) bool {
	_, err := s.Look(path)
	return NothingThere(err)
}

// NothingThere reports whether an error says that nothing has the path that was looked at: also where what was a folder
// on the way to it is a file or a link now.
func NothingThere(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP)
}

// Look is Lstat after the folders on the way were opened again: one that was removed and made again is another one.
func (s *Source) Look(path string) (file.Stat, error) {
	for dir, _ := record.Split(path); dir != ""; dir, _ = record.Split(dir) {
		s.tree.Forget(dir)
	}
	return s.Lstat(path)
}

// Lstat is what the source has at path; outside of it there is nothing. What is not found at once is looked for twice.
func (s *Source) Lstat(path string) (now file.Stat, err error) {
	if s.Place(path) == record.Outside {
		return now, fs.ErrNotExist // whatever is there, it is not part of the source
	}
	dir, name := record.Split(path)
	for range 2 {
		var d *file.Dir
		if d, err = s.tree.Dir(dir); err == nil {
			now, err = s.lstatIn(d, name)
			d.Close()
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return now, err
}

// lstatIn is what Walk would say of name in d.
func (s *Source) lstatIn(d *file.Dir, name string) (file.Stat, error) {
	if name == "" {
		return d.Stat()
	}
	now, err := d.Lstat(name)
	if err == nil && now.Kind == file.Symlink && s.scan.Follow {
		if to, err := d.FollowStat(name); err == nil {
			return to, nil
		}
	}
	return now, err
}
