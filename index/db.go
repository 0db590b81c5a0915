package index

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"

	"snap/record"
)

const schemaVersion = 1

var (
	bucketMeta      = []byte("meta")
	bucketSnapshots = []byte("snapshots")
	bucketRecords   = []byte("records")
	bucketPaths     = []byte("paths")
	bucketIdentity  = []byte("identity")
	bucketContent   = []byte("content")

	keyVersion = []byte("version")
	keyID      = []byte("id")
)

// lockWait is how long a call waits while another process holds the database. A writer holds it for the
// seconds of an import, a reader for milliseconds.
const lockWait = 2 * time.Minute

// DB is the index of one destination. Between calls the file is not open, so that a reader that has
// stopped in its pager holds up no backup; Hold keeps it open for reading. Safe for one goroutine,
// and for several readers after Hold.
type DB struct {
	path    string
	held    *handle
	windows atomic.Int64 // that views have touched since the last forget, while it was held
	headers headers

	trusted []string // fingerprints that the caller knows
	proved  string   // that of the file whose pages were proved last
	bytes   int64    // the size of that file
	badFree error    // what is wrong with its list of free pages
}

// Open is the index in the file at path. Nothing is read yet but the file's existence: ErrMissing.
func Open(path string) (*DB, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: %w", path, ErrMissing)
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: %w: not a regular file", path, record.ErrDamaged)
	case info.Size() == 0: // bbolt would make an empty database of it
		return nil, fmt.Errorf("%s: %w: the file is empty", path, record.ErrDamaged)
	}
	return &DB{path: path}, nil
}

// Create makes an empty index at path for the destination with this id. It appears by rename, durable
// and whole, and replaces nothing: fs.ErrExist.
func Create(path, id string) error {
	for {
		if err := create(path, id, 0); !errors.Is(err, syscall.EINTR) { // interrupted, it has left nothing
			return err
		}
	}
}

// create is Create with pages of pageSize bytes; 0: those of the system.
func create(path, id string, pageSize int) error {
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	f, err := os.CreateTemp(filepath.Dir(path), "index-*.new")
	if err != nil {
		return err
	}
	tmp := f.Name()
	defer os.Remove(tmp)
	if err := f.Close(); err != nil {
		return err
	}
	b, err := bolt.Open(tmp, 0o600,
		&bolt.Options{Timeout: time.Second, FreelistType: bolt.FreelistMapType, PageSize: pageSize})
	if err != nil {
		return fmt.Errorf("create %s: %w", path, err)
	}
	err = b.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bucketMeta, bucketSnapshots, bucketRecords, bucketPaths, bucketIdentity,
			bucketContent} {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		meta := tx.Bucket(bucketMeta)
		if err := meta.Put(keyVersion, []byte{schemaVersion}); err != nil {
			return err
		}
		return meta.Put(keyID, []byte(id))
	})
	if err := errors.Join(err, b.Close()); err != nil {
		return fmt.Errorf("create %s: %w", path, err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	dir.Sync() // not every system can sync a folder
	return nil
}

// Hold opens the database for reading until Release, so that many small look-ups do not open it again.
func (db *DB) Hold(ctx context.Context) error {
	if db.held != nil {
		return nil
	}
	h, err := db.open(ctx, reading)
	db.held = h
	return err
}

// Release ends Hold.
func (db *DB) Release() error {
	if db.held == nil {
		return nil
	}
	err := db.held.Close()
	db.held = nil
	return err
}

// ID is the destination's id.
func (db *DB) ID(ctx context.Context) (id string, err error) {
	err = db.view(ctx, func(tx *bolt.Tx) error {
		id = string(tx.Bucket(bucketMeta).Get(keyID))
		return nil
	})
	return id, err
}

// view runs f in a read transaction. What f keeps it must copy.
func (db *DB) view(ctx context.Context, f func(tx *bolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	h := db.held
	if h == nil {
		var err error
		if h, err = db.open(ctx, reading); err != nil {
			return err
		}
		defer h.Close()
	} else if db.windows.Add(1) > forgetAfter {
		db.windows.Store(0)
		g := f
		f = func(tx *bolt.Tx) error {
			forget(tx)
			return g(tx)
		}
	}
	return db.guard(func() error { return h.View(f) })
}

// updates opens the database for writing while f runs.
func (db *DB) updates(ctx context.Context, f func(update updater) error) error {
	if err := db.Release(); err != nil {
		return err
	}
	// A reader's look comes first: on a damaged list of free pages bbolt panics, when it opens the file for
	// writing, and leaves it locked until the process ends.
	h, err := db.open(ctx, reading)
	if err != nil {
		return err
	}
	if err := h.Close(); err != nil {
		return err
	}
	if err := db.writable(); err != nil {
		return err
	}
	if h, err = db.open(ctx, writing); err != nil {
		return err
	}
	db.proved = ""
	err = f(func(g func(tx *bolt.Tx) error) error {
		return db.guard(func() error { return h.Update(g) })
	})
	if err == nil {
		err = db.wrote(h.file)
	}
	if err := errors.Join(err, db.guard(h.Close)); err != nil {
		return fmt.Errorf("%s: %w", db.path, err)
	}
	return nil
}

// Name is what a destination's index is called, in its folder .snap.
const Name = "index.db"

// Path is where a destination keeps its index.
func Path(dest string) string { return filepath.Join(dest, ".snap", Name) }
