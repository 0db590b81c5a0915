package vault

import (
	"context"
	"iter"
	"maps"
	"math"
	"slices"
	"strconv"

	"snap/index"
	"snap/record"
	"snap/remote/vault/table"
)

// What is worth a rewrite.
const (
	wastedVault = 0.05    // nothing is, while less of the whole is waste
	wastedPack  = 0.5     // a pack is, when more of it is
	tinyPack    = 1 << 20 // so small packs are joined
	tinyPacks   = 256     // when there are more of them
)

// choosePacks says which packs go: those without a live byte, and those that are mostly waste, whose live contents are
// put anew, into the answer.
func (p *pruning) choosePacks(ctx context.Context, s *scratch) (*own, error) {
	moved := newOwn(p.v.m)
	p.drop = map[[32]byte]bool{}
	fills, err := p.fills()
	if err != nil {
		return nil, err
	}
	rewrite := worthRewriting(fills, p.v.packs())
	for pack, f := range fills {
		if f.live == 0 {
			p.drop[pack] = true
		}
	}
	if len(rewrite) == 0 {
		return moved, nil
	}
	return moved, p.rewrite(ctx, s, rewrite, moved)
}

// fill is how many bytes of a pack's contents there are, and how many of them are live.
type fill struct{ all, live int64 }

func (p *pruning) fills() (map[[32]byte]*fill, error) {
	fills := map[[32]byte]*fill{}
	for pack := range p.v.packs() {
		fills[pack] = &fill{}
	}
	var streams []iter.Seq2[table.Row, error]
	for i := len(p.v.tables) - 1; i >= 0; i-- {
		streams = append(streams, p.v.tables[i].rows())
	}
	keep := keeping{condemned: p.v.h.Condemned}
	for r, err := range table.MergeRows(keep.row, streams...) {
		if err != nil {
			return nil, err
		}
		f := fills[r.Pack]
		f.all += int64(r.Size)
		ok, err := p.live.has(r.Key)
		if err != nil {
			return nil, err
		}
		if ok {
			f.live += int64(r.Size)
		}
	}
	return fills, nil
}

// worthRewriting are the packs that are mostly waste, if the vault has much of it, and tiny ones, if it has many.
func worthRewriting(fills map[[32]byte]*fill, sizes map[[32]byte]int64) map[[32]byte]bool {
	var all, live int64
	var tiny [][32]byte
	for pack, f := range fills {
		all, live = all+f.all, live+f.live
		if f.live > 0 && sizes[pack] < tinyPack {
			tiny = append(tiny, pack)
		}
	}
	some := map[[32]byte]bool{}
	if len(tiny) > tinyPacks {
		for _, pack := range tiny {
			some[pack] = true
		}
	}
	if float64(all-live) <= wastedVault*float64(all) {
		return some
	}
	for pack, f := range fills {
		if f.live > 0 && float64(f.all-f.live) > wastedPack*float64(f.all) {
			some[pack] = true
		}
	}
	return some
}

// rewrite puts the live contents of some packs anew, from the trees here, else, with Download, from the vault. A pack
// with a content that cannot be had stays.
func (p *pruning) rewrite(ctx context.Context, s *scratch, some map[[32]byte]bool, moved *own) error {
	maps.Copy(p.drop, some)
	p.v.dropping = p.drop // what is in packs that go counts nowhere
	defer func() { p.v.dropping = nil }()
	c := &copying{v: p.v, from: p.from, own: moved, o: CopyOptions{DryRun: p.o.DryRun}}
	c.o.Checkpoint = math.MaxInt64 // its head is the prune's
	c.last = c.now()
	c.up = p.v.newUploads(ctx, moved.add)
	defer c.up.end()
	err := s.db.Editions(ctx, func(e *index.Edition) error {
		if !hasContent(&e.Record) {
			return nil
		}
		return p.move(ctx, c, e.Path, e.Seq, &e.Record, some)
	})
	if err == nil {
		err = c.closePack()
	}
	if err == nil {
		err = c.up.wait()
	}
	if err != nil {
		return err
	}
	p.res.Repacked = int64(len(some))
	p.res.BytesMoved = c.res.BytesRead
	return nil
}

