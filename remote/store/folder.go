package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"snap/internal/file"
	"snap/internal/hint"
)

// folder is a Store in a folder of any file system: each object is a file. A Put writes a file whose name begins with
// a dot, makes it durable, and then gives it the object's name, by a link or, where there are none (FAT, exFAT, some
// SMB), by a rename that does not replace. What a killed one leaves is not listed, and is removed by a later Open.
type folder struct {
	dir  string
	made sync.Map // folders below dir that are known to be there, and durable
}

const (
	unfinished = ".put-"        // begins the names of files that are no objects yet
	abandoned  = 24 * time.Hour // how old one is that nobody writes any more; a Put whose file is gone is tried again
)

func openFolder(dir string, create bool) (*folder, error) {
	if !filepath.IsAbs(dir) {
		return nil, hint.With(hint.Usagef("not the whole path of a folder: vault:%s", dir), "vault:/FOLDER")
	}
	f := &folder{dir: filepath.Clean(dir)}
	if create {
		if err := os.Mkdir(f.dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, f.judge(err)
		}
		if err := syncFolder(filepath.Dir(f.dir)); err != nil {
			return nil, f.judge(err)
		}
	}
	switch s, err := os.Stat(f.dir); {
	case err != nil:
		return nil, f.judge(err)
	case !s.IsDir():
		return nil, &ReachError{Kind: NoPlace, Said: "it is not a folder"}
	}
	f.clean()
	return f, nil
}

// clean removes what killed Puts left, by the clock of the file system. That it cannot is of no matter.
func (f *folder) clean() {
	left, _ := filepath.Glob(filepath.Join(f.dir, unfinished+"*")) // a pattern in dir finds nothing: nothing is removed
	if len(left) == 0 {
		return
	}
	now, err := f.now(context.Background())
	for _, path := range left {
		if s, e := os.Lstat(path); err == nil && e == nil && now.Sub(s.ModTime()) > abandoned {
			os.Remove(path)
		}
	}
}

func (f *folder) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

func (f *folder) put(ctx context.Context, flow flow, name string, body []byte, how putting) error {
	if !how.Replace {
		if _, err := os.Lstat(f.path(name)); err == nil { // the usual case, before anything is written
			return f.exists(filepath.Dir(f.path(name)))
		}
	}
	if err := f.makeFolder(filepath.Dir(f.path(name))); err != nil {
		return f.judge(err)
	}
	temp := filepath.Join(f.dir, unfinished+rand.Text())
	err := writeFile(ctx, flow, temp, body)
	if err == nil {
		err = f.publish(temp, f.path(name), how.Replace)
	}
	if err == nil {
		return nil
	}
	os.Remove(temp)
	if errors.Is(err, ErrExists) {
		return f.exists(filepath.Dir(f.path(name)))
	}
	return f.judge(err)
}

// exists is ErrExists for what is durable: whoever is told so builds on it, and the Put that made it may have been
// killed before it synced the folder.
func (f *folder) exists(dir string) error {
	if err := syncFolder(dir); err != nil {
		return f.judge(err)
	}
	return ErrExists
}

func writeFile(ctx context.Context, flow flow, path string, body []byte) error {
	w, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, flow.sender(ctx, body))
	return firstError(err, w.Sync(), w.Close())
}

// publish gives a file its name, durably, and takes the one it had.
func (f *folder) publish(temp, path string, replace bool) error {
	dir := filepath.Dir(path)
	if replace {
		return firstError(os.Rename(temp, path), syncFolder(dir))
	}
	err := os.Link(temp, path)
	switch {
	case errors.Is(err, fs.ErrExist) && sameFile(temp, path): // over NFS the answer to our own link was lost
		err = nil
	case errors.Is(err, fs.ErrExist):
		return ErrExists
	case err != nil:
		return firstError(renameNew(f.dir, temp, path), syncFolder(dir))
	}
	if err == nil {
		err = syncFolder(dir)
	}
	return firstError(err, os.Remove(temp))
}

// renameNew renames without replacing, as far as the file system can.
func renameNew(root, temp, path string) error {
	from, err := file.OpenRoot(root)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := file.OpenRoot(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer to.Close()
	err = from.Rename(filepath.Base(temp), to, filepath.Base(path))
	if errors.Is(err, fs.ErrExist) {
		return ErrExists
	}
	return err
}

func sameFile(a, b string) bool {
	one, err := os.Lstat(a)
	other, err2 := os.Lstat(b)
	return err == nil && err2 == nil && os.SameFile(one, other)
}

// makeFolder makes the folders down to dir and all their names durable.
func (f *folder) makeFolder(dir string) error {
	if _, known := f.made.Load(dir); known || dir == f.dir {
		return nil
	}
	if err := f.makeFolder(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := syncFolder(filepath.Dir(dir)); err != nil { // one that was there may be of a Put that was killed here
		return err
	}
	f.made.Store(dir, true)
	return nil
}

func syncFolder(dir string) error {
	d, err := file.OpenRoot(dir)
	if err != nil {
		return err
	}
	return firstError(d.Sync(), d.Close())
}

func (f *folder) get(ctx context.Context, flow flow, name, _ string, off, n int64) ([]byte, error) {
	r, err := os.Open(f.path(name))
	if err != nil {
		return nil, f.judgeAsked(err)
	}
	defer r.Close()
	s, err := r.Stat()
	switch {
	case err != nil:
		return nil, f.judge(err)
	case !s.Mode().IsRegular():
		return nil, ErrNotFound
	case off > s.Size():
		return nil, fmt.Errorf("%s: %w", name, ErrShort)
	}
	body, err := receiveWhole(ctx, flow, name, io.NewSectionReader(r, off, s.Size()-off), s.Size()-off, n)
	return body, f.judge(err)
}

func (f *folder) stat(_ context.Context, name string) (Object, error) {
	s, err := os.Lstat(f.path(name))
	switch {
	case err != nil:
		return Object{}, f.judgeAsked(err)
	case !s.Mode().IsRegular():
		return Object{}, ErrNotFound
	}
	return Object{Name: name, Size: s.Size(), Modified: s.ModTime()}, nil
}

func (f *folder) remove(_ context.Context, name string, _ bool) error {
	path := f.path(name)
	if s, err := os.Lstat(path); err == nil && !s.Mode().IsRegular() {
		return nil
	}
	if err := f.judgeAsked(os.Remove(path)); err != nil {
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		return err
	}
	return f.judge(syncFolder(filepath.Dir(path)))
}

// now is the time that a file gets that is written now: over a network by the server's clock.
func (f *folder) now(context.Context) (time.Time, error) {
	temp := filepath.Join(f.dir, unfinished+rand.Text())
	defer os.Remove(temp)
	if err := os.WriteFile(temp, []byte{0}, 0o600); err != nil {
		return time.Time{}, f.judge(err)
	}
	s, err := os.Lstat(temp)
	if err != nil {
		return time.Time{}, f.judge(err)
	}
	return s.ModTime(), nil
}

// facts: a disk goes from machine to machine, and each brings a clock.
func (f *folder) facts() facts { return facts{} }

func (f *folder) close() error { return nil }
