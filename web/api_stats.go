package web

import (
	"slices"
	"strconv"

	"snap/cli/wire"
	"snap/internal/hint"
	"snap/record"
)

// apiStats is `snap stats`; with "at", for each snapshot or range of them, `snap stats REF…`; with "folders" `snap
// stats --folders`, of "path".
func (q *question) apiStats() error {
	folders := q.form.Get("folders") != ""
	depth := 2
	if folders {
		depth = 1
	}
	if s := q.form.Get("depth"); s != "" {
		var err error
		if depth, err = strconv.Atoi(s); err != nil || depth < 0 || folders && depth < 1 {
			return hint.Usagef("depth is a number of levels")
		}
	}
	if folders {
		s, err := q.d.FolderSpaces(q.ctx, q.form.Get("path"), depth)
		if err != nil {
			return err
		}
		return q.lines(oneDocument).json(wire.NewFolderSpaces(q.d.Dir, s, depth))
	}
	var chosen []int
	if refs := q.form["at"]; len(refs) > 0 {
		var err error
		if chosen, err = q.d.Resolver().ResolveRanges(refs); err != nil {
			return notFound(err)
		}
	}
	s, err := q.d.Stats(q.ctx)
	if err != nil {
		return err
	}
	if len(chosen) > 0 {
		freed := s.Freed(func(h *record.Header) bool {
			return slices.ContainsFunc(chosen, func(pos int) bool { return q.header(pos).Seq == h.Seq })
		})
		return q.lines(oneDocument).json(wire.NewFreed(s, &freed))
	}
	all, err := q.d.Details(q.ctx, s, depth)
	if err != nil {
		return err
	}
	return q.lines(oneDocument).json(wire.NewStats(q.d.Dir, all))
}
