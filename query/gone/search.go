package gone

import (
	"context"
	"path/filepath"
	"slices"

	"snap/index"
	"snap/internal/file"
	"snap/query"
	"snap/record"
)

// search collects what is not at its path in the source.
type search struct {
	*query.Reader
	ctx context.Context
	f   *Filter
	now *present

	found   []missingPath
	at      map[string]int // where in found a path is
	unseen  []Unseen
	folders []string     // to be looked into, too
	older   []string     // gone before f.Since
	there   map[int]bool // by position: the snapshot's folder is, or is not, in the destination
}

// missingPath is a path that snapshots know, and at which nothing is in the source now.
type missingPath struct {
	path   string
	was    []string // paths that it had before, and that were asked for
	wasPos int      // the last snapshot that has it at the first of these
	direct bool     // it was asked for as what it is
	kind   file.Kind
	last   int // the last snapshot in which it was there
	pos    int // the last one that holds it; see Entry.Pos
	bytes  int64
	source string
	taken  string

	movedTo string         // absolute; "": nowhere
	lived   *record.Record // in the newest snapshot, nil: it was not there then
	dev     uint64         // of the folder that it was in
}

// asked is the path that was asked for.
func (m *missingPath) asked() string {
	if m.direct || len(m.was) == 0 {
		return m.path
	}
	return m.was[0]
}

