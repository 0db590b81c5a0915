package wire

import (
	"slices"

	"snap/index"
	"snap/query"
	"snap/record"
)

// Stats is what `snap stats` tells of a destination. Sizes are bytes of regular files; a file is an inode, which
// several names and snapshots may share.
type Stats struct {
	Destination    string          `json:"destination"`
	DestinationB64 string          `json:"destination_b64,omitempty"`
	Snapshots      []StatsSnapshot `json:"snapshots"` // those whose folders are there, oldest first
	Missing        []string        `json:"missing"`   // names of those whose folders are gone
	Files          int64           `json:"files"`
	Bytes          int64           `json:"bytes"`      // on disk, each file once
	TreeFiles      int64           `json:"tree_files"` // the files of all snapshots, each counted for itself
	TreeBytes      int64           `json:"tree_bytes"`
	SavedBytes     int64           `json:"saved_bytes"` // tree_bytes less bytes
	IndexBytes     int64           `json:"index_bytes"`
	ChangesBytes   int64           `json:"changes_bytes"` // of the change sets
	Depth          int             `json:"depth"`         // how far down folders are told apart
	Heaviest       []HeavyFolder   `json:"heaviest"`      // folders of the newest snapshot by bytes, ten at most
	// folders by what was copied since the oldest snapshot, ten at most
	Changing []ChangingFolder `json:"changing"`
	// snapshots, from the oldest on, whose hard links to later ones are gone
	Unlinked int `json:"unlinked"`
}

// StatsSnapshot is a snapshot in `snap stats`.
type StatsSnapshot struct {
	Name       string `json:"name"`
	Seq        uint64 `json:"seq"`
	Time       Time   `json:"time"`
	Files      int64  `json:"files"` // in its tree
	Bytes      int64  `json:"bytes"`
	NewFiles   int64  `json:"new_files"` // of these, in no snapshot before
	NewBytes   int64  `json:"new_bytes"`
	AloneFiles int64  `json:"alone_files"` // of these, in no other snapshot: what deleting it alone frees
	AloneBytes int64  `json:"alone_bytes"`
	DiskBytes  int64  `json:"disk_bytes"` // of it and all snapshots before
}

// NewStatsSnapshot is h with its share; disk is what h and all snapshots before hold together.
func NewStatsSnapshot(h *record.Header, s *index.Share, disk int64) StatsSnapshot {
	return StatsSnapshot{
		Name: h.Name, Seq: h.Seq, Time: Time(h.Time), Files: s.Held.Inodes, Bytes: s.Held.Bytes, NewFiles: s.New.Inodes,
		NewBytes: s.New.Bytes, AloneFiles: s.Alone.Inodes, AloneBytes: s.Alone.Bytes, DiskBytes: disk,
	}
}

// HeavyFolder is a folder, "" being the source, with the files in it that no row of a folder in it has.
type HeavyFolder struct {
	Path    string `json:"path"`
	PathB64 string `json:"path_b64,omitempty"`
	Files   int64  `json:"files"`
	Bytes   int64  `json:"bytes"`
}

// ChangingFolder is a folder and what changed in it in the same sense.
type ChangingFolder struct {
	Path        string `json:"path"`
	PathB64     string `json:"path_b64,omitempty"`
	Changes     int64  `json:"changes"` // entries added, modified, removed, moved here or changed in their metadata
	CopiedBytes int64  `json:"copied_bytes"`
}

// Freed is what `snap stats REF…` tells.
type Freed struct {
	Snapshots  []StatsSnapshot `json:"snapshots"`   // those named, oldest first, without missing ones
	FreedFiles int64           `json:"freed_files"` // what deleting all of them frees
	FreedBytes int64           `json:"freed_bytes"`
}

// NewFreed is what deleting snapshots frees.
func NewFreed(s *query.Stats, freed *query.Freed) Freed {
	j := Freed{Snapshots: []StatsSnapshot{}, FreedFiles: freed.Amount.Inodes, FreedBytes: freed.Amount.Bytes}
	disk := int64(0)
	for i, h := range s.Snapshots {
		disk = record.Plus(disk, s.Shares[i].New.Bytes)
		if slices.Contains(freed.Snapshots, i) {
			j.Snapshots = append(j.Snapshots, NewStatsSnapshot(h, &s.Shares[i], disk))
		}
	}
	return j
}

// NewStats is s for programs.
func NewStats(dest string, s *query.Details) Stats {
	j := Stats{
		Snapshots: []StatsSnapshot{}, Missing: append([]string{}, s.Missing...), Files: s.Total.Inodes, Bytes: s.Total.Bytes,
		TreeFiles: s.Apart.Inodes, TreeBytes: s.Apart.Bytes, SavedBytes: s.Apart.Bytes - s.Total.Bytes, Unlinked: s.Unlinked,
		IndexBytes: s.IndexBytes, ChangesBytes: s.ChangeBytes, Depth: s.Depth, Heaviest: []HeavyFolder{},
		Changing: []ChangingFolder{},
	}
	j.Destination, j.DestinationB64 = Name(dest)
	disk := int64(0)
	for i, h := range s.Snapshots {
		disk = record.Plus(disk, s.Shares[i].New.Bytes)
		j.Snapshots = append(j.Snapshots, NewStatsSnapshot(h, &s.Shares[i], disk))
	}
	for _, f := range s.Heavy {
		path, b64 := Name(f.Path)
		j.Heaviest = append(j.Heaviest, HeavyFolder{Path: path, PathB64: b64, Files: f.Files, Bytes: f.Bytes})
	}
	for _, f := range s.Changing {
		path, b64 := Name(f.Path)
		j.Changing = append(j.Changing, ChangingFolder{Path: path, PathB64: b64, Changes: f.Changes, CopiedBytes: f.Copied})
	}
	return j
}
