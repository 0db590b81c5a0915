package vault

import (
	"context"
	"os"

	"snap/index"
	"snap/remote/vault/head"
	"snap/remote/vault/table"
)

// removeSnapshots takes those that are not kept out of a head: the change set of each that follows some of them is made
// anew. The newest stays, as the next copy goes on from it.
func (p *pruning) removeSnapshots(ctx context.Context, h *Head, s *scratch) error {
	var stay []Snapshot
	p.stay = nil
	var gone []uint64 // before the one that is looked at
	prev := uint64(0)
	for i, snap := range h.Snapshots {
		seq := snap.Header.Seq
		if i < len(h.Snapshots)-1 && !p.keep(seq) {
			gone = append(gone, seq)
			p.res.Removed = append(p.res.Removed, seq)
			continue
		}
		if len(gone) > 0 {
			header := snap.Header
			header.Merged, header.Bucket, header.Parent = gone, 0, prev
			path, err := s.merged(ctx, prev, &header)
			if err != nil {
				return err
			}
			parts, err := p.putParts(ctx, path)
			if err != nil {
				return err
			}
			snap, gone = Snapshot{Header: header, Parts: parts}, nil
		}
		stay = append(stay, snap)
		p.stay = append(p.stay, seq)
		prev = seq
	}
	h.Snapshots = stay
	return nil
}

// putParts puts a change set that is in a file.
func (p *pruning) putParts(ctx context.Context, path string) (names []head.Sum, err error) {
	if p.o.DryRun {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return p.v.putStream(ctx, f)
}

// liveContents is a table of all contents and pieces that the snapshots that stay have. Where they are it does not say.
// Those of a copy that goes on stay, too.
func (p *pruning) liveContents(ctx context.Context, h *Head, s *scratch) (*openTable, error) {
	live := &marks{own: newOwn(p.v.m)}
	live.own.prefix = "live-"
	defer live.own.close()
	err := s.db.Editions(ctx, func(e *index.Edition) error {
		if !hasContent(&e.Record) {
			return nil
		}
		return live.mark(p.v, keyOf(&e.Record))
	})
	if err != nil {
		return nil, err
	}
	for i := range h.Tables {
		if !h.Tables[i].Pending {
			continue
		}
		for r, err := range p.v.tables[i].rows() {
			if err == nil {
				err = live.mark(p.v, r.Key)
			}
			if err != nil {
				return nil, err
			}
		}
		for l, err := range p.v.tables[i].lists() {
			if err == nil {
				err = live.mark(p.v, l.Key)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return live.own.table("live")
}

// marks is a set of contents that may be larger than memory.
type marks struct{ own *own }

// mark adds a content, and its pieces.
func (m *marks) mark(v *Vault, key [32]byte) error {
	_, pieces, _, err := v.find(key)
	if err != nil {
		return err
	}
	rows := []table.Row{{Key: key}}
	for _, p := range pieces {
		rows = append(rows, table.Row{Key: p})
	}
	return m.own.add(&packed{Rows: rows, Size: 1})
}
