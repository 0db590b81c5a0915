package vault

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"snap/remote/store"
	"snap/remote/vault/pack"
	"snap/remote/vault/table"
)

const (
	joinGap   = 256 << 10 // ranges nearer than this are read as one
	wholePack = 1 << 20   // so small a pack is always fetched whole
)

// fetchRows hands over the bytes of contents that are all in one pack. Bytes that are not what they should be are
// fetched again, the whole pack. If it is not its name even so, those are handed over that are what they should be, and
// the error says what is wrong with it: it concerns the contents that were not.
func (v *Vault) fetchRows(ctx context.Context, packSum [32]byte, size int64, rows []table.Row,
	use func(r table.Row, body []byte) error) error {
	name := dataName(packSum)
	rows = byFrame(rows)
	spans, wanted := spansOf(rows)
	if size > wholePack && wanted < size/2 {
		err := v.fetchSpans(ctx, name, size, spans, wanted, rows, use)
		if reach := (*store.ReachError)(nil); err == nil || ctx.Err() != nil || errors.Is(err, ErrKey) ||
			errors.As(err, &reach) {
			return err
		}
	}
	defer v.fetching.take(max(size, fetchBytes/fetchJobs))()
	body, err := v.getAny(ctx, name, packSum)
	if err != nil && len(body) > 0 && errors.Is(err, ErrDamaged) {
		return errors.Join(v.salvage(body, rows, use), err)
	}
	if err != nil {
		return err
	}
	return v.readRows(name, bytes.NewReader(body), int64(len(body)), rows, use)
}

func byFrame(rows []table.Row) []table.Row {
	return slices.SortedFunc(slices.Values(rows), func(a, b table.Row) int { return cmp.Compare(a.Frame, b.Frame) })
}

// spansOf are the frames of rows, and how many bytes these are.
func spansOf(rows []table.Row) (spans []pack.Span, wanted int64) {
	places := make([]pack.Place, len(rows))
	for i := range rows {
		places[i] = rows[i].Place
	}
	spans = pack.Spans(places, joinGap)
	for _, s := range spans {
		wanted += s.To - s.From
	}
	return spans, wanted
}

// fetchSpans reads parts of a pack.
func (v *Vault) fetchSpans(ctx context.Context, name string, size int64, spans []pack.Span, wanted int64,
	rows []table.Row, use func(r table.Row, body []byte) error) error {
	defer v.fetching.take(max(wanted, fetchBytes/fetchJobs))()
	src := &remoteObject{ctx: ctx, v: v, name: name, size: size}
	src.ahead(spans)
	err := v.readRows(name, src, size, rows, use)
	if err != nil {
		v.edges.drop(name)
	}
	return err
}

// readRows reads contents from a pack, in the order of its frames.
func (v *Vault) readRows(name string, src io.ReaderAt, size int64, rows []table.Row,
	use func(r table.Row, body []byte) error) error {
	from, err := pack.Open(src, size, &v.k)
	if err != nil {
		return named(name, err)
	}
	for _, r := range rows {
		body, err := from.Read(r.Place)
		if err != nil {
			return named(name, err)
		}
		if err := use(r, body); err != nil {
			return err
		}
	}
	return nil
}

// salvage hands over what is whole of a pack that is damaged. The error is that of use, or ErrKey.
func (v *Vault) salvage(body []byte, rows []table.Row, use func(r table.Row, body []byte) error) error {
	from, err := pack.OpenBroken(body, &v.k)
	if errors.Is(err, ErrKey) {
		return err
	}
	if err != nil { // nothing can be had
		return nil
	}
	broken := int64(-1) // the frame that cannot be read
	for _, r := range rows {
		if int64(r.Frame) == broken {
			continue
		}
		part, err := from.Read(r.Place)
		if err != nil {
			broken = int64(r.Frame)
			continue
		}
		if sameHash(r, part) != nil {
			continue
		}
		if err := use(r, part); err != nil {
			return err
		}
	}
	return nil
}

// named is an error that begins with the object that it is about, once.
func named(name string, err error) error {
	if err == nil || strings.HasPrefix(err.Error(), name+": ") {
		return err
	}
	return fmt.Errorf("%s: %w", name, err)
}

// remoteObject reads an object by ranges, and keeps the last one that it read.
type remoteObject struct {
	ctx   context.Context //nolint:containedctx // of the ReadAt of an io.ReaderAt
	v     *Vault
	name  string
	size  int64
	off   int64
	buf   []byte
	spans []pack.Span // that will be read: each is read as one
}

const headerRead = 4 << 10 // an age header with a few recipients

// ahead says which ranges will be read.
func (o *remoteObject) ahead(all []pack.Span) {
	if !o.v.k.Sealed() {
		o.spans = all
		return
	}
	const chunk, sealedChunk = 64 << 10, 64<<10 + 16
	for _, s := range all {
		from := s.From / chunk * sealedChunk
		to := (s.To/chunk + 1) * sealedChunk
		o.spans = append(o.spans, pack.Span{From: from, To: min(to+headerRead, o.size)})
	}
}

func (o *remoteObject) ReadAt(p []byte, off int64) (int, error) {
	if off >= o.size {
		return 0, io.EOF
	}
	n := min(int64(len(p)), o.size-off)
	if off < o.off || off+n > o.off+int64(len(o.buf)) {
		if err := o.read(off, n); err != nil {
			return 0, err
		}
	}
	copy(p[:n], o.buf[off-o.off:])
	if n < int64(len(p)) {
		return int(n), io.EOF
	}
	return int(n), nil
}

// read reads a range that begins with n bytes at off: to the end of what will be read, or else a little more.
func (o *remoteObject) read(off, n int64) error {
	to, edge := min(o.size, off+max(n, headerRead)), true
	for _, s := range o.spans {
		if s.From <= off && off+n <= s.To {
			to, edge = s.To, false
		}
	}
	if known := o.v.edges.find(o.name, off, n); edge && known != nil {
		o.off, o.buf = known.off, known.buf
		return nil
	}
	o.buf = nil
	buf, err := o.v.s.Get(o.ctx, o.name, off, to-off)
	if err != nil {
		return err
	}
	if o.off, o.buf = off, buf; edge {
		o.v.edges.keep(o.name, part{off, buf})
	}
	return nil
}
