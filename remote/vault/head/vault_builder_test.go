package head_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"snap/internal/file"
	"snap/record"
	"snap/remote/vault/head"
	"snap/remote/vault/pack"
	"snap/remote/vault/seal"
	"snap/remote/vault/table"
)

// builder makes a vault in a folder, of trees that are given as Go values.
type builder struct {
	t     *testing.T
	dir   string
	keys  *seal.Keys
	comp  *seal.Compressor
	about head.About
	head  head.Head
	w     *pack.Writer
	rows  map[[32]byte]table.Row
	lists map[[32]byte]table.List
	sizes map[[32]byte]int64
}

func (b *builder) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *builder) put(name string, body []byte) {
	b.t.Helper()
	at := filepath.Join(b.dir, name)
	b.must(os.MkdirAll(filepath.Dir(at), 0o700))
	b.must(os.WriteFile(at, body, 0o600))
}

// meta puts bytes of the catalogue in parts of some size.
func (b *builder) meta(plain []byte, size int) (parts []head.Sum) {
	for part := range slices.Chunk(plain, size) {
		object, err := b.keys.SealMeta(b.comp, part)
		b.must(err)
		sum := head.Sum(sha256.Sum256(object))
		b.put(head.MetaName(sum), object)
		parts = append(parts, sum)
	}
	return parts
}

// content puts the bytes of a file as a vault has them.
func (b *builder) content(name string, r *record.Record, body []byte) {
	d := file.NewDigest()
	d.Begin(r.Has(record.SparseHash))
	_, _ = d.Write(body)
	record.SetHash(r, d)
	key := r.Hash
	if r.Has(record.SparseHash) {
		key = sha256.Sum256(append([]byte("snap sparse form\n"), r.Hash[:]...))
	}
	if len(body) == 0 {
		return
	}
	if len(body) <= pack.PieceSize {
		b.piece(key, name, body)
		return
	}
	l := table.List{Key: key}
	for part := range slices.Chunk(body, pack.PieceSize) {
		l.Pieces = append(l.Pieces, sha256.Sum256(part))
		b.piece(l.Pieces[len(l.Pieces)-1], name+pack.Piece(len(l.Pieces)-1), part)
	}
	b.lists[key] = l
}

func (b *builder) piece(key [32]byte, name string, body []byte) {
	if _, there := b.rows[key]; there {
		return
	}
	if b.w == nil {
		w, err := pack.NewWriter(b.keys, b.comp)
		b.must(err)
		b.w = w
	}
	b.rows[key] = table.Row{}
	b.must(b.w.Add(key, pack.Entry{Name: name, Mode: 0o600, Mtime: time.Unix(1e9, 0)}, body))
	if b.w.Full() {
		b.closePack()
	}
}

func (b *builder) closePack() {
	if b.w == nil {
		return
	}
	p, err := b.w.Close()
	b.must(err)
	b.put(pack.Name(p.Sum), p.Body)
	b.sizes[p.Sum] = int64(len(p.Body))
	for _, i := range p.Items {
		b.rows[i.Key] = table.Row{Key: i.Key, Pack: p.Sum, Place: i.Place}
	}
	b.w = nil
}

func inOrder[T any](all map[[32]byte]T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, k := range slices.SortedFunc(maps.Keys(all), func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) }) {
			if !yield(all[k], nil) {
				return
			}
		}
	}
}

// entry is what a snapshot has at a path, or with Change Removed has no more.
type entry struct {
	record.Record
	body []byte
}

func regular(mode uint16, mtime int64, body []byte) entry {
	return entry{body: body, Record: record.Record{Change: record.Added, Stored: record.Copied, Flags: record.Hashed,
		Stat: file.Stat{Kind: file.Regular, Mode: mode, Nlink: 1, Ino: uint64(mtime), Size: int64(len(body)),
			Mtime: file.Time{Sec: mtime, Nsec: 5}}}}
}

func other(kind file.Kind, target string) entry {
	return entry{Record: record.Record{Change: record.Added, Stored: record.Made, Target: target,
		Stat: file.Stat{Kind: kind, Mode: 0o755, Nlink: 1, Ino: 99, Mtime: file.Time{Sec: 1e9}}}}
}

// snapshot adds a snapshot that has changed these paths.
func (b *builder) snapshot(seq uint64, changes map[string]entry) {
	h := record.Header{Name: fmt.Sprintf("2026-01-%02d", seq), Seq: seq, Parent: seq - 1,
		Time: time.Unix(1e9, 0).UTC(), Source: "/home/ann"}
	var set bytes.Buffer
	w, err := record.NewChangeWriter(&set, &h)
	b.must(err)
	for _, path := range slices.SortedFunc(maps.Keys(changes), record.Compare) {
		e := changes[path]
		if e.Kind == file.Regular {
			b.content(h.Name+"/"+path, &e.Record, e.body)
		}
		b.must(w.Add(path, &e.Record))
	}
	b.must(w.End(&h))
	b.closePack()
	var rows bytes.Buffer
	b.must(table.Write(&rows, b.sizes, inOrder(b.rows), inOrder(b.lists)))
	b.head.Snapshots = append(b.head.Snapshots, head.Snapshot{Header: h, Parts: b.meta(set.Bytes(), 300)})
	b.head.Tables = append(b.head.Tables, head.Table{Parts: b.meta(rows.Bytes(), 1000), Rows: int64(len(b.rows))})
	if seq > 1 {
		b.head.Before = head.Name(b.head.Number, "")
	}
	b.head.Number = seq
	text, err := b.head.Encode(b.about.ID, b.keys.Sign)
	b.must(err)
	object, err := b.keys.SealMeta(b.comp, text)
	b.must(err)
	b.put(head.Name(seq, ""), object)
}

func newBuilder(t *testing.T, k *seal.Keys) *builder {
	t.Helper()
	b := &builder{t: t, dir: t.TempDir(), keys: k, rows: map[[32]byte]table.Row{}, lists: map[[32]byte]table.List{},
		sizes: map[[32]byte]int64{}, about: head.NewAbout(head.NewID(), k.Sealed(), time.Unix(1e9, 0))}
	c, err := seal.NewCompressor()
	b.must(err)
	b.comp = c
	text, err := b.about.Encode()
	b.must(err)
	b.put(head.AboutName, text)
	return b
}
