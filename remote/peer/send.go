package peer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"snap/backup"
	"snap/internal/file"
	"snap/record"
	"snap/remote/replica"
)

// What is sent into a file is "snapsend1\n" and frames:
//
//	'H' what is in it, JSON
//	'S' a snapshot, JSON; then its change set, or all that it holds, in 'D' up to an 'E'
//	'F' a content, JSON, of a file of that snapshot that was not there before; then its bytes in 'D' up to an 'E'
//	'Z' the SHA-256 of all before it
const sendMagic = "snapsend1\n"

const (
	kindSnapshot = 'S'
	kindContent  = 'F'
	kindSum      = 'Z'
)

// sendHead says what is in a file.
type sendHead struct {
	Version  int               `json:"version"`
	ID       string            `json:"id"` // of the destination
	Place    string            `json:"place"`
	Next     uint64            `json:"next"` // above the numbers of all its snapshots
	Base     uint64            `json:"base,omitempty"`
	BaseName string            `json:"base_name,omitempty"`
	All      []json.RawMessage `json:"all"`
	Settings map[string][]byte `json:"settings,omitempty"`
}

type sendSnapshot struct {
	Seq   uint64 `json:"seq"`
	Whole bool   `json:"whole"`
}

// content is bytes in a file: by their hash, or where the record has none, by the path.
type content struct {
	Size int64  `json:"size"`
	Key  []byte `json:"key"`
}

// keyOf is what the bytes of a record are found by.
func keyOf(r *record.Record, seq uint64, path string) []byte {
	if r.Has(record.Hashed) {
		return fmt.Appendf(nil, "%s%t", r.Hash[:], r.Has(record.SparseHash))
	}
	return fmt.Appendf(nil, "%d/%s", seq, path)
}

// Send writes the snapshots of x to w, one after the other. base is the one that the receiver has, nil for none. lost
// is told of files whose bytes cannot be had.
func Send(ctx context.Context, w io.Writer, x *replica.Here, base *record.Header, all []record.Header,
	lost func(path string, err error)) error {
	sum := sha256.New()
	f, err := newFrameWriter(io.MultiWriter(w, sum))
	if err != nil {
		return err
	}
	s := &sending{ctx: ctx, w: f, x: x, lost: lost, sent: map[[16]byte]bool{}}
	if err := errors.Join(s.all(base, all), f.close()); err != nil {
		return err
	}
	if f, err = newFrameWriter(w); err != nil {
		return err
	}
	return errors.Join(f.control(kindSum, []byte(hex.EncodeToString(sum.Sum(nil)))), f.close())
}

type sending struct {
	ctx  context.Context //nolint:containedctx // of the one call
	w    *frameWriter
	x    *replica.Here
	lost func(path string, err error)
	sent map[[16]byte]bool // contents of the snapshot
}

func (s *sending) all(base *record.Header, all []record.Header) error {
	h := sendHead{Version: version, ID: s.x.ID(), Place: s.x.Name()}
	var err error
	if h.Next, err = s.x.NextSeq(s.ctx); err != nil {
		return err
	}
	if h.Settings, err = s.x.Settings(s.ctx); err != nil {
		return err
	}
	before := uint64(0)
	if base != nil {
		h.Base, h.BaseName, before = base.Seq, base.Name, base.Seq
	}
	for i := range all {
		b, err := json.Marshal(&all[i])
		if err != nil {
			return err
		}
		h.All = append(h.All, b)
	}
	s.w.raw(sendMagic)
	if err := say(s.w, kindHello, &h); err != nil {
		return err
	}
	for i := range all {
		if err := s.snapshot(&all[i], before); err != nil {
			return fmt.Errorf("snapshot %s: %w", all[i].Name, err)
		}
		before = all[i].Seq
	}
	return nil
}

// snapshot sends one snapshot, whose receiver has the one with the number before.
func (s *sending) snapshot(h *record.Header, before uint64) error {
	set, ok, err := s.x.Changes(s.ctx, h)
	if err != nil {
		return err
	}
	whole := !ok || h.Parent != before
	if whole {
		set = s.x.Listing(s.ctx, h)
	}
	if err := say(s.w, kindSnapshot, &sendSnapshot{h.Seq, whole}); err != nil {
		return err
	}
	if err := s.pieces(recordsOf(set)); err != nil {
		return err
	}
	tree, err := s.x.OpenTree(h)
	if err != nil {
		return err
	}
	defer tree.Close()
	clear(s.sent)
	for e, err := range set {
		if err != nil {
			return err
		}
		if e.Kind != file.Regular || e.Stored == record.Absent || !e.Exists() || e.Size == 0 ||
			!whole && e.Stored == record.Linked && e.Reason != record.Returned { // the receiver has what it is a link of
			continue
		}
		if err := s.file(tree, h, e); err != nil {
			return err
		}
	}
	return nil
}

// file sends the bytes of a file, once.
func (s *sending) file(tree *replica.Tree, h *record.Header, e *record.Entry) error {
	key := keyOf(&e.Record, h.Seq, e.Path)
	short := shortKey(key)
	if s.sent[short] {
		return nil
	}
	s.sent[short] = true
	if err := say(s.w, kindContent, &content{e.Size, key}); err != nil {
		return err
	}
	r, err := tree.Open(s.ctx, &backup.Wanted{Entry: *e})
	if err == nil {
		err = s.pieces(&stream{r})
	}
	if errors.Is(err, backup.ErrLost) {
		s.lost(e.Path, err)
		return say(s.w, kindEnd, endOf(err))
	}
	return err
}

// pieces sends what p has.
func (s *sending) pieces(p pieces) (err error) {
	defer func() { err = errors.Join(err, p.close()) }()
	for {
		next, err := p.next(s.ctx)
		if errors.Is(err, io.EOF) {
			return s.w.write(kindEnd, nil)
		}
		if err != nil {
			return err
		}
		if err := s.w.write(kindData, next.data); err != nil {
			return err
		}
	}
}
