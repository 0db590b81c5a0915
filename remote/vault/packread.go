package vault

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"snap/remote/store"
	"snap/remote/vault/pack"
	"snap/remote/vault/seal"
	"snap/remote/vault/table"
)

const (
	joinGap   = 256 << 10 // ranges nearer than this are read as one
	wholePack = 1 << 20   // so small a pack is always fetched whole
)

// span is a range of a pack as it was before it was sealed.
type span struct{ from, to int64 }

// spans are the frames of rows, those that are near each other as one.
func spans(rows []table.Row) (all []span) {
	sorted := slices.SortedFunc(slices.Values(rows), func(a, b table.Row) int { return cmp.Compare(a.Frame, b.Frame) })
	for _, r := range sorted {
		s := span{int64(r.Frame), int64(r.Frame) + int64(r.FrameLen)}
		if n := len(all); n > 0 && s.from-all[n-1].to < joinGap {
			all[n-1].to = max(all[n-1].to, s.to)
			continue
		}
		all = append(all, s)
	}
	return all
}

// fetchRows hands over the bytes of contents that are all in one pack. Bytes that are not what they should be are
// fetched again, the whole pack, which must be its name.
func (v *Vault) fetchRows(ctx context.Context, packSum [32]byte, size int64, rows []table.Row,
	use func(r table.Row, body []byte) error) error {
	name := dataName(packSum)
	wanted := int64(0)
	all := spans(rows)
	for _, s := range all {
		wanted += s.to - s.from
	}
	if size > wholePack && wanted < size/2 {
		err := v.fetchSpans(ctx, name, size, all, rows, use)
		if reach := (*store.ReachError)(nil); err == nil || ctx.Err() != nil || errors.Is(err, ErrKey) ||
			errors.As(err, &reach) {
			return err
		}
	}
	body, err := v.getWhole(ctx, name, packSum)
	if err != nil {
		return err
	}
	plain, err := v.openPack(body)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return cut(name, span{0, int64(len(plain))}, plain, rows, use)
}

// fetchSpans reads parts of a pack.
func (v *Vault) fetchSpans(ctx context.Context, name string, size int64, all []span, rows []table.Row,
	use func(r table.Row, body []byte) error) error {
	var src io.ReaderAt = &remoteObject{ctx: ctx, v: v, name: name, size: size}
	opened, _, err := v.k.OpenPack(src, size)
	if err != nil {
		return err
	}
	if v.k.Sealed() {
		src.(*remoteObject).ahead(all)
	}
	src = opened
	for _, s := range all {
		plain := make([]byte, s.to-s.from)
		if _, err := src.ReadAt(plain, s.from); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err := cut(name, s, plain, rows, use); err != nil {
			return err
		}
	}
	return nil
}

// cut takes the contents of rows out of a span of their pack. A frame is taken apart once.
func cut(name string, s span, plain []byte, rows []table.Row, use func(r table.Row, body []byte) error) error {
	sorted := slices.SortedFunc(slices.Values(rows), func(a, b table.Row) int { return cmp.Compare(a.Frame, b.Frame) })
	var frame []byte
	at := int64(-1)
	for _, r := range sorted {
		from, to := int64(r.Frame)-s.from, int64(r.Frame)+int64(r.FrameLen)-s.from
		if int64(r.Frame) < s.from || int64(r.Frame) >= s.to {
			continue
		}
		if to > int64(len(plain)) {
			return fmt.Errorf("%s: %w: it ends before a frame", name, ErrDamaged)
		}
		if at != from {
			var err error
			if frame, err = seal.Decompress(plain[from:to], pack.MaxFrame); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			at = from
		}
		if int64(r.Off)+int64(r.Size) > int64(len(frame)) {
			return fmt.Errorf("%s: %w: a frame is shorter than what is to be in it", name, ErrDamaged)
		}
		if err := use(r, bytes.Clone(frame[r.Off:int64(r.Off)+int64(r.Size)])); err != nil {
			return err
		}
	}
	return nil
}

// remoteObject reads an object by ranges, and keeps the last one that it read.
type remoteObject struct {
	ctx   context.Context //nolint:containedctx // of the ReadAt of an io.ReaderAt
	v     *Vault
	name  string
	size  int64
	off   int64
	buf   []byte
	spans []span // that will be read: each is read as one
}

const headerRead = 4 << 10 // an age header with a few recipients

// ahead says which ranges of what is sealed will be read.
func (o *remoteObject) ahead(all []span) {
	const chunk, sealedChunk = 64 << 10, 64<<10 + 16
	for _, s := range all {
		from := s.from / chunk * sealedChunk
		to := (s.to/chunk + 1) * sealedChunk
		o.spans = append(o.spans, span{from, min(to+headerRead, o.size)})
	}
}

func (o *remoteObject) ReadAt(p []byte, off int64) (int, error) {
	if off >= o.size {
		return 0, io.EOF
	}
	n := min(int64(len(p)), o.size-off)
	if off < o.off || off+n > o.off+int64(len(o.buf)) {
		want := span{off, min(o.size, off+max(n, headerRead))}
		for _, s := range o.spans {
			if s.from <= off && off+n <= s.to {
				want = span{off, s.to}
			}
		}
		buf, err := o.v.s.Get(o.ctx, o.name, want.from, want.to-want.from)
		if err != nil {
			return 0, err
		}
		o.off, o.buf = want.from, buf
	}
	copy(p[:n], o.buf[off-o.off:])
	if n < int64(len(p)) {
		return int(n), io.EOF
	}
	return int(n), nil
}
