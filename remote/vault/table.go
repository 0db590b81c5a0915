package vault

import (
	"errors"
	"fmt"
	"iter"

	"snap/internal/file"
	"snap/remote/vault/table"
)

// tablePrefix is what the names of tables in the mirror begin with.
const tablePrefix = "table-"

// openTable is a table in the mirror, as package table has them. Nothing of it but its packs is in memory.
type openTable struct {
	*table.Table
	m     *mirror
	name  string
	f     *file.File
	size  int64
	packs map[[32]byte]int64 // that rows name, with their sizes
}

func (t *openTable) close() error { return t.f.Close() }

// writeTable writes a table of sorted rows and lists. sizes are those of all packs that rows name.
func (m *mirror) writeTable(name string, sizes map[[32]byte]int64, rows iter.Seq2[table.Row, error],
	lists iter.Seq2[table.List, error]) (*openTable, error) {
	err := m.make(name, func(f *file.File) error { return table.Write(f, sizes, rows, lists) })
	if err != nil {
		return nil, err
	}
	return m.openTable(name)
}

// openTable opens a table of the mirror; ErrDamaged when it is not one.
func (m *mirror) openTable(name string) (*openTable, error) {
	f, err := m.dir.Open(name)
	if err != nil {
		return nil, err
	}
	t := &openTable{m: m, name: name, f: f}
	if err := t.begin(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", f.Path(), err), f.Close())
	}
	return t, nil
}

func (t *openTable) begin() error {
	s, err := t.f.Stat()
	if err != nil {
		return err
	}
	t.size = s.Size
	if t.Table, err = table.Open(t.f, s.Size); err == nil {
		t.packs, err = t.Packs()
	}
	return asTableError(err)
}

// asTableError is an error of package table as one of this one.
func asTableError(err error) error {
	switch {
	case errors.Is(err, table.ErrDamaged):
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	case errors.Is(err, table.ErrNewer):
		return fmt.Errorf("%w: %w", ErrNewer, err)
	}
	return err
}

// hurt is an error of a table that is open already. One that is damaged here goes: the next run fetches it again.
func (t *openTable) hurt(err error) error {
	if !errors.Is(err, table.ErrDamaged) {
		return err
	}
	err = fmt.Errorf("%s: %w; run it again: it is fetched from the vault then", t.f.Path(), asTableError(err))
	return errors.Join(err, t.m.remove(t.name))
}

// find is where the bytes of a content are.
func (t *openTable) find(key [32]byte) (table.Row, bool, error) {
	r, ok, err := t.Find(key)
	return r, ok, t.hurt(err)
}

// pieces is the list of a large file.
func (t *openTable) pieces(key [32]byte) ([][32]byte, bool, error) {
	pieces, ok, err := t.Pieces(key)
	return pieces, ok, t.hurt(err)
}

func (t *openTable) has(key [32]byte) (bool, error) {
	if _, ok, err := t.find(key); ok || err != nil {
		return ok, err
	}
	_, ok, err := t.pieces(key)
	return ok, err
}

// rows and lists yield all, in the order of their keys.
func (t *openTable) rows() iter.Seq2[table.Row, error]   { return hurting(t, t.Rows()) }
func (t *openTable) lists() iter.Seq2[table.List, error] { return hurting(t, t.Lists()) }

func hurting[T any](t *openTable, all iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for v, err := range all {
			if !yield(v, t.hurt(err)) {
				return
			}
		}
	}
}
