package vault

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"snap/internal/file"
)

// The names in a mirror, besides those of tables.
const (
	headFile    = "head"    // the bytes of the last head that was seen, as they were before they were sealed
	intentFile  = "intent"  // a head that is about to be put
	journalFile = "journal" // the packs that were put and that no head names yet
	lockFile    = "lock"
)

// ErrBusy says that another process copies to the same vault from here.
var ErrBusy = errors.New("another copy to this vault, or a prune of it, is running on this machine")

// mirror is what is kept here of a vault, in a folder of its own: the head, the tables, a journal and an intent. Every
// file in it but the journal appears by rename, whole and durable. All but the journal and the intent can be lost: it
// is fetched again.
//
// Who copies, prunes or repairs holds its lock. Who only reads brings it up to date without that, beside others: what
// two write has the same bytes, or is a head that was seen.
type mirror struct {
	dir    *file.Dir
	tag    string // in the names of what is half written: those of others are others
	locked bool

	// step is asked before each change on the disk; its error stops it. Tests die there.
	step func(what string) error
}

// openMirror opens the folder, which must be there.
func openMirror(path string) (*mirror, error) {
	dir, err := file.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("open the mirror of the vault: %w", err)
	}
	return &mirror{dir: dir, tag: rand.Text()[:8], step: func(string) error { return nil }}, nil
}

func (m *mirror) close() error { return m.dir.Close() }

// lock takes the mirror's lock. The kernel drops it when the process ends, however it ends.
func (m *mirror) lock() (unlock func(), err error) {
	path := filepath.Join(m.dir.Path(), lockFile)
	l := flock.New(path, flock.SetPermissions(0o600), flock.SetFlag(os.O_CREATE|os.O_RDWR|file.Plain))
	ok, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if !ok {
		return nil, ErrBusy
	}
	m.locked = true
	return func() {
		m.locked = false
		_ = l.Close()
	}, nil
}

// read is the content of a small file, nil if it is not there.
func (m *mirror) read(name string, limit int64) ([]byte, error) {
	f, err := m.dir.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", f.Path(), limit)
	}
	return b, err
}

// write puts a file in place, durable.
func (m *mirror) write(name string, content []byte) error {
	return m.make(name, func(f *file.File) error {
		_, err := f.Write(content)
		return err
	})
}

// make lets fill write a file and puts it in place, durable.
func (m *mirror) make(name string, fill func(f *file.File) error) error {
	temp := name + "-" + m.tag + ".new"
	if err := m.remove(temp); err != nil {
		return err
	}
	if err := m.step("create " + temp); err != nil {
		return err
	}
	f, err := m.dir.Create(temp)
	if err != nil {
		return err
	}
	err = fill(f)
	if err == nil {
		err = m.step("sync " + temp)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := m.step("rename " + temp); err != nil {
		return err
	}
	if err := m.dir.Replace(temp, m.dir, name); err != nil {
		return err
	}
	if err := m.step("sync the folder after " + name); err != nil {
		return err
	}
	return m.dir.Sync()
}

// remove removes a file that may not be there.
func (m *mirror) remove(name string) error {
	if _, err := m.dir.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := m.step("remove " + name); err != nil {
		return err
	}
	if err := m.dir.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// sweepAfter is how old must be what is removed that another process may be about to use: without the lock all, with it
// what is half written, which readers write, too.
const sweepAfter = time.Hour

// sweep removes the tables that keep does not name, and what a dead run has left half written.
func (m *mirror) sweep(keep map[string]bool) error {
	entries, err := m.dir.Entries()
	if err != nil {
		return err
	}
	for _, e := range entries {
		working := strings.HasPrefix(e.Name, ownPrefix) || strings.HasPrefix(e.Name, "live")
		half := strings.HasSuffix(e.Name, ".new")
		old := working || strings.HasPrefix(e.Name, tablePrefix) || half
		if !old || keep[e.Name] || !m.locked && working || (!m.locked || half) && m.isYoung(e.Name) {
			continue
		}
		if err := m.remove(e.Name); err != nil {
			return err
		}
	}
	return nil
}

// isYoung reports whether a file was written not long ago, or is not there.
func (m *mirror) isYoung(name string) bool {
	s, err := m.dir.Lstat(name)
	return err != nil || time.Since(time.Unix(s.Mtime.Sec, 0)) < sweepAfter
}
