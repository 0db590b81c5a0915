package web

import (
	"net/url"
	"slices"
	"strconv"

	"snap/cli/wire"
	"snap/internal/hint"
	"snap/query"
	"snap/record"
)

// diffKind is a kind of change, with its mark in `snap diff`.
type diffKind struct {
	kind record.Change
	mark string
}

// diffKinds are the kinds of changes in the order in which they stand.
var diffKinds = []diffKind{
	{record.Added, "+"}, {record.Modified, "M"}, {record.Metadata, "U"}, {record.Moved, "R"}, {record.Removed, "−"},
	{record.TypeChanged, "T"},
}

// diffLook is what the address asks for.
func (q *question) diffLook(p *diffPage) (l query.DiffLook, err error) {
	l = query.DiffLook{N: diffShown, Most: diffRead, Unfold: q.form.Get("unfold") != ""}
	if q.r.Header.Get("Snap-Fragment") == "whole" || q.form.Has("count") {
		l.Most = 0
	}
	for _, s := range q.form["kind"] {
		i := slices.IndexFunc(diffKinds, func(k diffKind) bool { return k.kind.String() == s })
		if i < 0 {
			return l, hint.Usagef("kind is added, modified, metadata, moved, removed or type")
		}
		l.Kinds = append(l.Kinds, diffKinds[i].kind)
	}
	switch q.form.Get("sort") {
	case "", "path":
	case "copied":
		l.ByCopied = true
	default:
		return l, hint.Usagef("sort is by path or copied")
	}
	if s := q.form.Get("from"); s != "" {
		if l.From, err = strconv.Atoi(s); err != nil || l.From < 0 || l.From > 1e9 {
			return l, hint.Usagef("from is a number of rows")
		}
		if l.Most > 0 { // whoever goes on wants to come there
			l.Most += l.From * 8
		}
	}
	p.Unfold, p.ByCopied, p.First = l.Unfold, l.ByCopied, l.From+1
	return l, nil
}

// toggle chooses a kind, or no longer. The first that is chosen is shown alone.
func toggle(v url.Values, kind string) {
	kinds := v["kind"]
	if i := slices.Index(kinds, kind); i >= 0 {
		kinds = slices.Delete(slices.Clone(kinds), i, i+1)
	} else {
		kinds = append(slices.Clone(kinds), kind)
	}
	if v.Del("kind"); len(kinds) > 0 {
		v["kind"] = kinds
	}
}

// countOf is how many differences of a kind there are.
func countOf(s *wire.DiffSummary, kind record.Change) int64 {
	switch kind {
	case record.Added:
		return s.Added
	case record.Modified:
		return s.Modified
	case record.Metadata:
		return s.Metadata
	case record.Moved:
		return s.Moved
	case record.Removed:
		return s.Removed
	}
	return s.Type
}
