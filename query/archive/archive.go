// Package archive writes folders and files of snapshots as a tar or zip archive. Each file is compared with its hash
// on the way; what is not what was backed up is told, and the members after it are whole.
package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"snap/index"
	"snap/internal/file"
	"snap/query"
	"snap/record"
	"snap/restore"
)

// Item is an entry of a snapshot, with all below it, and the name of its member.
type Item struct {
	Header     *record.Header
	Path, Name string
}

// Options say what is written. Warn is told what a member lacks: it is missing, or not what was backed up.
type Options struct {
	Zip  bool // a zip archive instead of a tar archive
	Warn func(h *record.Header, path string, err error)

	NoLinks bool // symbolic links are left out of a zip archive: many programs that unpack it know none
	// Left is told what the format cannot hold; nil for nobody.
	Left func(h *record.Header, path string, kind file.Kind)
	// Report is asked, when all the members are written, for the name and the text of one more, the last: "" for none.
	Report func() (name, text string)
}

// Result is how an archive was written.
type Result struct {
	Failed  int               // members that are missing, or not what was backed up
	LeftOut map[file.Kind]int // entries of kinds that the format cannot hold
}

// Write writes what the items name into an archive on w. What a snapshot does not have is no error: it is counted.
func Write(ctx context.Context, w io.Writer, d *query.Reader, items []Item, o Options) (Result, error) {
	a := &archiving{d: d, warn: o.Warn, left: o.Left, hash: file.NewDigest()}
	a.res.LeftOut = map[file.Kind]int{}
	if o.Zip {
		a.w = newZip(w, !o.NoLinks)
	} else {
		a.w, a.links = newTar(w), true
	}
	for i := range items {
		if err := a.item(ctx, &items[i]); err != nil {
			return a.res, err
		}
	}
	if o.Report != nil {
		if name, text := o.Report(); name != "" {
			e := &record.Entry{Path: name}
			e.Kind, e.Mode, e.Size = file.Regular, 0o644, int64(len(text))
			if n := len(items); n > 0 {
				e.Mtime = file.At(items[n-1].Header.Time)
			}
			if err := a.w.add(&record.Header{}, e, name, "", strings.NewReader(text), e.Size); err != nil {
				return a.res, err
			}
		}
	}
	return a.res, a.w.Close()
}

// archiver writes entries of snapshots into an archive, in the order they are given.
type archiver interface {
	// add writes an entry. first is the member that a hard link is another name of, "" for none; content has the bytes
	// of a regular file that is none, of which there are size. errNotInArchive says that the format knows no such entry.
	add(h *record.Header, e *record.Entry, name, first string, content io.Reader, size int64) error
	Close() error
}

// errNotInArchive says that an archive cannot hold entries of a kind.
var errNotInArchive = errors.New("an archive of this format cannot hold it")

// archiving is one call of Write.
type archiving struct {
	d     *query.Reader
	w     archiver
	warn  func(h *record.Header, path string, err error)
	left  func(h *record.Header, path string, kind file.Kind) // nil for nobody
	hash  *file.Digest
	links bool // another name of a file is a link, not a copy
	res   Result
}

// member is the first name of a file with several.
type member struct {
	name string
	left uint32 // names that are still to come, at most
}

// item adds what an item names.
func (a *archiving) item(ctx context.Context, p *Item) error {
	contents, err := a.d.Contents(p.Header)
	if err != nil {
		return err
	}
	defer contents.Close()
	scout := a.scout(ctx, p)
	defer scout.stop()
	members := map[index.Inode]member{}
	for e, err := range a.d.DB.LinkedEntries(ctx, p.Header.Seq, p.Path) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		scout.step(contents)
		name := p.Name
		if e.Path != p.Path {
			name = record.Join(p.Name, e.Path[len(p.Path):])
			if p.Path != "" {
				name = p.Name + e.Path[len(p.Path):]
			}
		}
		if name == "" {
			continue // the snapshot itself
		}
		if err := a.entry(ctx, p.Header, contents, e, name, members); err != nil {
			return err
		}
	}
	return nil
}

// scout walks ahead of an item, so that what is far away is fetched in large pieces.
type scout struct {
	next  func() (*record.Entry, error, bool)
	stop  func()
	ahead int
}

// scouted is how many entries a scout is ahead.
const scouted = 4096

func (a *archiving) scout(ctx context.Context, p *Item) *scout {
	if !a.d.Treeless() {
		return &scout{stop: func() {}}
	}
	next, stop := iter.Pull2(a.d.DB.Entries(ctx, p.Header.Seq, p.Path))
	return &scout{next: next, stop: stop}
}

