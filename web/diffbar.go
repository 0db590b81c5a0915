package web

import (
	"strings"
	"time"

	"snap/query"
)

// span is the bar of time of a comparison: a column a snapshot, and those between the two.
type span struct {
	bar
	A, B int
	In   string // SVG paths: the columns of what is compared,
	Out  string // and those around it
}

// newSpan draws the bar for what the snapshots behind a did, up to b.
func newSpan(touched []int, snaps query.Snapshots, a, b int, zone *time.Location) span {
	s := span{bar: newBar(touched, snaps, b, zone), A: a, B: b}
	var in, out strings.Builder
	for i, c := range columnsOf(touched) {
		to := &out
		if i > min(a, b) && i <= max(a, b) {
			to = &in
		}
		to.WriteString(c)
	}
	s.In, s.Out = in.String(), out.String()
	return s
}

// diffTime fills in the bar, and where the changes before and after are.
func (q *question) diffTime(p *diffPage, pos [2]int) error {
	touched, err := q.d.Touched(q.ctx, p.Path)
	if err != nil {
		return err
	}
	zone := q.now.Location()
	p.Bar = newSpan(touched, q.d.Snapshots, pos[0], pos[1], zone)
	from, to := min(pos[0], pos[1]), max(pos[0], pos[1])
	change := func(i int) string { return q.Diff(q.header(i-1).Name, q.header(i).Name, p.Path) }
	for i := from; i > 0 && p.Before == ""; i-- {
		if touched[i] > 0 {
			p.Before = change(i)
		}
	}
	for i := to + 1; i < len(touched) && p.After == ""; i++ {
		if touched[i] > 0 {
			p.After = change(i)
		}
	}
	if !p.Now {
		p.Swap = q.Diff(p.B.Name, p.A.Name, p.Path)
	}
	for i, c := range q.crumbs(p.B, p.Path) {
		up := ""
		if i > 0 {
			up = p.Path[:lengthOf(p.Path, i)]
		}
		p.Crumbs = append(p.Crumbs, crumb{c.Name, q.Diff(p.A.Name, p.To, up)})
	}
	if q.r.Header.Get("Snap-Fragment") != "" {
		return nil
	}
	p.Steps = q.steps("/diff/", p.Path)
	return nil
}

// lengthOf is where the first n elements of a path end.
func lengthOf(path string, n int) int {
	end := -1
	for range n {
		i := strings.IndexByte(path[end+1:], '/')
		if i < 0 {
			return len(path)
		}
		end += i + 1
	}
	return end
}
