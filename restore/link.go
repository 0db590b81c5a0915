package restore

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"strings"
	"sync"

	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// A restore remembers each file with several names until it has met the last of them: with 200,000 names in two
// folders that is 100,000 files at a time. So a group is small: digests instead of records, and no strings that the
// index returned.

// group is a source file with several names. Jobs for its names run one after the other; the one that runs owns place
// and what it points to.
type group struct {
	sum    [16]byte // of what the names must have in common, but for the hash of the content
	hash   [8]byte  // the front of that
	hashed bool     // whether that is known
	left   uint32   // names not yet met
	inode  uint64   // its key in walker.inodes
	place  *written

	mu   sync.Mutex
	last chan struct{} // closed when the last name met so far is done; nil when it is
}

// written is what the target has of a group: what this run wrote there, or found unchanged.
type written struct {
	name string // below the target
	stat identity
	rare *rare
}

// rare has what few groups need.
type rare struct {
	more   []string // other names, of each folder one
	damage error    // why what is there is not what was backed up
}

// identity distinguishes a file from others, and sum from one that got its inode number later.
type identity struct{ dev, ino, sum uint64 }

func identityOf(s *file.Stat) identity {
	b := make([]byte, 0, 64)
	for _, n := range []int64{
		s.Size, s.Mtime.Sec, int64(s.Mtime.Nsec), s.Btime.Sec, int64(s.Btime.Nsec), int64(s.UID)<<32 | int64(s.GID),
		int64(s.Kind),
	} {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	sum := sha256.Sum256(b)
	return identity{s.Dev, s.Ino, binary.LittleEndian.Uint64(sum[:])}
}

func (g *group) there() bool { return g.place != nil }

// is reports whether s is what the group has in the target.
func (g *group) is(s *file.Stat) bool {
	return g.there() && s.Kind != file.None && s.Ino != 0 && s.Dev == g.place.stat.dev && s.Ino == g.place.stat.ino
}

// begin notes the first name of what is in the target now, and what is wrong with it.
func (g *group) begin(name string, stat *file.Stat, damage error) {
	g.place = &written{name: strings.Clone(name), stat: identityOf(stat)}
	if damage != nil {
		g.place.rare = &rare{damage: damage}
	}
}

// damage is why what is there is not what was backed up.
func (p *written) damage() error {
	if p.rare == nil {
		return nil
	}
	return p.rare.damage
}

// also notes another name.
func (p *written) also(name string) {
	before := p.name
	if p.rare != nil && len(p.rare.more) > 0 {
		before = p.rare.more[len(p.rare.more)-1]
	}
	a, _ := record.Split(before)
	b, _ := record.Split(name)
	if a == b {
		return
	}
	if p.rare == nil {
		p.rare = &rare{}
	}
	p.rare.more = append(p.rare.more, strings.Clone(name))
}

// next gives up the name that the group is reached by for another one; false if there is none.
func (p *written) next() bool {
	if p.rare == nil || len(p.rare.more) == 0 {
		return false
	}
	p.name, p.rare.more = p.rare.more[0], p.rare.more[1:]
	return true
}

// digests are what names of one file have in common: mode, owner, times and the like as one, the content as another.
func digests(r *record.Record) (sum [16]byte, hash [8]byte, hashed bool) {
	b := make([]byte, 0, 128)
	for _, n := range []uint64{
		uint64(r.Kind), uint64(r.Size), r.Rdev, uint64(r.UID), uint64(r.GID), uint64(r.Mtime.Sec), uint64(r.Mtime.Nsec),
		uint64(len(r.Target)),
	} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	if r.Kind != file.Symlink {
		b = binary.LittleEndian.AppendUint16(b, r.Mode)
	}
	b = append(b, r.Target...)
	for _, x := range r.Xattrs {
		b = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(b, uint32(len(x.Name))), uint32(len(x.Value)))
		b = append(append(b, x.Name...), x.Value...)
	}
	whole := sha256.Sum256(b)
	return [16]byte(whole[:]), [8]byte(r.Hash[:]), r.Has(record.Hashed)
}

// sourceKey is a key for the source file that a record is of. That two files get the same, once in a long time, makes
// them names of one only if they are equal in all that a restore brings back.
func (w *walker) sourceKey(r *record.Record) uint64 {
	return maphash.Comparable(w.seed, sourceFile{r.Volume, r.Ino, r.Btime})
}

type sourceFile struct {
	volume uint32
	ino    uint64
	btime  file.Time
}

// turn makes j, if it is one of several names of a file, wait for the name before it; here is its inode in the tree.
// Records with other content under the same inode number were made at another time, and are files of their own.
func (w *walker) turn(j *job, here index.Inode) *job {
	if j.Nlink < 2 || j.Ino == 0 {
		return j
	}
	key := w.sourceKey(&j.Record)
	sum, hash, hashed := digests(&j.Record)
	g := w.links[key]
	if g == nil {
		inode := maphash.Comparable(w.seed, here)
		if g = w.inodes[inode]; g == nil {
			g = &group{sum: sum, hash: hash, hashed: hashed, left: j.Nlink, inode: inode}
			w.inodes[inode] = g
		}
		w.links[key] = g
	}
	if g.sum != sum || g.hashed && hashed && g.hash != hash {
		return j
	}
	j.group, j.done = g, make(chan struct{})
	g.mu.Lock()
	j.after, g.last = g.last, j.done
	g.mu.Unlock()
	if g.left--; g.left == 0 {
		delete(w.links, key)
		delete(w.inodes, g.inode)
	}
	return j
}

// turnOver lets the job for the group's next name run.
func (g *group) turnOver(done chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if close(done); g.last == done {
		g.last = nil
	}
}

// wait waits for j's turn and reports whether it came.
func (j *job) wait(ctx context.Context) bool {
	if j.after != nil {
		select {
		case <-j.after:
		case <-ctx.Done():
		}
	}
	return ctx.Err() == nil
}

// link makes tmp in d another name of what the group has in the target. Names in folders that an ordinary user may not
// enter any more are given up while there are others.
func (w *writer) link(g *group, d *file.Dir, tmp string) error {
	for p := g.place; ; {
		err := w.linkTo(p.name, &p.stat, d, tmp)
		if !errors.Is(err, fs.ErrPermission) || !p.next() {
			return err
		}
	}
}

// linkTo makes tmp in d another name of the file at path, and makes sure that it is the one that was there.
func (w *writer) linkTo(path string, was *identity, d *file.Dir, tmp string) error {
	in, name := record.Split(path)
	from, err := w.run.target.Dir(in)
	if err != nil {
		return err
	}
	defer from.Close()
	if err := d.Link(from, name, tmp); err != nil {
		return err
	}
	s, err := d.Lstat(tmp)
	if err == nil && identityOf(&s) != *was {
		err = fmt.Errorf("%q %w", path, ErrChanged)
	}
	return err
}
