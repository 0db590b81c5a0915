package index

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"snap/record"
)

// smallest is the size of a database that was just made: four pages, of 4 KiB or more.
const smallest = 16 << 10

// growth is by how much the file grows, in bytes: bbolt's own 16 MiB are more than most indexes hold.
const growth = 1 << 20

// How the database is opened.
const (
	reading  = iota
	checking // reading, without having proved anything
	writing
)

// handle is the database while it is open, and its file.
type handle struct {
	*bolt.DB
	file *os.File
}

// Close closes the database. Where a signal interrupts the unlocking, closing the file has unlocked it.
func (h *handle) Close() error {
	if err := h.DB.Close(); !errors.Is(err, syscall.EINTR) {
		return err
	}
	return nil
}

func (db *DB) open(ctx context.Context, how int) (*handle, error) {
	start := time.Now()
	for {
		h, err := db.try(ctx, how)
		switch {
		case err == nil:
			return h, nil
		case errors.Is(err, syscall.EINTR) && ctx.Err() == nil:
			// bbolt repeats no call that a signal interrupted; nothing is done yet
			continue
		case errors.Is(err, berrors.ErrTimeout):
			if time.Since(start) > lockWait {
				return nil, fmt.Errorf("%s: %w", db.path, ErrBusy)
			}
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("%s: %w", db.path, ErrMissing)
		case errors.As(err, new(*fs.PathError)), errors.Is(err, record.ErrDamaged), ctx.Err() != nil:
			return nil, err
		case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum),
			errors.Is(err, berrors.ErrVersionMismatch):
			return nil, fmt.Errorf("%s: %w: %w", db.path, record.ErrDamaged, err)
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

// try opens the database if nobody has it locked.
func (db *DB) try(ctx context.Context, how int) (_ *handle, err error) {
	var b *bolt.DB
	var f *os.File
	o := &bolt.Options{
		ReadOnly:     how != writing,
		FreelistType: bolt.FreelistMapType,
		Timeout:      time.Nanosecond, // so short that bbolt tries the lock once: the context ends the waiting
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
		if b, err = bolt.Open(db.path, 0o600, o); err != nil || how == checking {
			return err
		}
		b.AllocSize = growth
		if err := db.prove(ctx, f, how); err != nil {
			return err
		}
		return b.View(func(tx *bolt.Tx) error { return checkSchema(tx, f) })
	})
	switch {
	case err == nil:
		return &handle{b, f}, nil
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
	meta := tx.Bucket(bucketMeta)
	if meta == nil {
		return damaged("no bucket %q", bucketMeta)
	}
	if err := checkVersion(meta.Get(keyVersion)); err != nil {
		return err // a newer version may have other buckets
	}
	for _, name := range [][]byte{bucketSnapshots, bucketRecords, bucketPaths, bucketIdentity, bucketContent} {
		if tx.Bucket(name) == nil {
			return damaged("no bucket %q", name)
		}
	}
	return nil
}

// checkVersion judges the version of the schema.
func checkVersion(v []byte) error {
	if len(v) != 1 || v[0] == 0 {
		return damaged("no schema version")
	}
	if v[0] > schemaVersion {
		return fmt.Errorf("index of version %d: %w", v[0], record.ErrNewer)
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
		if errors.Is(err, record.ErrDamaged) {
			err = fmt.Errorf("%s: %w", db.path, err)
		}
	}()
	return f()
}
