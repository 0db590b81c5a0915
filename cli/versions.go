package cli

import (
	"errors"
	"slices"
	"strings"

	"snap/index"
	"snap/internal/file"
	"snap/internal/quote"
)

// version is a stretch of snapshots in which a path held the same: a record that is silent, or equal in
// content and metadata, begins no new one; a file that was moved to the path always does.
type version struct {
	path        string
	record      *index.Record
	first, last int // positions of the snapshots between which it lived, both included
	change      index.Change
	to          string // where the file went after last, "" if it did not move away
	deleted     bool   // after last there was nothing at the path, and the file had not moved
	unread      bool   // after last it could not be read, and then it was deleted
	shut        bool   // after last the folder that it is in could not be read
}

// versionsOf are the versions of one path, oldest first. Records of snapshots that are not complete do
// not count. Of several that are one snapshot's by now, because a deletion is not at its end, the last does.
func versionsOf(h *index.History, snaps snapshots) []version {
	var all []version
	var living *version
	merged := false
	for i := range h.Versions {
		v := &h.Versions[i]
		pos, ok := snaps.bySeq(v.Seq)
		if i+1 < len(h.Versions) && ok {
			if next, _ := snaps.bySeq(h.Versions[i+1].Seq); next == pos {
				merged = true
				continue
			}
		}
		after := v.Record
		if merged && after.Change == index.Silent { // about what another one had said
			after.Change = index.Modified
		}
		merged = false
		if !ok || living != nil && v.Exists() && v.To == "" && continues(living.record, &after) {
			continue
		}
		if living != nil {
			gone := !v.Exists() && v.To == ""
			living.shut = gone && v.Reason == index.UnreadableNow
			living.last, living.to, living.deleted = pos-1, v.To, gone && !living.shut
			living = nil
		}
		if v.Exists() {
			all = append(all, version{path: h.Path, record: &v.Record, first: pos, last: snaps.newest(), change: after.Change})
			living = &all[len(all)-1]
			if after.Change == index.Silent { // what it was silent about is gone
				living.change = index.Added
			}
		}
	}
	return all
}

// continues reports whether next says nothing new of a path that held before.
func continues(before, next *index.Record) bool {
	return next.Change == index.Silent || next.Change != index.Moved && index.Classify(before, next) == 0
}

// count is in how many snapshots the version is.
func (v *version) count() int { return v.last - v.first + 1 }

// from is where the file was before it was moved here.
func (v *version) from() string {
	if v.change != index.Moved {
		return ""
	}
	return v.record.From
}

// span names the first and the last snapshot of the version.
func (v *version) span(snaps snapshots) string {
	first, last := quote.Name(snaps[v.first].Name), quote.Name(snaps[v.last].Name)
	if v.first == v.last {
		return first
	}
	return first + ".." + last
}

// versionJSON is a version in `find` and `history`.
type versionJSON struct {
	MessageType string  `json:"message_type"`
	Path        string  `json:"path"`
	PathB64     string  `json:"path_b64,omitempty"`
	Type        string  `json:"type"`
	Size        int64   `json:"size"`
	Mtime       stamp   `json:"mtime"`
	SHA256      *string `json:"sha256"`
	Sparse      string  `json:"sha256_sparse,omitempty"`
	First       string  `json:"first"`
	Last        string  `json:"last"`
	Snapshots   int     `json:"snapshots"`
	Change      string  `json:"change"`
	From        *string `json:"from"`
	FromB64     string  `json:"from_b64,omitempty"`
	To          *string `json:"to"`
	ToB64       string  `json:"to_b64,omitempty"`
	Deleted     bool    `json:"deleted"`
	Problem     string  `json:"problem,omitempty"` // as in ls
}

