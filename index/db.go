package index

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
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
	path string
	held *bolt.DB

	views atomic.Uint64 // while it was held
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
		return nil, fmt.Errorf("%s: %w: not a regular file", path, ErrDamaged)
	case info.Size() == 0: // bbolt would make an empty database of it
		return nil, fmt.Errorf("%s: %w: the file is empty", path, ErrDamaged)
	}
	return &DB{path: path}, nil
}

// Create makes an empty index at path for the destination with this id. It appears by rename, durable
// and whole, and replaces nothing: fs.ErrExist.
func Create(path, id string) error {
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
	b, err := bolt.Open(tmp, 0o600, &bolt.Options{Timeout: time.Second, FreelistType: bolt.FreelistMapType})
	if err != nil {
		return fmt.Errorf("create %s: %w", path, err)
	}
	err = b.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bucketMeta, bucketSnapshots, bucketRecords, bucketPaths, bucketIdentity, bucketContent} {
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

// Hold opens the database for reading until Release, so that many small look-ups do not open it anew.
func (db *DB) Hold(ctx context.Context) error {
	if db.held != nil {
		return nil
	}
	b, err := db.open(ctx, reading)
	db.held = b
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

// smallest is the size of a database that was just made: four pages, of 4 KiB or more.
const smallest = 16 << 10

// How the database is opened.
const (
	reading = iota
	proving // reading, with the list of free pages
	writing
)

func (db *DB) open(ctx context.Context, how int) (*bolt.DB, error) {
	start := time.Now()
	for {
		b, err := db.try(how)
		switch {
		case err == nil:
			return b, nil
		case errors.Is(err, berrors.ErrTimeout):
			if time.Since(start) > lockWait {
				return nil, fmt.Errorf("%s: %w", db.path, ErrBusy)
			}
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("%s: %w", db.path, ErrMissing)
		case errors.As(err, new(*fs.PathError)), errors.Is(err, ErrDamaged):
			return nil, err
		case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
			return nil, fmt.Errorf("%s: %w: %v", db.path, ErrDamaged, err)
		default:
			return nil, fmt.Errorf("%s: %w", db.path, err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// growth is by how much the file grows, in bytes: bbolt's own 16 MiB are more than most indexes hold.
const growth = 1 << 20

// try opens the database if nobody has it locked.
func (db *DB) try(how int) (b *bolt.DB, err error) {
	var f *os.File
	o := &bolt.Options{
		ReadOnly:        how != writing,
		PreLoadFreelist: how == proving,
		FreelistType:    bolt.FreelistMapType,
		Timeout:         time.Nanosecond, // so short that bbolt tries the lock once: the context ends the waiting
		// bbolt would make an empty database of a missing file, and of an empty one.
		OpenFile: func(name string, flag int, perm os.FileMode) (_ *os.File, err error) {
			if f, err = os.OpenFile(name, flag&^os.O_CREATE, perm); err != nil {
				return nil, err
			}
			info, err := f.Stat()
			if err == nil && info.Size() < smallest {
				err = damaged("a file of %d bytes", info.Size())
			}
			return f, err
		},
	}
	err = db.guard(func() error {
		if b, err = bolt.Open(db.path, 0o600, o); err != nil {
			return err
		}
		b.AllocSize = growth
		return b.View(func(tx *bolt.Tx) error { return checkSchema(tx, f) })
	})
	switch {
	case err == nil:
		return b, nil
	case b != nil:
		b.Close()
	case f != nil:
		f.Close() // bbolt has, but not where it panicked
	}
	return nil, err
}

// checkSchema makes sure that the buckets are there, so that nothing below need ask again, and that the
// file was not cut off.
func checkSchema(tx *bolt.Tx, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < tx.Size() {
		return damaged("%d of %d bytes are left", info.Size(), tx.Size())
	}
	for _, name := range [][]byte{bucketMeta, bucketSnapshots, bucketRecords, bucketPaths, bucketIdentity, bucketContent} {
		if tx.Bucket(name) == nil {
			return damaged("no bucket %q", name)
		}
	}
	v := tx.Bucket(bucketMeta).Get(keyVersion)
	if len(v) != 1 || v[0] == 0 {
		return damaged("no schema version")
	}
	if v[0] > schemaVersion {
		return fmt.Errorf("index of version %d: %w", v[0], ErrNewer)
	}
	return nil
}

// guard turns the panics and memory faults of a damaged database into errors, and says which file is
// damaged. SetPanicOnFault works on the calling goroutine, so f must not start others.
func (db *DB) guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = damaged("%v", r)
		}
		if errors.Is(err, ErrDamaged) {
			err = fmt.Errorf("%s: %w", db.path, err)
		}
	}()
	return f()
}

// view runs f in a read transaction. What f keeps it must copy.
func (db *DB) view(ctx context.Context, f func(tx *bolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b := db.held
	if b == nil {
		var err error
		if b, err = db.open(ctx, reading); err != nil {
			return err
		}
		defer b.Close()
	} else if db.views.Add(1)%forgetViews == 0 {
		g := f
		f = func(tx *bolt.Tx) error {
			forget(tx)
			return g(tx)
		}
	}
	return db.guard(func() error { return b.View(f) })
}

// updates opens the database for writing while f runs.
func (db *DB) updates(ctx context.Context, f func(update updater) error) error {
	if err := db.Release(); err != nil {
		return err
	}
	// bbolt panics on a damaged list of free pages and leaves the file mapped, and so locked, until the
	// process ends. A reader's lock does no harm.
	b, err := db.open(ctx, proving)
	if err != nil {
		return err
	}
	if err := b.Close(); err != nil {
		return err
	}
	if b, err = db.open(ctx, writing); err != nil {
		return err
	}
	err = f(func(g func(tx *bolt.Tx) error) error {
		return db.guard(func() error { return b.Update(g) })
	})
	if err := errors.Join(err, db.guard(b.Close)); err != nil {
		return fmt.Errorf("%s: %w", db.path, err)
	}
	return nil
}

// Snapshots are the headers of all snapshots, oldest first, those not complete too.
func (db *DB) Snapshots(ctx context.Context) (all []Header, err error) {
	err = db.view(ctx, func(tx *bolt.Tx) error {
		all = all[:0]
		return tx.Bucket(bucketSnapshots).ForEach(func(k, v []byte) error {
			h, err := parseHeader(k, v)
			if err != nil {
				return err
			}
			all = append(all, h)
			return nil
		})
	})
	return all, err
}

func parseHeader(k, v []byte) (Header, error) {
	var h Header
	b, ok := unseal(v, k)
	if !ok || len(k) != 8 {
		return h, damaged("the header of a snapshot")
	}
	if err := json.Unmarshal(b, &h); err != nil {
		return h, damaged("the header of a snapshot: %v", err)
	}
	if h.Seq != binary.BigEndian.Uint64(k) {
		return h, damaged("the header of another snapshot")
	}
	return h, nil
}

func putHeader(tx *bolt.Tx, h *Header) error {
	b, err := json.Marshal(h)
	if err != nil {
		return err
	}
	k := seqKey(h.Seq)
	return tx.Bucket(bucketSnapshots).Put(k, seal(b, k))
}

// Path is where a destination keeps its index.
func Path(dest string) string { return filepath.Join(dest, ".snap", "index.db") }
