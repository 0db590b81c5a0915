package vault

import (
	"maps"
	"slices"

	"snap/internal/file"
	"snap/record"
	"snap/remote/vault/head"
)

// What a head has in it.
type (
	Head           = head.Head
	Snapshot       = head.Snapshot
	Table          = head.Table
	MissingContent = head.Missing
)

func missingOf(r *record.Record) MissingContent {
	return MissingContent{Hash: r.Hash, Size: r.Size, Sparse: r.Has(record.SparseHash)}
}

func recordOf(m MissingContent) record.Record {
	r := record.Record{Hash: m.Hash, Flags: record.Hashed, Change: record.Added, Stored: record.Copied}
	r.Kind, r.Size = file.Regular, m.Size
	if m.Sparse {
		r.Flags |= record.SparseHash
	}
	return r
}

func missingKey(m MissingContent) [32]byte {
	r := recordOf(m)
	return keyOf(&r)
}

// next is a head that begins as h is.
func next(h *Head) *Head {
	n := *h
	n.Snapshots, n.Tables, n.Missing = slices.Clone(h.Snapshots), slices.Clone(h.Tables), slices.Clone(h.Missing)
	n.Condemned, n.Settings = maps.Clone(h.Condemned), maps.Clone(h.Settings)
	if n.Condemned == nil {
		n.Condemned = map[string]uint64{}
	}
	return &n
}
