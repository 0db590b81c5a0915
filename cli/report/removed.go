package report

import (
	"strings"
	"time"

	"snap/cli/text"
	"snap/destination/retention"
	"snap/internal/quote"
)

// Removed prints what becomes of each snapshot, of those that stay only if all is true, and what that frees. dry:
// nothing was deleted.
func (p *Printer) Removed(plan *retention.Plan, all, dry bool, took time.Duration) error {
	removed, freed := 0, int64(0)
	for i := range plan.List {
		if e := &plan.List[i]; !e.Keep {
			removed, freed = removed+1, freed+e.Freed
		}
	}
	if removed == 0 && !all {
		return p.say("nothing to delete")
	}
	if err := p.decisions(plan, all, true); err != nil {
		return err
	}
	deleted := text.Plural(removed, "snapshot", "snapshots")
	switch {
	case removed == 0:
		return p.sayBelow("nothing to delete")
	case dry:
		return p.sayBelow("would delete %s and free %s", deleted, p.Size(freed))
	}
	return p.sayBelow("deleted %s, %s freed, %s", deleted, p.Size(freed), seconds(took))
}

// decisions is the table of what becomes of each snapshot, of those that stay only if all is true. bytes: it is known
// what each frees.
func (p *Printer) decisions(plan *retention.Plan, all, bytes bool) error {
	t := &text.Table{Columns: []text.Column{{Head: ""}, {Head: "Snapshot"}, {Head: "Age", Right: true}}}
	if bytes {
		t.Columns = append(t.Columns, text.Column{Head: "Frees", Right: true})
	}
	if all {
		t.Columns = append(t.Columns, text.Column{Head: "Why", Cut: true})
	}
	for i := range plan.List {
		e := &plan.List[i]
		if e.Keep && !all {
			continue
		}
		verb, frees := "keep", ""
		if !e.Keep {
			verb, frees = "delete", p.Size(e.Freed)
		}
		row := []string{verb, quote.Name(e.Header.Name), p.Age(e.Header.Time)}
		if bytes {
			row = append(row, frees)
		}
		if all {
			row = append(row, quote.Clean(strings.Join(e.Reasons, ", ")))
		}
		t.Add(row...)
	}
	return t.Write(p.Out, p.Width)
}

// Left says when a deletion leaves nothing, or nothing whole.
func (p *Printer) Left(plan *retention.Plan, dry bool) {
	left, whole, gone := 0, 0, 0
	for i := range plan.List {
		switch e := &plan.List[i]; {
		case !e.Keep:
			gone++
		case e.Header.Errors == 0:
			whole++
			fallthrough
		default:
			left++
		}
	}
	are := "are"
	if dry {
		are = "would be"
	}
	switch {
	case gone == 0 || whole > 0:
	case left == 0:
		p.Note("no snapshots %s left", are)
	default:
		p.Note("only snapshots %s left in which files are missing that could not be read", are)
	}
}