// move puts a content of the packs that go anew.
func (p *pruning) move(ctx context.Context, c *copying, path string, seq uint64, r *record.Record,
	some map[[32]byte]bool) error {
	key := keyOf(r)
	if known, err := c.known(key); known || err != nil {
		return err
	}
	there := *p.v
	there.dropping = nil
	at, pieces, ok, err := there.find(key)
	if err != nil || !ok { // what the vault lacks anyway
		return err
	}
	var got *content
	if p.from != nil {
		first, _ := slices.BinarySearch(p.stay, seq) // an edition is older than the first snapshot that it is in
		if got, err = c.inTrees(ctx, Place{p.stay[first], path}, r); err != nil {
			return err
		}
	}
	if got == nil && p.o.Download && len(p.v.k.Content) > 0 {
		return p.download(ctx, c, path, seq, r, at, pieces)
	}
	if got == nil {
		p.stays(at, pieces, some)
		return nil
	}
	lack := len(c.lack)
	if err := c.bring(ctx, got, r, strconv.FormatUint(seq, 10)+"/"+path); err != nil {
		return err
	}
	if len(c.lack) > lack { // it could be read once, and not again
		p.stays(at, pieces, some)
	}
	return nil
}

// stays leaves the packs of a content that cannot be had.
func (p *pruning) stays(at table.Row, pieces [][32]byte, some map[[32]byte]bool) {
	stay := func(pack [32]byte) {
		if some[pack] {
			delete(some, pack)
			delete(p.drop, pack)
		}
	}
	stay(at.Pack)
	for _, piece := range pieces {
		for i := range p.v.tables {
			if r, ok, err := p.v.tables[i].find(piece); ok && err == nil {
				stay(r.Pack)
			}
		}
	}
}

// download reads a content from the vault and puts it anew.
func (p *pruning) download(ctx context.Context, c *copying, path string, seq uint64, r *record.Record, at table.Row,
	pieces [][32]byte) error {
	name := strconv.FormatUint(seq, 10) + "/" + path
	whole := *p.v
	whole.dropping = nil
	keys := pieces
	if pieces == nil {
		keys = [][32]byte{at.Key}
	}
	for _, key := range keys {
		if known, err := c.known(key); known || err != nil {
			if err != nil {
				return err
			}
			continue
		}
		if p.o.DryRun {
			there, _, _, err := whole.find(key)
			if err != nil {
				return err
			}
			c.res.BytesRead += int64(there.Size)
			c.own.begin(key)
			continue
		}
		body, err := whole.bytesOf(ctx, key)
		if err != nil {
			return err
		}
		c.res.BytesRead += int64(len(body))
		if err := c.addBytes(ctx, key, name, r, body); err != nil {
			return err
		}
	}
	if pieces != nil {
		c.own.addList(keyOf(r), pieces)
	}
	return nil
}

// tables gives a head the tables of what stays, as one, and that of what was moved.
func (p *pruning) tables(ctx context.Context, h *Head, moved *own) (leaving []string, err error) {
	if len(p.drop) == 0 {
		return nil, nil
	}
	pending := false
	for i := range h.Tables {
		pending = pending || h.Tables[i].Pending
	}
	t, leaving, err := p.v.mergeTables(h.Tables, &keeping{condemned: h.Condemned, drop: p.drop, live: p.live})
	if err != nil {
		return nil, err
	}
	defer t.close()
	h.Tables = nil
	if p.o.DryRun {
		return leaving, p.v.m.remove(t.name)
	}
	if t.Len() > 0 {
		if err := p.v.putTable(ctx, h, t, pending); err != nil {
			return nil, err
		}
	}
	if moved.empty() {
		return leaving, nil
	}
	return leaving, p.v.addTable(ctx, h, moved, pending)
}