// matching collects what m fits, and what is in folders that it fits.
func (s *search) matching(m *query.Matcher) error {
	for h, err := range s.Histories(s.ctx, m) {
		if err != nil {
			return err
		}
		if n := len(s.folders); n > 0 && record.Within(h.Path, s.folders[n-1]) {
			continue
		}
		if slices.ContainsFunc(h.Versions, func(v index.Version) bool { return v.Exists() && v.Kind == file.Folder }) {
			s.folders = append(s.folders, h.Path)
			continue
		}
		if err := s.take(&h); err != nil {
			return err
		}
	}
	for i := 0; i < len(s.folders); i++ { // some are added meanwhile
		dir := s.folders[i]
		if slices.ContainsFunc(s.folders[:i], func(d string) bool { return record.Within(dir, d) }) {
			continue
		}
		for h, err := range s.DB.Histories(s.ctx, dir, func([]byte) bool { return true }) {
			if err == nil {
				err = s.take(&h)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// take notes the last file that was at a path, unless it is there.
func (s *search) take(h *index.History) error {
	all := query.VersionsOf(h, s.Snapshots)
	if len(all) == 0 {
		return nil
	}
	v := all[len(all)-1]
	if !s.inSource(v.Last, h.Path) {
		return nil
	}
	now := s.now.look(sourceAt(s.Reader, v.Last), h.Path)
	if s.isThere(h.Path, &v, &now) {
		return nil
	}
	end, err := s.End(s.ctx, v)
	if err != nil {
		return err
	}
	m := missingPath{path: end.Path, kind: end.Record.Kind, last: end.Last, source: sourceAt(s.Reader, end.Last),
		direct: end.Path == h.Path}
	if end.Path != h.Path {
		if !s.inSource(end.Last, end.Path) {
			return nil
		}
		if now = s.now.look(m.source, end.Path); s.isThere(end.Path, &end, &now) {
			if now.err == nil && s.beforeSince(v.Last) {
				s.older = append(s.older, h.Path)
			} else if now.err == nil {
				s.add(&missingPath{path: h.Path, kind: m.kind, last: v.Last, pos: v.Last, source: m.source, direct: true,
					movedTo: filepath.Join(m.source, filepath.FromSlash(end.Path))})
			}
			return nil
		}
		m.was, m.wasPos = []string{h.Path}, v.Last
		if m.kind == file.Folder {
			s.folders = append(s.folders, end.Path)
		}
		history, err := s.DB.Versions(s.ctx, end.Path)
		if err != nil {
			return err
		}
		all = query.VersionsOf(&history, s.Snapshots)
	}
	if m.last, err = s.LastThere(s.ctx, &end); err != nil {
		return err
	}
	if s.beforeSince(m.last) {
		s.older = append(s.older, m.path)
		return nil
	}
	if m.taken = now.inWay; now.Kind != file.None {
		m.taken = end.Path
	}
	if m.taken != "" {
		m.taken = filepath.Join(m.source, filepath.FromSlash(m.taken))
	}
	m.pos, m.bytes = s.heldAt(all, &end)
	if end.Last == s.Snapshots.Newest() {
		m.lived, m.dev = end.Record, now.dev
	}
	s.add(&m)
	return nil
}

// isThere reports whether what is at the path is what v was, or has taken its place as a thing of the same kind: a
// folder, or none. What cannot be looked at is not known to be gone.
func (s *search) isThere(path string, v *query.Version, now *seen) bool {
	if now.err != nil {
		s.unseen = append(s.unseen, Unseen{path, now.err})
		return true
	}
	return now.Kind != file.None && (now.Kind == file.Folder) == (v.Record.Kind == file.Folder)
}

func (s *search) add(m *missingPath) {
	if i, known := s.at[m.path]; known {
		f := &s.found[i]
		if len(f.was) == 0 {
			f.wasPos = m.wasPos
		}
		f.direct, f.was = f.direct || m.direct, append(f.was, m.was...)
		return
	}
	s.at[m.path] = len(s.found)
	s.found = append(s.found, *m)
}

// inSource reports whether path is in a source of the snapshot at pos, not only on the way to one.
func (s *search) inSource(pos int, path string) bool {
	h := &s.Snapshots[pos]
	return len(h.Sources) == 0 || h.Roots().Place(path) == record.InSource
}

// beforeSince reports whether what the snapshot at last was the last to have is gone longer than is asked for.
func (s *search) beforeSince(last int) bool {
	return last < s.Snapshots.Newest() && s.Snapshots[last+1].Time.Before(s.f.Since)
}

// heldAt is the last snapshot, not after the version end of all of one path, that holds the path and has its folder in
// the destination; -1 for none. And the size of what it holds.
func (s *search) heldAt(all []query.Version, end *query.Version) (pos int, bytes int64) {
	for i := len(all) - 1; i >= 0; i-- {
		v := &all[i]
		if v.First > end.Last || !v.Record.Held() {
			continue
		}
		for pos := min(v.Last, end.Last); pos >= v.First; pos-- {
			there, asked := s.there[pos]
			if !asked {
				there = s.Present(&s.Snapshots[pos])
				s.there[pos] = there
			}
			if there && v.Record.Kind == file.Regular {
				bytes = v.Record.Size
			}
			if there {
				return pos, bytes
			}
		}
	}
	return -1, 0
}

// emptied are the sources that all is gone from, of those that are folders.
func (s *search) emptied(gone []Entry) (all []string) {
	for i := range gone {
		g := &gone[i]
		h := &s.Snapshots[max(g.Pos, 0)]
		root := ""
		for _, r := range h.Roots().Outer() {
			if record.Within(g.Path, r) {
				root = r
			}
		}
		at := filepath.Join(g.Source, filepath.FromSlash(root))
		if root == g.Path && g.Kind != file.Folder { // a file alone: all that counts is that its folder is there
			at = g.Source
		}
		if !slices.Contains(all, at) && s.now.emptied(at, "") {
			all = append(all, at)
		}
	}
	return all
}

// useless are the patterns that fit nothing that is gone, and what they fit instead.
func (s *search) useless(m *query.Matcher) (all []Useless, err error) {
	for i := range s.f.Patterns {
		one := m.One(i)
		u := Useless{Pattern: s.f.Patterns[i]}
		fits := func(path string) bool {
			for ; path != ""; path, _ = record.Split(path) {
				if one.Matches([]byte(path)) {
					return true
				}
			}
			return one.Matches(nil)
		}
		gone := false
		for j := range s.found {
			if p := &s.found[j]; !fits(p.path) && !slices.ContainsFunc(p.was, fits) {
				continue
			} else if gone = p.movedTo == ""; gone {
				break
			} else if u.Moved == nil {
				u.Moved = p.moved()
			}
		}
		if gone {
			continue
		}
		u.Older = slices.ContainsFunc(s.older, fits)
		if u.Moved == nil && !u.Older {
			for h, err := range s.Histories(s.ctx, one) {
				if err != nil {
					return nil, err
				}
				if all := query.VersionsOf(&h, s.Snapshots); len(all) > 0 && len(s.unseen) == 0 {
					last := &all[len(all)-1]
					u.Path, u.Kind = h.Path, last.Record.Kind
					u.There = filepath.Join(sourceAt(s.Reader, last.Last), filepath.FromSlash(h.Path))
				}
				break
			}
		}
		all = append(all, u)
	}
	return all, nil
}
