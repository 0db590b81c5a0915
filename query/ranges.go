package query

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"snap/internal/hint"
	"snap/internal/quote"
)

// Range is the two snapshots that A..B names, as they stand there; A.. ends with the newest, and ..B begins with the
// oldest. ok is false for what is no range: where it could be one reference, it is one.
func (r Resolver) Range(s string) (first, last int, ok bool, err error) {
	if _, one := r.Resolve(s); one == nil || len(s) > maxReference || len(r.Snapshots) == 0 || s == ".." {
		return 0, 0, false, nil
	}
	for i := 0; i+2 <= len(s); i++ {
		if s[i:i+2] != ".." || strings.HasPrefix(s[i:], "../") { // a path's
			continue
		}
		from, to := s[:i], s[i+2:]
		if from == "" {
			from = "oldest"
		}
		if to == "" {
			to = "latest"
		}
		begin, unknown := r.Resolve(from)
		if unknown != nil {
			err = cmp.Or(err, unknown)
		} else if last, err = r.Resolve(to); err == nil {
			return begin, last, true, nil
		}
	}
	return 0, 0, err != nil, err
}

// ResolveRanges are the positions of the snapshots that the references name, oldest first and each once. A..B names all
// from A to B, and both.
func (r Resolver) ResolveRanges(refs []string) (all []int, err error) {
	for _, s := range refs {
		first, last, ok, err := r.Range(s)
		if !ok {
			first, err = r.Resolve(s)
			last = first
		}
		if err != nil {
			return nil, err
		}
		a, b := r.Snapshots[first].Time, r.Snapshots[last].Time
		if first > last && a.Before(b) { // made in the other order, of times in this one
			first, last = last, first
		} else if first > last {
			return nil, fmt.Errorf("%s: %s was made after %s", quote.Name(s), quote.Name(r.Snapshots[first].Name),
				quote.Name(r.Snapshots[last].Name))
		}
		if a.After(b) {
			a, b = b, a
		}
		for pos := first; pos <= last; pos++ {
			if h := &r.Snapshots[pos]; r.Exact && (h.Time.After(b) || h.Time.Before(a)) {
				return nil, hint.With(fmt.Errorf("%s: snapshot %s was made between the two, and its time, %s, is not between "+
					"theirs", quote.Name(s), quote.Name(h.Name), r.time(h)), "name each: snap list shows them as they were made")
			}
			all = append(all, pos)
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// looksLike is what a path on the disk that looks as if it led into a snapshot would name: its name, or latest, and the
// path in it.
func (r Resolver) looksLike(s string) (ref, path string, ok bool) {
	if !strings.Contains(s, "/") {
		return "", "", false
	}
	names := strings.Split(strings.TrimRight(s, "/"), "/")
	for i, name := range names {
		if name != "oldest" && r.named(name) >= 0 {
			return name, strings.Join(names[i+1:], "/"), true
		}
	}
	return "", "", false
}
