package destination

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strings"

	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// Renamed is a snapshot whose folder has another name now, as far as can be told by what is in it.
type Renamed struct {
	Snapshot string
	Folder   string // below the destination, "/" between its elements: NAME or NAME/NAME
}

// FindRenamed looks for the folders of the snapshots that are missing from the destination root: under another name, or
// in a folder beside the snapshots under their own. Whoever has renamed one did not remove it.
func FindRenamed(ctx context.Context, root *file.Dir, db *index.DB, missing []string) ([]Renamed, error) {
	if len(missing) == 0 {
		return nil, nil
	}
	all, err := db.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	strays, err := straysIn(root, all, missing)
	if err != nil || len(strays) == 0 {
		return nil, err
	}
	var pairs []likeness
	for i := range all {
		h := &all[i]
		if !slices.Contains(missing, h.Name) {
			continue
		}
		for at, s := range strays {
			l := likeness{name: h.Name, stray: at}
			fits, err := l.compare(ctx, root, db, h.Seq, s.Name)
			if err != nil {
				return nil, err
			}
			if fits {
				l.named = strings.Contains(s.Name, h.Name)
				pairs = append(pairs, l)
			}
		}
	}
	return choose(pairs, strays), nil
}

// likeness is how far a folder is the tree of a snapshot.
type likeness struct {
	name   string // of the snapshot
	stray  int
	differ int  // entries
	named  bool // the folder's name has the snapshot's in it
}

// choose gives each snapshot the folder that is most like it, and each folder to one. Of trees that are equal the older
// one is the older snapshot's.
func choose(pairs []likeness, strays []file.Entry) (found []Renamed) {
	slices.SortStableFunc(pairs, func(a, b likeness) int {
		switch {
		case a.differ != b.differ:
			return cmp.Compare(a.differ, b.differ)
		case a.named != b.named && a.named:
			return -1
		case a.named != b.named:
			return 1
		}
		return 0
	})
	taken := map[int]bool{}
	for _, p := range pairs {
		if taken[p.stray] || slices.ContainsFunc(found, func(r Renamed) bool { return r.Snapshot == p.name }) {
			continue
		}
		taken[p.stray] = true
		found = append(found, Renamed{p.name, strays[p.stray].Name})
	}
	slices.SortFunc(found, func(a, b Renamed) int { return cmp.Compare(a.Snapshot, b.Snapshot) })
	return found
}

// straysIn are the folders in root that are no snapshot's, the oldest first, and those in them that have the name of a
// missing one.
func straysIn(root *file.Dir, all []record.Header, missing []string) (strays []file.Entry, err error) {
	entries, err := root.Entries()
	if err != nil {
		return nil, err
	}
	root.StatAll(entries)
	for i := range entries {
		e := &entries[i]
		if e.Err != nil || e.Stat.Kind != file.Folder || e.Name == MetaName ||
			slices.ContainsFunc(all, func(h record.Header) bool { return h.Name == e.Name }) {
			continue
		}
		strays = append(strays, *e)
		in, err := root.EnterDir(e.Name)
		if err != nil {
			continue // what cannot be looked into is no answer
		}
		for _, name := range missing {
			if s, err := in.Lstat(name); err == nil && s.Kind == file.Folder {
				strays = append(strays, file.Entry{Name: path.Join(e.Name, name), Stat: s})
			}
		}
		in.Close()
	}
	slices.SortStableFunc(strays, func(a, b file.Entry) int { return a.Stat.Btime.Time().Compare(b.Stat.Btime.Time()) })
	return strays, nil
}

// So many entries of a tree are compared; where not one of the first ones fits, no more.
const (
	likenessLooks = 20_000
	likenessTries = 100
)

// compare counts the entries of snapshot seq that are not in the folder as they should be. It fits if most are.
func (l *likeness) compare(ctx context.Context, root *file.Dir, db *index.DB, seq uint64, folder string) (bool, error) {
	top, err := enterBelow(root, folder)
	if err != nil {
		return false, nil // what cannot be looked into is no answer
	}
	defer top.Close()
	tree := file.NewTree(top, 64, (*file.Dir).EnterDir)
	defer tree.Close()
	looked, direct := 0, map[string]bool{}
	for e, err := range db.Entries(ctx, seq, "") {
		if err != nil {
			return false, err
		}
		if e.Path == "" || e.Stored == record.Absent {
			continue
		}
		dir, name := record.Split(e.Path)
		if dir == "" {
			direct[name] = true
		}
		if looked++; !like(tree, dir, name, &e.Record) {
			l.differ++
		}
		if looked == likenessLooks || looked == likenessTries && l.differ == looked {
			break
		}
	}
	fits := 2*l.differ < looked || looked == 0
	names, err := top.Entries()
	for i := range names {
		if !direct[names[i].Name] && looked < likenessLooks {
			l.differ++
		}
	}
	return fits && err == nil && (looked > 0 || len(names) == 0), nil
}

func enterBelow(root *file.Dir, folder string) (*file.Dir, error) {
	outer, inner, deep := strings.Cut(folder, "/")
	dir, err := root.OpenDir(outer)
	if err != nil || !deep {
		return dir, err
	}
	defer dir.Close()
	return dir.OpenDir(inner)
}

// like reports whether what is at a path of a tree may be what the record says. Whole seconds are compared, because
// file systems differ in the rest.
func like(tree *file.Tree, dir, name string, rec *record.Record) bool {
	in, err := tree.Dir(dir)
	if err != nil {
		return false
	}
	defer in.Close()
	s, err := in.Lstat(name)
	if err != nil || s.Kind != rec.Kind {
		return false
	}
	switch s.Kind {
	case file.Regular:
		return s.Size == rec.Size && s.Mtime.Sec == rec.Mtime.Sec
	case file.Folder:
		return s.Mtime.Sec == rec.Mtime.Sec
	}
	return true
}
