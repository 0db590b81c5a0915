package query

import (
	"fmt"
	"slices"
	"strings"

	"snap/internal/hint"
	"snap/internal/quote"
	"snap/internal/when"
)

// What a reference that names no snapshot may have been meant to be.

// unknown says that s is no snapshot's name, and what it may be.
func (r Resolver) unknown(s string) error {
	err := fmt.Errorf("%s: no such snapshot", quote.Name(s))
	if ref, path, ok := r.looksLike(s); ok && path == "" {
		return hint.With(err, "did you mean %s?", quote.Word(ref))
	} else if ok {
		return hint.With(err, "it is a path in snapshot %s, and a snapshot is to be named here: %[1]s", quote.Word(ref))
	}
	if meant := r.meant(s); meant != "" {
		return hint.With(err, "did you mean %s?", meant)
	}
	if strings.Contains(s, "/") || strings.Contains(s, ".") && (s[0] < '0' || s[0] > '9') {
		// what begins with a digit is a name, or meant as one
		return hint.With(err, "it looks like a path, and a snapshot is to be named here, such as latest; to see all: "+
			"snap list")
	}
	return hint.With(err, "there are %s; to see all: snap list", quote.List(r.like(s)))
}

// meant is what s may be meant to be, which names no snapshot; "" if nobody can tell.
func (r Resolver) meant(s string) string {
	var meant []string
	if pos := r.tagged(s); pos >= 0 {
		meant = append(meant, fmt.Sprintf("%s (that is %s)", quote.Word("tag:"+s), quote.Name(r.Snapshots[pos].Name)))
	}
	if at := r.asTime(s); at != "" {
		meant = append(meant, at)
	}
	if when.IsDay(s) && r.holds(s) {
		meant = append(meant, "the path "+quote.Word("latest:"+s))
	}
	if len(meant) > 0 {
		return strings.Join(meant, ", or ")
	}
	if same := spoken[strings.ToLower(s)]; same != "" {
		return same
	}
	return hint.Nearest(s, append([]string{"latest", "oldest"}, when.Days...))
}

// spoken are words for the newest snapshot and the oldest that are called otherwise here.
var spoken = map[string]string{
	"newest": "latest", "last": "latest", "head": "latest", "current": "latest", "recent": "latest",
	"first": "oldest", "earliest": "oldest",
}

// asTime is s as a reference by time, and which snapshot that is; "" if s is no time.
func (r Resolver) asTime(s string) string {
	if _, _, err := when.Parse(s, r.Now); err != nil {
		return ""
	}
	ref := quote.Word("@" + s)
	if pos, err := r.moment("@" + s); err == nil {
		ref += fmt.Sprintf(" (that is %s)", quote.Name(r.Snapshots[pos].Name))
	}
	return ref
}

// like are the sorted names that begin as s does, as far as any do, else the newest.
func (r Resolver) like(s string) (names []string) {
	most := 0
	for _, h := range r.Snapshots {
		n := 0
		for n < len(s) && n < len(h.Name) && s[n] == h.Name[n] {
			n++
		}
		if n > most {
			most, names = n, nil
		}
		if n == most {
			names = append(names, h.Name)
		}
	}
	if most == 0 {
		names = names[max(0, len(names)-quote.MaxListed):]
	}
	slices.Sort(names)
	return names
}

// TagHint says which tags there are.
func (r Resolver) TagHint() string {
	var all []string
	for _, h := range r.Snapshots {
		all = append(all, h.Tags...)
	}
	if len(all) == 0 {
		return "no snapshot has a tag"
	}
	slices.Sort(all)
	return "the tags are " + quote.List(slices.Compact(all))
}
