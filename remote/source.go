package remote

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"snap/destination"
	"snap/index"
	"snap/internal/file"
	"snap/record"
	"snap/remote/replica"
	"snap/remote/vault"
)

// Source is a destination whose snapshots are copied to a vault: its index and its trees, without its lock.
type Source struct {
	Dir   string
	Root  *file.Dir
	DB    *index.DB
	Files []string // the names of the settings files that go along
	id    string
	tree  *file.Tree
	disk  replica.Disk

	mu    sync.Mutex
	known []record.Header   // the complete snapshots, as they were asked for last, oldest first
	names map[uint64]string // by number; a snapshot keeps its name
}

// idleFolders is how many folders are kept open: files are opened in the order of their paths, some at a time.
const idleFolders = 64

// NewSource is a destination as what is copied. root and db stay the caller's; the source is to be closed before them.
func NewSource(ctx context.Context, dir string, root *file.Dir, db *index.DB, files []string) (*Source, error) {
	id, err := db.ID(ctx)
	if err != nil {
		return nil, err
	}
	tree := file.NewTree(root, idleFolders, (*file.Dir).EnterDir)
	return &Source{Dir: dir, Root: root, DB: db, Files: files, id: id, tree: tree}, nil
}

// Close closes the folders that are open.
func (s *Source) Close() { s.tree.Close() }

// ID is the destination's id.
func (s *Source) ID() string { return s.id }

// Snapshots are the complete ones, oldest first.
func (s *Source) Snapshots(ctx context.Context) (complete []record.Header, err error) {
	all, err := s.DB.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names = make(map[uint64]string, len(all))
	for i := range all {
		s.names[all[i].Seq] = all[i].Name
		if all[i].State == record.Complete {
			complete = append(complete, all[i])
		}
	}
	s.known = complete
	return slices.Clone(complete), nil
}

// seen is what Snapshots said last: files are opened by the thousand, and the list is read once for all of them.
func (s *Source) seen(ctx context.Context) (known []record.Header, names map[uint64]string, err error) {
	s.mu.Lock()
	known, names = s.known, s.names
	s.mu.Unlock()
	if names != nil {
		return known, names, nil
	}
	if _, err := s.Snapshots(ctx); err != nil {
		return nil, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known, s.names, nil
}

// NextSeq is the number that its next snapshot gets, or a higher one. It is seldom asked for.
func (s *Source) NextSeq(ctx context.Context) (uint64, error) {
	d, err := destination.Open(ctx, s.Dir, destination.Options{Mode: destination.ReadOnly, AnyUser: true})
	if err != nil {
		return 0, err
	}
	next, err := d.NextSeq(ctx)
	return next, errors.Join(err, d.Close())
}

// ChangeSet opens the change set of a snapshot.
func (s *Source) ChangeSet(_ context.Context, seq uint64) (io.ReadCloser, error) {
	return os.OpenFile(filepath.Join(s.Dir, destination.MetaName, destination.ChangesName, destination.ChangeSetName(seq)),
		os.O_RDONLY|file.Plain, 0)
}

// Listing yields all that a snapshot holds.
func (s *Source) Listing(ctx context.Context, seq uint64) iter.Seq2[*record.Entry, error] {
	return s.DB.Entries(ctx, seq, "")
}

// copies is how many other places of a content are tried in a snapshot.
const copies = 8

// Copies yields other places that should have the bytes of a record, in the newest snapshots first. The index finds the
// contents of the newest one alone.
func (s *Source) Copies(ctx context.Context, r *record.Record) iter.Seq2[vault.Place, error] {
	return func(yield func(vault.Place, error) bool) {
		all, _, err := s.seen(ctx)
		if err != nil {
			yield(vault.Place{}, err)
			return
		}
		for i := len(all) - 1; i >= 0; i-- {
			found, err := s.DB.ByContent(ctx, all[i].Seq, r.Size, r.Hash, copies)
			if err != nil {
				yield(vault.Place{}, err)
				return
			}
			for k := range found {
				if found[k].Has(record.SparseHash) == r.Has(record.SparseHash) &&
					!yield(vault.Place{Seq: all[i].Seq, Path: found[k].Path}, nil) {
					return
				}
			}
		}
	}
}

// maxSettings bounds a settings file that goes along.
const maxSettings = 1 << 20

// Settings are the settings files by name.
func (s *Source) Settings(context.Context) (map[string][]byte, error) {
	found := map[string][]byte{}
	for _, name := range s.Files {
		f, err := os.OpenFile(filepath.Join(s.Dir, name), os.O_RDONLY|file.Plain, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(io.LimitReader(f, maxSettings+1))
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
		if len(text) <= maxSettings {
			found[name] = text
		}
	}
	return found, nil
}

// OpenSource opens the destination dir as what is copied, to read only.
func OpenSource(ctx context.Context, dir string, files, trust []string) (vault.Source, func() error, error) {
	db, err := index.Open(index.Path(dir))
	if err != nil {
		return nil, nil, err
	}
	db.Trust(trust...)
	root, err := file.OpenRoot(dir)
	if err != nil {
		return nil, nil, err
	}
	s, err := NewSource(ctx, dir, root, db, files)
	if err != nil {
		return nil, nil, errors.Join(err, root.Close())
	}
	return s, func() error {
		s.Close()
		return root.Close()
	}, nil
}
