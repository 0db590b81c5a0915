package index

import (
	"context"
	"hash/maphash"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"snap/internal/file"
	"snap/record"
)

// Purge is what is taken out of a history: paths, with all that is below them, out of some of its snapshots.
type Purge struct {
	Paths []string // in key order, none below another
	Seqs  []uint64 // of the snapshots, in order
}

// Has reports whether path is one of the paths, or below one.
func (p *Purge) Has(path string) bool {
	i, found := slices.BinarySearchFunc(p.Paths, path, record.Compare)
	return found || i > 0 && record.Within(path, p.Paths[i-1])
}

// Purging is a Purge of an index: what it takes, and the change sets that the snapshots have afterwards. It only reads.
//
// A path and its snapshots are gone; what other paths say of it is put right. A file that moved away from there was
// added where it went. A name of an inode that was led to by a purged name leads to another name, if the snapshot
// before or this one has one that stays, else it is the one that the inode begins with.
type Purging struct {
	Snapshots []PurgedSnapshot // the complete ones, oldest first
	Freed     Amount           // the regular files of which no name is left
	Shared    int64            // the regular files that have names which stay, under other paths

	db   *DB
	what *Purge
	seed maphash.Seed

	roots map[uint64]*rooted // the inodes that purged names lead to, by where they were born
	freed map[uint64]int64   // what those take of which only purged names are known, by where they were born
}

// PurgedSnapshot is what a purge does to one snapshot.
type PurgedSnapshot struct {
	Header  record.Header // as it is before
	Files   int64         // entries that go and are not folders
	Dirs    int64         // folders that go
	Bytes   int64         // sum of the sizes of the regular files that go
	Changed bool          // its change set becomes another one

	within bool // the purge is about this snapshot
	// sum of the sizes of the regular files that stay, where the header's is Beyond: no difference says it there
	stay  int64
	names int64 // of the files that go, those in the tree
}

// rooted is an inode of which some names need another way to.
type rooted struct {
	names []stay
	holes int64 // of the record that made it
}

// stay is a record of a name: the snapshots, by their places, in which it is what is there.
type stay struct {
	path       string
	first, end int
	made       bool // the inode begins with it
}

// Purging looks at the whole index and says what the purge does.
func (db *DB) Purging(ctx context.Context, what *Purge) (*Purging, error) {
	p := &Purging{db: db, what: what, seed: maphash.MakeSeed(), roots: map[uint64]*rooted{}, freed: map[uint64]int64{}}
	heads, err := db.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	for _, h := range heads {
		if h.State == record.Complete {
			p.Snapshots = append(p.Snapshots, PurgedSnapshot{Header: h, within: slices.Contains(what.Seqs, h.Seq)})
		}
	}
	// Which inodes are concerned must be known before their other names are looked for.
	for _, visit := range []editionVisitor{p.find, p.others} {
		if err := db.editions(ctx, visit); err != nil {
			return nil, err
		}
	}
	for _, size := range p.freed {
		p.Freed.Add(Amount{1, size})
	}
	if n := len(p.Snapshots); n > 0 {
		p.Snapshots[n-1].Changed = true // with what later runs have learned, which no other set has
	}
	return p, nil
}

// lives are the places of the snapshots in which an edition says what is there.
func (p *Purging) lives(v *Edition) (first, end int) {
	at := func(seq uint64) int {
		i, _ := slices.BinarySearchFunc(p.Snapshots, seq, func(s PurgedSnapshot, seq uint64) int {
			switch {
			case s.Header.Seq < seq:
				return -1
			case s.Header.Seq > seq:
				return 1
			}
			return 0
		})
		return i
	}
	if v.Next == 0 {
		return at(v.Seq), len(p.Snapshots)
	}
	return at(v.Seq), at(v.Next)
}

// gone reports whether the purge takes path out of the snapshot at place k.
func (p *Purging) gone(path string, k int) bool {
	return k >= 0 && k < len(p.Snapshots) && p.Snapshots[k].within && p.what.Has(path)
}

// leads reports whether the record at path, new in snapshot k, shares its inode by way of a name that goes.
func (p *Purging) leads(path string, k int, r *record.Record) bool {
	if r.Since != 0 {
		return p.what.Has(r.OlderName(path))
	}
	return r.Stored == record.Linked && p.gone(r.OlderName(path), k-1) ||
		r.Stored == record.Joined && p.gone(r.OlderName(path), k)
}

// find counts what goes, and finds the inodes that other names need another way to.
func (p *Purging) find(v *Edition, t *tracer) error {
	first, end := p.lives(v)
	if first >= len(p.Snapshots) {
		return nil
	}
	has := p.what.Has(v.Path)
	if !has {
		for _, other := range []string{v.From, v.To, v.Link} {
			if other != "" && p.what.Has(other) {
				p.Snapshots[first].Changed = true
			}
		}
	}
	comes := false // it is there again after a snapshot from which it goes
	stays := !v.Exists()
	for k := first; has && k < end; k++ {
		s := &p.Snapshots[k]
		if k == first || s.within || p.Snapshots[k-1].within {
			s.Changed = true
		}
		if !s.within {
			stays = true
			comes = comes || k > 0 && p.Snapshots[k-1].within
		} else if v.Exists() {
			s.add(&v.Record)
		}
	}
	for k := first; v.Kind == file.Regular && v.Exists() && k < end; k++ {
		if s := &p.Snapshots[k]; s.Header.Bytes == record.Beyond && !p.gone(v.Path, k) {
			s.stay = record.Plus(s.stay, v.Size)
		}
	}
	if has && end < len(p.Snapshots) { // what follows may be gone from here on, or its beginning now
		p.Snapshots[end].Changed = true
	}
	if !v.HasInode() || first == end {
		return nil
	}
	if needs := p.leads(v.Path, first, &v.Record) && !p.gone(v.Path, first); needs || comes || has && !stays {
		born, maker, err := p.born(t, v.Path, v.Seq, &v.Record)
		if err != nil {
			return err
		}
		if needs || comes {
			p.roots[born] = &rooted{holes: maker.Holes}
		}
		if has && !stays && v.Kind == file.Regular {
			p.freed[born] = maker.OnDisk()
		}
	}
	return nil
}

