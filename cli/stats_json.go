package cli

import (
	"snap/cli/wire"
	"snap/index"
	"snap/query"
)

// statsJSON is s for programs.
func statsJSON(dest string, s *query.Details) wire.Stats {
	j := wire.Stats{
		Snapshots: []wire.StatsSnapshot{}, Missing: append([]string{}, s.Missing...), Files: s.Total.Inodes, Bytes: s.Total.Bytes,
		TreeFiles: s.Apart.Inodes, TreeBytes: s.Apart.Bytes, SavedBytes: s.Apart.Bytes - s.Total.Bytes, Unlinked: s.Unlinked,
		IndexBytes: s.IndexBytes, ChangesBytes: s.ChangeBytes, Depth: s.Depth, Heaviest: []wire.HeavyFolder{}, Changing: []wire.ChangingFolder{},
	}
	j.Destination, j.DestinationB64 = wire.Name(dest)
	disk := int64(0)
	for i, h := range s.Snapshots {
		disk = index.Plus(disk, s.Shares[i].New.Bytes)
		j.Snapshots = append(j.Snapshots, wire.NewStatsSnapshot(h, &s.Shares[i], disk))
	}
	for _, f := range s.Heavy {
		path, b64 := wire.Name(f.Path)
		j.Heaviest = append(j.Heaviest, wire.HeavyFolder{Path: path, PathB64: b64, Files: f.Files, Bytes: f.Bytes})
	}
	for _, f := range s.Changing {
		path, b64 := wire.Name(f.Path)
		j.Changing = append(j.Changing, wire.ChangingFolder{Path: path, PathB64: b64, Changes: f.Changes, CopiedBytes: f.Copied})
	}
	return j
}
