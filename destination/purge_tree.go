package destination

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// PurgeName is the file in .snap that says what is being purged: JSON and, in the next line, its CRC-32C in hex.
const PurgeName = "purge"

// purgeJSON is what it holds; paths are base64, for they need not be text.
type purgeJSON struct {
	Paths [][]byte `json:"paths"`
	Seqs  []uint64 `json:"seqs"`
}

func (d *Destination) writePurge(what *index.Purge) error {
	j := purgeJSON{Seqs: what.Seqs}
	for _, path := range what.Paths {
		j.Paths = append(j.Paths, []byte(path))
	}
	return d.writeSealed(d.Meta, PurgeName, &j)
}

// readPurge reads what is being purged; fs.ErrNotExist if nothing is.
func (d *Destination) readPurge() (*index.Purge, error) {
	f, err := openFile(d.Meta, PurgeName)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	body, sum, _ := strings.Cut(string(text), "\n")
	var j purgeJSON
	if err := json.Unmarshal([]byte(body), &j); err != nil ||
		sum != fmt.Sprintf("%08x\n", crc32.Checksum([]byte(body), castagnoli)) {
		return nil, fmt.Errorf("%s: %w: it says what is being purged, and is not what was written; remove it and purge again",
			filepath.Join(d.Meta.Path(), PurgeName), record.ErrDamaged)
	}
	what := &index.Purge{Seqs: j.Seqs}
	for _, path := range j.Paths {
		what.Paths = append(what.Paths, string(path))
	}
	return what, nil
}

// purgeTree removes the paths from the tree of a snapshot. The folders above them get the metadata of their records
// back, also when a run before was stopped between the one and the other.
func (d *Destination) purgeTree(ctx context.Context, h *record.Header, what *index.Purge) error {
	return d.Writable(h.Name, func() error { return d.purgeTreeOf(ctx, h, what) })
}

func (d *Destination) purgeTreeOf(ctx context.Context, h *record.Header, what *index.Purge) error {
	root, err := enterUnlocked(d.Root, h.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the user removed it
	}
	if err != nil {
		return err
	}
	defer root.Close()
	tree := file.NewTree(root, 64, enterUnlocked)
	defer tree.Close()
	above := map[string]bool{}
	for _, path := range what.Paths {
		if err := ctx.Err(); err != nil {
			return err
		}
		in, name := record.Split(path)
		dir, err := tree.Dir(in)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP) {
			continue
		}
		if err != nil {
			return err
		}
		err = purgeEntry(ctx, dir, name)
		dir.Close()
		if err != nil {
			return err
		}
		for ; in != ""; in, _ = record.Split(in) {
			above[in] = true
		}
	}
	return d.restoreFolderMeta(ctx, h.Seq, tree, above)
}

// purgeEntry removes name from a folder of a tree, with all that is below it.
func purgeEntry(ctx context.Context, dir *file.Dir, name string) error {
	s, err := dir.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case s.Kind != file.Folder:
		return unlocked(dir, func() error { return dir.Remove(name) })
	}
	r := &Remover{Jobs: 4}
	if err := r.empty(ctx, dir, name); err != nil {
		return err
	}
	return unlocked(dir, func() error { return dir.Rmdir(name) })
}

// restoreFolderMeta gives folders of a tree the metadata of their records, the deepest first.
func (d *Destination) restoreFolderMeta(ctx context.Context, seq uint64, tree *file.Tree, above map[string]bool) error {
	var paths []string
	for path := range above {
		paths = append(paths, path)
	}
	slices.SortFunc(paths, func(a, b string) int { return record.Compare(b, a) })
	for _, path := range paths {
		r, _, err := d.DB.Lookup(ctx, seq, path)
		if errors.Is(err, index.ErrNotFound) || err == nil && r.Kind != file.Folder {
			continue
		}
		if err != nil {
			return err
		}
		dir, err := tree.Dir(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		_, err = dir.SetMeta(r.Meta())
		dir.Close()
		if err != nil {
			return err
		}
	}
	return nil
}
