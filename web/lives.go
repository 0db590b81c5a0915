package web

import (
	"encoding/hex"
	"strings"

	"snap/internal/file"
	"snap/query"
	"snap/record"
)

// life is a step in the life of the file: a version of it, or that it was removed.
type life struct {
	query.Version
	First, Last *record.Header
	Delta       int64  // bytes, against the version before
	HasDelta    bool   // else there is none to compare with
	URL         string // shows it as B
	Pick        string // shows it as A
	IsA, IsB    bool
	Raw         string
	Hash        string
	Note        string
	Now         bool // it is no version of a snapshot but what is there now
	Back        bool // it was removed before, and is there again
	Alike       bool // that is as in the newest snapshot, by size and time
}

// Held reports whether there is something to show.
func (l *life) Held() bool { return l.Change != record.Removed && l.Record.Held() }

// Is reports whether it is a regular file.
func (l *life) Is() bool { return l.Record.Kind == file.Regular }

// lives fills in the steps, and chooses the two that are looked at.
func (q *question) lives(p *filePage, steps []query.Version) error {
	names, gone := map[string]bool{}, map[string]bool{}
	var all []*life
	for i := range steps {
		v := steps[i]
		l := &life{Version: v, First: q.header(v.First), Last: q.header(v.Last), Note: noteOf(v.Record)}
		if v.Change == record.Removed {
			l.Note = ""
		}
		if l.Record.Has(record.Hashed) {
			l.Hash = hex.EncodeToString(l.Record.Hash[:])
		}
		l.Raw = q.Raw(l.First.Name, v.Path)
		names[v.Path] = true
		l.Back = v.Change != record.Removed && gone[v.Path]
		gone[v.Path] = v.Change == record.Removed
		all = append(all, l)
	}
	p.Names = len(names)
	asked := q.form.Get("b")
	now := q.livesNow(all)
	if asked == liveName { // where it is not there, the newest that is takes its place
		asked = ""
	}
	b, err := q.chosen(all, asked, p.Path)
	if err != nil {
		return err
	}
	if now != nil {
		all = append(all, now)
		if q.form.Get("b") == liveName {
			b = len(all) - 1
		}
	}
	if b < 0 {
		b = len(steps) - 1
		for b > 0 && !all[b].Held() {
			b--
		}
	}
	a, err := q.chosen(all[:len(steps)], q.form.Get("a"), p.Path)
	if err != nil {
		return err
	}
	if q.form.Get("a") == "" {
		a = b - 1
		for a >= 0 && (!all[a].Held() || all[a].Version.First == all[b].Version.First && !all[b].Now) {
			a--
		}
	}
	p.B = all[b]
	p.B.IsB = true
	if a >= 0 && a != b {
		p.A = all[a]
		p.A.IsA = true
	}
	name := func(l *life) string {
		if l.Path == p.Path || l.Now {
			return l.First.Name
		}
		return l.First.Name + ":" + l.Path
	}
	before := map[string]int64{}
	for i, l := range all {
		l.URL = q.File(p.Path, "b", name(l))
		l.Pick = q.File(p.Path, "a", name(l), "b", name(p.B), "view", p.View)
		from := l.Path
		if l.From() != "" {
			from = l.From()
		}
		if size, ok := before[from]; ok && i > 0 {
			l.Delta, l.HasDelta = l.Record.Size-size, true
		}
		before[l.Path] = l.Record.Size
	}
	for i := len(all) - 1; i >= 0; i-- {
		p.Lives = append(p.Lives, all[i])
	}
	return nil
}

// chosen is the step that "REF" or "REF:PATH" names, -1 for none. A REF without a path means that of the page.
func (q *question) chosen(all []*life, asked, path string) (int, error) {
	if asked == "" {
		return -1, nil
	}
	ref, at, named := strings.Cut(asked, ":")
	if named && strings.HasPrefix(asked, "tag:") {
		ref, at, named = asked, "", false
	}
	pos, err := q.d.Resolver().Resolve(ref)
	if err != nil {
		return -1, notFound(err)
	}
	if !named {
		at = path
	}
	best := -1
	for i, l := range all {
		if l.Version.First > pos || pos > l.Version.Last {
			continue
		}
		if l.Path == at {
			return i, nil
		}
		if l.Held() || best < 0 {
			best = i
		}
	}
	return best, nil
}

// snapshotOf is the snapshot in "REF:PATH"; an empty one is the newest.
func snapshotOf(ref string) string {
	if ref == "" {
		return "latest"
	}
	ref, _, _ = strings.Cut(ref, ":")
	return ref
}
