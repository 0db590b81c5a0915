package parts

import (
	"time"

	"snap/query"
	"snap/record"
	"snap/restore"
)

// Versions are the versions of files that are to be brought back, each under the name of its time.
type Versions struct {
	Options  restore.Options
	Zone     *time.Location // of the times in names
	Relative bool           // each keeps the folders of its path

	Files []string // whose versions they are
	Found []Version
}

// Version is a version that comes back.
type Version struct {
	query.FileVersion
	Of    string // the path of the file now
	Place Place
}

// Take adds all versions of the file of, which arg named. Lost are those whose snapshots have no folder.
func (w *Versions) Take(arg, of string, all []query.FileVersion, snaps query.Snapshots) (lost []query.FileVersion) {
	w.Files = append(w.Files, of)
	dir, name := record.Split(of)
	if !w.Relative {
		dir = ""
	}
	times := make([]time.Time, len(all))
	for i := range all {
		times[i] = snaps[all[i].First].Time.In(w.Zone)
	}
	for i, to := range query.VersionNames(name, times) {
		v := all[i]
		if v.Pos < 0 {
			lost = append(lost, v)
			continue
		}
		item := restore.Item{Path: v.Path, To: record.Join(dir, to)}
		w.Found = append(w.Found, Version{v, of, Place{item, &snaps[v.Pos], arg}})
	}
	return lost
}

// Parts are a part for each version; an error where two would go to the same place.
func (w *Versions) Parts() (all []*Part, err error) {
	places := make([]Place, len(w.Found))
	for i := range w.Found {
		v := &w.Found[i]
		places[i] = v.Place
		p := New(v.Place.Header, w.Options)
		p.Options.Items = []restore.Item{v.Place.Item}
		p.Files, p.Bytes = 1, max(v.Record.Size, 0)
		all = append(all, p)
	}
	return all, Apart(places)
}
