package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"snap/cli/text"
	"snap/destination/retention"
	"snap/index"
	"snap/internal/hint"
	"snap/query"
	"snap/record"
)

// freePage says what deleting snapshots frees, and which to delete for so much.
type freePage struct {
	Snapshots []freeRow
	Hidden    int // that are not shown
	All       string
	Chosen    int
	Freed     index.Amount
	Alone     int64  // of this, what each of them alone holds
	Names     string // of those chosen, for the command line
	Pinned    int    // of those chosen
	Left      int    // snapshots that would stay
	Want      string // as it was typed
	Oldest    *suggestion
	Fewest    *suggestion // nil: the oldest are no more
	Purges    []spaceRow  // folders that most is kept of in older snapshots only
	Wrong     string
	Deletes   bool // what is chosen can be deleted here
}

// freeRow is a snapshot that could go.
type freeRow struct {
	*record.Header
	Held, Alone int64
	Ticked      bool
	Pinned      bool
	Newest      bool
}

// suggestion is a choice of snapshots, and the address that ticks them.
type suggestion struct {
	Count  int
	Freed  int64
	Enough bool
	From   *record.Header
	To     *record.Header
	URL    string
}

const (
	freeShown    = 30
	namesInLine  = 12
	purgesShown  = 4
	purgesLooked = 2000 // folders
)

// freeable fills in what the snapshots take alone, and what those free that are chosen.
func (q *question) freeable(p *spacePage, s *query.Stats) error {
	f := &freePage{Want: strings.TrimSpace(q.form.Get("free")), Deletes: q.deletes()}
	p.Free = f
	if len(s.Snapshots) == 0 {
		return nil
	}
	if err := q.suggest(f, s); err != nil {
		return err
	}
	ticked, err := q.chosenSnapshots()
	if err != nil {
		return err
	}
	for i, h := range s.Snapshots {
		f.Snapshots = append(f.Snapshots, freeRow{h, s.Shares[i].Held.Bytes, s.Shares[i].Alone.Bytes, ticked[h.Seq],
			retention.Pinned(h), i == len(s.Snapshots)-1})
	}
	freed := s.Freed(func(h *record.Header) bool { return ticked[h.Seq] })
	f.Chosen, f.Freed, f.Left = len(freed.Snapshots), freed.Amount, len(s.Snapshots)-len(freed.Snapshots)
	var names []string
	for _, i := range freed.Snapshots {
		f.Alone = record.Plus(f.Alone, s.Shares[i].Alone.Bytes)
		names = append(names, shellWord(s.Snapshots[i].Name))
		if retention.Pinned(s.Snapshots[i]) {
			f.Pinned++
		}
	}
	if n := len(names); n > namesInLine {
		names = append(names[:namesInLine:namesInLine], "…")
	}
	f.Names = strings.Join(names, " ")
	slices.SortStableFunc(f.Snapshots, func(a, b freeRow) int { return cmp.Compare(b.Alone, a.Alone) })
	if len(f.Snapshots) > freeShown && !q.form.Has("all") {
		shown := f.Snapshots[:freeShown:freeShown]
		for _, r := range f.Snapshots[freeShown:] {
			if r.Ticked { // what is chosen stays to be seen
				shown = append(shown, r)
			}
		}
		f.Hidden, f.Snapshots = len(f.Snapshots)-len(shown), shown
		f.All = q.Space("", "by", p.By, "free", f.Want, "all", "1")
		for _, d := range q.form["d"] { // numbers
			f.All += "&d=" + d
		}
	}
	return q.purges(p, f)
}

