package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"snap/index"
	"snap/internal/file"
)

// destination is a destination opened for reading: its folder, its index and its complete snapshots.
type destination struct {
	dir   string    // absolute
	root  *file.Dir // a handle on it
	db    *index.DB
	snaps snapshots
}

// open opens the destination that find says. The caller closes it.
func (c *call) open() (*destination, error) {
	dir, err := c.find()
	if err != nil {
		return nil, err
	}
	d := &destination{dir: dir}
	if d.db, err = index.Open(index.Path(dir)); err != nil {
		return nil, indexHint(err, dir)
	}
	d.db.Trust(c.trusted(dir)...)
	if d.snaps, err = readSnapshots(c.ctx, d.db); err != nil {
		return nil, indexHint(err, dir)
	}
	if d.root, err = file.OpenRoot(dir); err != nil {
		return nil, err
	}
	return d, nil
}

// reading opens the destination, runs f and adds the way out to an error of the index.
func (c *call) reading(f func(d *destination) error) error {
	d, err := c.open()
	if err != nil {
		return err
	}
	defer c.proved(d.dir, d.db)
	return errors.Join(d.mend(f(d)), d.Close())
}

// Close gives back the handle on the folder.
func (d *destination) Close() error { return d.root.Close() }

// mend adds the way out to an error of the index.
func (d *destination) mend(err error) error { return indexHint(err, d.dir) }

// indexHint adds the way out to an error of the index of dest.
func indexHint(err error, dest string) error {
	switch {
	case errors.Is(err, index.ErrMissing), errors.Is(err, index.ErrDamaged), errors.Is(err, index.ErrTruncated):
		return withHint(err, "the snapshots themselves are plain folders; rebuild the index: snap reindex -d %s", shellWord(dest))
	case errors.Is(err, index.ErrNewer):
		return withHint(err, "use a newer version of snap")
	}
	return err
}

// resolver reads references to d's snapshots.
func (d *destination) resolver(c *call) resolver { return resolver{d.snaps, c.now()} }

// find is the destination that the command line, $SNAP_DEST, the working directory or the list of known
// ones names, in this order, as an absolute path. An error that there is none ends in code 10.
func (c *call) find() (string, error) {
	if c.opts.dest != "" {
		return c.named(c.opts.dest, "-d")
	}
	if dest := c.env.variable("SNAP_DEST"); dest != "" {
		return c.named(dest, "$SNAP_DEST")
	}
	for dir := c.env.Dir; dir != ""; dir = filepath.Dir(dir) {
		if there, _ := isDestination(dir); there { // a parent that cannot be looked into is none of ours
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	known := c.known()
	if len(known) == 0 {
		return "", withCode(exitNoDest, withHint(errors.New("no destination named, and none is known"),
			"name it with -d DIR or $SNAP_DEST; to make one: snap backup DEST SRC"))
	}
	newest := slices.MaxFunc(known, func(a, b knownDest) int { return a.Last.Compare(b.Last) })
	others := slices.DeleteFunc(slices.Clone(known), func(k knownDest) bool {
		if k.Path == newest.Path {
			return true
		}
		if k.ID != newest.ID {
			return false
		}
		there, err := isDestination(k.Path)
		return err == nil && !there // where the newest was before
	})
	if len(others) > 0 {
		c.note("destination %s, the last of %d backed up to; -d names another", quote(newest.Path), len(others)+1)
	}
	if there, err := isDestination(newest.Path); err != nil {
		return "", err
	} else if !there {
		return "", withCode(exitNoDest, withHint(fmt.Errorf("%s: the last destination is not there", quote(newest.Path)),
			"connect its disk, or name another with -d DIR"))
	}
	return newest.Path, nil
}

// named checks a destination that somebody named.
func (c *call) named(dest, how string) (string, error) {
	dir := dest
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(c.env.Dir, dir)
	}
	if there, err := isDestination(dir); err != nil {
		return "", err
	} else if !there {
		return "", withCode(exitNoDest, withHint(fmt.Errorf("%s: not a snap destination (from %s)", quote(dest), how),
			"a destination holds a folder .snap; to make one: snap backup DEST SRC"))
	}
	return filepath.Clean(dir), nil
}

// isDestination reports whether dir holds a folder .snap. A folder that cannot be looked into is an error:
// what it holds is not known.
func isDestination(dir string) (bool, error) {
	info, err := os.Lstat(filepath.Join(dir, ".snap"))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return false, nil
	}
	return err == nil && info.IsDir(), err
}

// knownDest is a destination that this user has backed up to.
type knownDest struct {
	Path   string    `json:"path"` // absolute
	ID     string    `json:"id"`
	Source string    `json:"source"` // what was backed up last, absolute
	Last   time.Time `json:"last"`
	Index  string    `json:"index,omitempty"` // the fingerprint of its index, if that is large and was proved
}

// maxKnown bounds the file of known destinations: more is no list of disks.
const maxKnown = 1 << 20

// knownFile is where the known destinations are listed, "" where there is no home.
func (c *call) knownFile() string {
	state := c.env.variable("XDG_STATE_HOME")
	if !filepath.IsAbs(state) { // the XDG specification says to ignore a relative one
		home := c.env.variable("HOME")
		if !filepath.IsAbs(home) {
			return ""
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "snap", "destinations.json")
}

// known are the known destinations. A file that cannot be read is ignored with a warning: it is a
// convenience, and a wrong one must not stop a restore.
func (c *call) known() []knownDest {
	list, err := readKnown(c.knownFile())
	if err != nil {
		c.warn("%s: ignored: %v", c.knownFile(), err)
	}
	return list
}

// readKnown reads the list of known destinations; none where there is no file.
func readKnown(name string) ([]knownDest, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxKnown))
	if err != nil {
		return nil, err
	}
	return parseKnown(b)
}

// parseKnown reads the text of the list.
func parseKnown(b []byte) (list []knownDest, err error) {
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(k knownDest) bool { return !filepath.IsAbs(k.Path) }), nil
}

// maxPlaces is how many paths of one id are remembered, the last ones: a disk that is mounted at a new place each
// time must not make the list grow without end.
const maxPlaces = 8

// remember puts the destination dest with this id into the list of known ones, as the one used last.
// One that has moved is known by its id, and disks that take turns at one place by theirs. Where it was before is
// still known: there may be a copy of it, or what it was copied from. source may be "" for none yet. The list
// appears by rename and is for its owner alone.
func (c *call) remember(dest, id, source string) error {
	name := c.knownFile()
	if name == "" {
		return nil
	}
	now := knownDest{Path: dest, ID: id, Source: source, Last: c.env.Now().UTC()}
	var list, same []knownDest // in the order of their last use
	for _, k := range c.known() {
		if k.ID == id {
			same = append(same, k)
		} else {
			list = append(list, k)
		}
	}
	if n := len(same); n > 0 {
		before := same[n-1]
		if i := slices.IndexFunc(same, func(k knownDest) bool { return k.Path == dest }); i >= 0 {
			before, same = same[i], slices.Delete(same, i, i+1)
		}
		now.Index, now.Source = before.Index, cmp.Or(source, before.Source)
	}
	list = append(list, same[max(0, len(same)-maxPlaces+1):]...)
	return writeKnown(name, append(list, now))
}

// writeKnown replaces the list of known destinations.
func writeKnown(name string, list []knownDest) error {
	b, err := json.MarshalIndent(list, "", "\t")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), "destinations-*.tmp") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // nothing is there after the rename
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