func (v *version) json(snaps snapshots) versionJSON {
	j := versionJSON{
		MessageType: "version", Type: v.record.Kind.String(), Size: v.record.Size, Mtime: mtime(v.record.Mtime),
		SHA256: hashJSON(v.record), Sparse: sparseJSON(v.record), First: snaps[v.first].Name, Last: snaps[v.last].Name, Snapshots: v.count(),
		Change: v.change.String(), Deleted: v.deleted, Problem: problemJSON(v.record),
	}
	if v.change == index.Removed && v.shut {
		j.Problem = "unreadable"
	}
	j.Path, j.PathB64 = jsonName(v.path)
	j.From, j.FromB64 = optionalName(v.from())
	j.To, j.ToB64 = optionalName(v.to)
	return j
}

// optionalName is jsonName, with null for "".
func optionalName(name string) (text *string, b64 string) {
	if name == "" {
		return nil, ""
	}
	s, b64 := jsonName(name)
	return &s, b64
}

// story is where the file came from and what became of it, each "" if there is nothing to tell.
func (v *version) story() (before, after string) {
	if from := v.from(); from != "" {
		before = shown(from, v.record.Kind)
	}
	switch {
	case v.unread:
		after = "could not be read, then deleted"
	case v.shut:
		after = "could not be read"
	case v.deleted:
		after = "deleted"
	case v.to != "":
		after = "moved to " + shown(v.to, v.record.Kind)
	}
	return before, after
}

// journey is the path with its story around it.
func (v *version) journey() string {
	before, after := v.story()
	return enclose("", before, " -> ") + shown(v.path, v.record.Kind) + enclose(" (", v.problem(), ")") + enclose(" (then ", after, ")")
}

// aside is the story of a version that stands below its path.
func (v *version) aside() string {
	before, after := v.story()
	var parts []string
	for _, part := range []string{enclose("from ", before, ""), v.problem()} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return after
	}
	return strings.Join(parts, ", ") + enclose(", then ", after, "")
}

// problem says that the snapshots do not hold the version.
func (v *version) problem() string {
	if v.change == index.Removed && v.shut {
		return "could not be read"
	}
	if v.change == index.Removed || v.record.Held() {
		return ""
	}
	return problemText(v.record)
}

// heldOnly leaves out what no snapshot holds, because it could not be read. The version before is then the last one that
// can be had of a file that was deleted since.
func heldOnly(all []version) (held []version) {
	for _, v := range all {
		if v.record.Held() {
			held = append(held, v)
			continue
		}
		if n := len(held) - 1; n >= 0 && v.deleted && held[n].to == "" && !held[n].deleted && v.change != index.Moved {
			held[n].deleted, held[n].unread = true, true
		}
	}
	return held
}

// lost reports whether the newest snapshot holds the file of v under no name.
func (d *reader) lost(c *call, v version) (bool, error) {
	for v.last != d.snaps.newest() {
		if v.deleted {
			return true, nil
		}
		if v.shut {
			return d.readable(c, v.path)
		}
		path := v.path
		if v.to != "" {
			path = v.to
		}
		h, err := d.db.Versions(c.ctx, path)
		if err != nil {
			return false, err
		}
		all := versionsOf(&h, d.snaps)
		next := slices.IndexFunc(all, func(o version) bool { return o.first == v.last+1 })
		if next < 0 || v.to == "" && (all[next].change == index.Moved || all[next].change == index.TypeChanged || all[next].record.Reason == index.Replaced) { // another file took its place
			return true, nil
		}
		v = all[next]
	}
	return false, nil
}

// readable reports whether the newest snapshot could read the folder that path is in, or was in.
func (d *reader) readable(c *call, path string) (bool, error) {
	newest := d.snaps[d.snaps.newest()].Seq
	for path != "" {
		path, _ = index.Split(path)
		r, _, err := d.db.Lookup(c.ctx, newest, path)
		if err == nil {
			return !r.Has(index.Unreadable), nil
		}
		if !errors.Is(err, index.ErrNotFound) {
			return false, err
		}
	}
	return true, nil
}

// enclose is text between two others, "" if there is none.
func enclose(before, text, after string) string {
	if text == "" {
		return ""
	}
	return before + text + after
}

// sizeText is a version's size, "-" for what has none.
func (c *call) sizeText(r *index.Record) string {
	if r.Kind != file.Regular {
		return "-"
	}
	return c.size(r.Size)
}