// add counts an entry that goes.
func (s *PurgedSnapshot) add(r *record.Record) {
	if r.Kind == file.Folder {
		s.Dirs++
		return
	}
	s.Files++
	if r.Kind == file.Regular {
		s.Bytes = record.Plus(s.Bytes, r.Size)
	}
	if r.Stored != record.Absent {
		s.names++
	}
}

// others notes the names of the inodes that find has found.
func (p *Purging) others(v *Edition, t *tracer) error {
	first, end := p.lives(v)
	if len(p.roots) == 0 && len(p.freed) == 0 || !v.HasInode() || first == end {
		return nil
	}
	born, _, err := p.born(t, v.Path, v.Seq, &v.Record)
	if err != nil {
		return err
	}
	if r := p.roots[born]; r != nil {
		r.names = append(r.names, stay{strings.Clone(v.Path), first, end, !v.Stored.Shares()})
		p.Snapshots[first].Changed = true
	}
	if _, goes := p.freed[born]; goes {
		for k := first; k < end; k++ {
			if !p.gone(v.Path, k) {
				delete(p.freed, born)
				p.Shared++
				break
			}
		}
	}
	return nil
}

// born is where the inode of a record was born, and the record there.
func (p *Purging) born(t *tracer, path string, bucket uint64, r *record.Record) (uint64, *record.Record, error) {
	maker := *r
	born, err := t.born(place{path, bucket}, &maker, 0)
	return maphash.Comparable(p.seed, born), &maker, err
}

// staying is the first name, in key order, that the inode has in snapshot k and keeps; one that it begins with there
// comes first. "" and false if there is none.
func (p *Purging) staying(born uint64, k int) (name string, ok bool) {
	begins := false
	for _, s := range p.roots[born].names {
		if k < s.first || k >= s.end || p.gone(s.path, k) {
			continue
		}
		makes := s.made && s.first == k
		if !ok || makes && !begins || makes == begins && record.Compare(s.path, name) < 0 {
			name, ok, begins = s.path, true, makes
		}
	}
	return name, ok
}

// stays reports whether path is a name of the inode in snapshot k, and is kept.
func (p *Purging) stays(born uint64, path string, k int) bool {
	return slices.ContainsFunc(p.roots[born].names, func(s stay) bool {
		return s.path == path && k >= s.first && k < s.end && !p.gone(path, k)
	})
}

// older is the name, and the first snapshot with it there, that a record of snapshot k leads to where no name of the
// inode stays in the snapshot before: the one that stays in the latest of the older ones. "" if there is none.
func (p *Purging) older(born uint64, k int) (name string, since uint64) {
	names, last := p.roots[born].names, -1
	var found stay
	for _, s := range names {
		for at := min(s.end, k-1) - 1; at >= max(s.first, last); at-- {
			if !p.gone(s.path, at) {
				if at > last || record.Compare(s.path, found.path) < 0 {
					found, last = s, at
				}
				break
			}
		}
	}
	if last < 0 {
		return "", 0
	}
	first := last
	for first > 0 && p.stays(born, found.path, first-1) {
		first--
	}
	return found.path, p.Snapshots[first].Header.Seq
}

// purgedRecord is a record of a snapshot's own with what must be known of its inode.
type purgedRecord struct {
	record.Entry
	born uint64
}

// records are those of bucket after the key start, a page of them; next is where to go on, nil at the end.
func (p *Purging) records(ctx context.Context, bucket uint64,
	start []byte) (page []purgedRecord, next []byte, err error) {
	err = p.db.view(ctx, func(tx *bolt.Tx) (err error) {
		page = page[:0]
		t := &tracer{tx: tx, b: openBuckets(tx)}
		next, err = recordPage(tx, bucket, start, func(e *record.Entry) (err error) {
			r := purgedRecord{Entry: *e}
			if len(p.roots) > 0 && r.HasInode() {
				r.born, _, err = p.born(t, r.Path, bucket, &r.Record)
			}
			page = append(page, r)
			return err
		})
		return err
	})
	return page, next, err
}

// bornAt is where the inode was born that path has in the snapshot seq.
func (p *Purging) bornAt(ctx context.Context, seq uint64, e *record.Entry) (born uint64, err error) {
	if len(p.roots) == 0 || !e.HasInode() {
		return 0, nil
	}
	err = p.db.view(ctx, func(tx *bolt.Tx) error {
		t := &tracer{tx: tx, b: openBuckets(tx)}
		seqs, _, err := t.seqs(e.Path)
		if err != nil {
			return err
		}
		born, _, err = p.born(t, e.Path, at(seqs, seq), &e.Record)
		return err
	})
	return born, err
}