// chosenSnapshots are those that are ticked, by their numbers.
func (q *question) chosenSnapshots() (map[uint64]bool, error) {
	ticked := map[uint64]bool{}
	for _, s := range q.form["d"] {
		from, to, ranged := strings.Cut(s, "-")
		if !ranged {
			to = from
		}
		first, err := strconv.ParseUint(from, 10, 64)
		last, err2 := strconv.ParseUint(to, 10, 64)
		if err != nil || err2 != nil {
			return nil, hint.Usagef("d is the number of a snapshot, or two with - between them")
		}
		for i := range q.d.Snapshots {
			if seq := q.header(i).Seq; first <= seq && seq <= last {
				ticked[seq] = true
			}
		}
	}
	return ticked, nil
}

// suggest finds which of the oldest snapshots to delete for what was asked, and which are the fewest. Those pinned
// stay, and the newest.
func (q *question) suggest(f *freePage, s *query.Stats) error {
	if f.Want == "" {
		return nil
	}
	want, err := text.ParseAmount(f.Want)
	if err != nil || want <= 0 {
		f.Wrong = "How much is that? As 10G, 500M."
		return nil //nolint:nilerr // it is told on the page
	}
	var order []int
	for i, h := range s.Snapshots[:len(s.Snapshots)-1] {
		if !retention.Pinned(h) {
			order = append(order, i)
		}
	}
	o := &suggestion{}
	for _, a := range s.FreedInTurn(order) {
		if o.Enough = o.Freed >= want; o.Enough {
			break
		}
		o.Count++
		o.Freed = record.Plus(o.Freed, a.Bytes)
	}
	if o.Enough = o.Freed >= want; o.Count == 0 {
		f.Wrong = "There is no snapshot that could go: those pinned stay, and the newest."
		return nil
	}
	q.point(o, f, s, order[:o.Count])
	f.Oldest = o
	if !o.Enough {
		return nil
	}
	may := func(i int) bool { return i < len(s.Snapshots)-1 && !retention.Pinned(s.Snapshots[i]) }
	if few, freed := s.Fewest(want, may); len(few) > 0 && len(few) < o.Count {
		f.Fewest = &suggestion{Count: len(few), Freed: freed, Enough: true}
		q.point(f.Fewest, f, s, few)
	}
	return nil
}

// point fills in which snapshots a suggestion is of, by their positions, oldest first.
func (q *question) point(o *suggestion, f *freePage, s *query.Stats, order []int) {
	o.From, o.To = s.Snapshots[order[0]], s.Snapshots[order[len(order)-1]]
	params := []string{"free", f.Want}
	for i := 0; i < len(order); {
		end := i
		for end+1 < len(order) && order[end+1] == order[end]+1 {
			end++
		}
		span := strconv.FormatUint(s.Snapshots[order[i]].Seq, 10)
		if end > i {
			span += "-" + strconv.FormatUint(s.Snapshots[order[end]].Seq, 10)
		}
		params = append(params, "d", span)
		i = end + 1
	}
	o.URL = q.Space("", params...) + "#free"
}

// purges are the largest folders that only older snapshots have: deleting snapshots is not the only way.
func (q *question) purges(p *spacePage, f *freePage) error {
	if f.Want == "" && f.Chosen == 0 {
		return nil
	}
	uses, err := q.d.FolderUse(q.ctx, "")
	if err != nil {
		return err
	}
	look := q.spaceRows(&spacePage{By: "old"}, uses, nil)
	for n := 0; len(look) > 0 && n < purgesLooked; n++ {
		r := look[0]
		look = look[1:]
		switch {
		case r.Name == "" || r.Old.Bytes == 0:
		case r.Newest.Inodes == 0: // all of it is gone by now
			r.URL = q.Space(r.Path, "by", "old")
			f.Purges = append(f.Purges, r)
		default:
			in, err := q.d.FolderUse(q.ctx, r.Path)
			if err != nil {
				return err
			}
			look = append(look, q.spaceRows(&spacePage{Path: r.Path}, in, nil)...)
		}
	}
	slices.SortStableFunc(f.Purges, func(a, b spaceRow) int { return cmp.Compare(b.Old.Bytes, a.Old.Bytes) })
	f.Purges = f.Purges[:min(len(f.Purges), purgesShown)]
	return nil
}
