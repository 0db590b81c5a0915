package cli

import (
	"context"
	"errors"
	"io"

	"snap/index"
	"snap/internal/file"
)

// errDamaged says that a file in a snapshot is not what was backed up.
var errDamaged = errors.New("the snapshot's copy is damaged: its bytes are not those that were backed up")

// openStored opens a file of a snapshot, entering folder by folder and following no symbolic link.
func openStored(root *file.Dir, snapshot, path string) (*file.File, error) {
	tree := file.NewTree(root, 0, (*file.Dir).EnterDir)
	defer tree.Close()
	parent, name := index.Split(path)
	within := snapshot
	if parent != "" {
		within = index.Join(snapshot, parent)
	}
	dir, err := tree.Dir(within)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return dir.Open(name)
}

// verifiedFile is a file of a snapshot. Read hashes what it returns, and has errDamaged in place of io.EOF when the file is not what was
// backed up.
type verifiedFile struct {
	ctx    context.Context
	f      *file.File
	record *index.Record
	hash   *file.Digest
}

// openFile opens the file path of the snapshot, whose record is r.
func (d *reader) openFile(ctx context.Context, h *index.Header, path string, r *index.Record) (*verifiedFile, error) {
	f, err := openStored(d.root, h.Name, path)
	if err != nil {
		return nil, err
	}
	v := &verifiedFile{ctx, f, r, file.NewDigest()}
	v.hash.Begin(r.Has(index.SparseHash))
	return v, nil
}

func (v *verifiedFile) Read(p []byte) (int, error) {
	if err := v.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := v.f.Read(p)
	v.hash.Write(p[:n])
	if err == io.EOF && v.record.Has(index.Hashed) && [32]byte(v.hash.Sum(nil)) != v.record.Hash {
		err = errDamaged
	}
	return n, err
}

func (v *verifiedFile) Close() error { return v.f.Close() }
