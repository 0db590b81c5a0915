package restore

import (
	"context"
	"errors"

	"snap/internal/file"
)

// patchMin is the size from which a file that takes the place of another one is made from that one's bytes.
const patchMin = 1 << 20

// older opens the file whose place a large one takes, for its bytes; nil if there is none that would help.
func older(d *file.Dir, j *job, v verdict, have *existing) *file.File {
	if v != replace || j.Kind != file.Regular || have.Kind != file.Regular || j.Size < patchMin || have.Size < patchMin {
		return nil
	}
	f, err := d.Open(j.name)
	if err != nil {
		return nil
	}
	return f
}

// patch makes the empty file dst a clone of older and writes what differs from src; done is false where that cannot be,
// and dst is empty then. What is compared is the clone, which nobody else can write to. The file itself is left as it
// is: it may have other names.
func (w *worker) patch(ctx context.Context, dst, src, older *file.File, size int64) (n int64, done bool, err error) {
	if older == nil || !dst.CloneFrom(older) {
		return 0, false, nil
	}
	p, err := file.NewPatch(dst, nil)
	if err != nil {
		return 0, false, err
	}
	n, err = p.Copy(ctx, src, size, w.hash)
	if unread := (*file.OlderError)(nil); !errors.As(err, &unread) {
		return n, true, err
	}
	w.hash.Reset()
	return 0, false, dst.Truncate(0)
}
