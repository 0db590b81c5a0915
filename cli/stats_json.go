package cli

import (
	"snap/cli/wire"
	"snap/index"
)

func (s *stats) json() wire.Stats {
	j := wire.Stats{
		Snapshots: []wire.StatsSnapshot{}, Missing: append([]string{}, s.missing...), Files: s.total.Inodes, Bytes: s.total.Bytes,
		TreeFiles: s.apart.Inodes, TreeBytes: s.apart.Bytes, SavedBytes: s.apart.Bytes - s.total.Bytes, Unlinked: s.unlinked,
		IndexBytes: s.index, ChangesBytes: s.sets, Depth: s.folders.depth, Heaviest: []wire.HeavyFolder{}, Changing: []wire.ChangingFolder{},
	}
	j.Destination, j.DestinationB64 = wire.Name(s.dest)
	disk := int64(0)
	for i, h := range s.there {
		disk = index.Plus(disk, s.shares[i].New.Bytes)
		j.Snapshots = append(j.Snapshots, wire.NewStatsSnapshot(h, &s.shares[i], disk))
	}
	for _, f := range s.folders.heavy.best {
		path, b64 := wire.Name(f.path)
		j.Heaviest = append(j.Heaviest, wire.HeavyFolder{Path: path, PathB64: b64, Files: f.files, Bytes: f.bytes})
	}
	for _, f := range s.folders.changing.best {
		path, b64 := wire.Name(f.path)
		j.Changing = append(j.Changing, wire.ChangingFolder{Path: path, PathB64: b64, Changes: f.changes, CopiedBytes: f.copied})
	}
	return j
}