// step is called before each entry. An error is met again by the walk itself.
func (s *scout) step(contents restore.Contents) {
	for ; s.next != nil && s.ahead < scouted; s.ahead++ {
		e, err, more := s.next()
		if !more || err != nil {
			s.next = nil
			return
		}
		if e.Kind == file.Regular && e.Held() {
			contents.Want(e)
		}
	}
	s.ahead--
}

// entry adds one entry. An error is one of the archive; what the snapshot does not have is told, and the next one is
// added.
func (a *archiving) entry(ctx context.Context, h *record.Header, contents restore.Contents, e index.LinkedEntry,
	name string, members map[index.Inode]member) error {
	tell := func(err error) error {
		a.res.Failed++
		a.warn(h, e.Path, err)
		return nil
	}
	if e.Has(record.Unreadable) && (e.Kind == file.Folder || e.Kind == file.Regular) ||
		e.Kind == file.Regular && e.Stored == record.Absent {
		if e.Kind != file.Folder {
			return tell(restore.ErrNotInSnapshot)
		}
		tell(restore.ErrNotInSnapshot)
	}
	several := a.links && e.Inode != index.Inode{}
	m := member{left: e.Nlink}
	if known, ok := members[e.Inode]; ok && several {
		m = known
	}
	first := m.name
	var content *verified
	size := int64(0)
	if e.Kind == file.Regular && first == "" {
		f, err := contents.Open(ctx, e.Entry)
		switch {
		case restore.OfOneFile(err):
			return tell(err)
		case err != nil:
			return err
		}
		defer f.Close()
		if size, err = sizeOf(f, &e.Record); err != nil {
			return tell(err)
		}
		content = a.verified(ctx, f, size, e.Has(record.SparseHash))
	}
	err := a.w.add(h, e.Entry, name, first, content, size)
	switch {
	case errors.Is(err, errNotInArchive):
		a.res.LeftOut[e.Kind]++
		if a.left != nil {
			a.left(h, e.Path, e.Kind)
		}
		return nil
	case err != nil:
		return err
	case several:
		m.name = cmp.Or(first, name)
		if m.left--; m.left > 0 {
			members[e.Inode] = m
		} else {
			delete(members, e.Inode)
		}
	}
	if content == nil {
		return nil
	}
	if _, here := content.f.(*file.File); !here && content.err != nil && !restore.OfOneFile(content.err) {
		return content.err // nothing more can be had
	}
	if err := content.verdict(&e.Record); err != nil {
		return tell(err)
	}
	return nil
}

// sizeOf is the size that a file's copy has: in a tree what is there now, else what was backed up.
func sizeOf(f io.Reader, r *record.Record) (int64, error) {
	if f, here := f.(*file.File); here {
		s, err := f.Stat()
		return s.Size, err
	}
	return r.Size, nil
}

// verified reads exactly as many bytes of a file as an archive was told of, and hashes them. Bytes that cannot be
// read are zeros there: the members after it are whole.
type verified struct {
	ctx  context.Context // of Write, because Read is given none
	f    io.Reader
	hash *file.Digest
	left int64
	size int64
	err  error // of reading
}

func (a *archiving) verified(ctx context.Context, f io.Reader, size int64, sparse bool) *verified {
	a.hash.Begin(sparse)
	return &verified{ctx: ctx, f: f, hash: a.hash, left: size, size: size}
}

func (v *verified) Read(p []byte) (int, error) {
	if err := v.ctx.Err(); err != nil {
		return 0, err
	}
	if v.left == 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), v.left)]
	n := 0
	if v.err == nil {
		if n, v.err = v.f.Read(p); errors.Is(v.err, io.EOF) {
			v.err = io.ErrUnexpectedEOF
		}
	}
	if v.err != nil {
		clear(p)
		n = len(p)
	}
	v.hash.Write(p[:n])
	v.left -= int64(n)
	return n, nil
}

// verdict says what is wrong with the bytes, compared with the record.
func (v *verified) verdict(r *record.Record) error {
	switch {
	case v.err != nil:
		return fmt.Errorf("%w: %w", restore.ErrDamagedFile, v.err)
	case v.size != r.Size:
		return fmt.Errorf("%w: it has %d bytes, not the %d that were backed up", restore.ErrDamagedFile, v.size, r.Size)
	case r.Has(record.Hashed) && [32]byte(v.hash.Sum(nil)) != r.Hash:
		return query.ErrDamaged
	}
	return nil
}
