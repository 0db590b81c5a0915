package web

import (
	"fmt"
	"strings"
)

// How rules and snapshots are drawn: a row a rule, a dash a snapshot, by their order.

// dashes draws those of n snapshots for which on is true; the others are one dashed line, whatever their number.
func dashes(n int, on func(i int) bool) string {
	width := min(barWidth/float64(max(1, n))*0.7, 9)
	var b strings.Builder
	for i := range n {
		if on(i) {
			fmt.Fprintf(&b, "M%.4g 1h%.3gv16h-%.3gz", cellOf(i, n)-width/2, width, width)
		}
	}
	return b.String()
}

// reasonOf is how the reasons begin that a rule gives.
func reasonOf(key string) []string {
	switch name := strings.TrimPrefix(key, "keep_"); name {
	case "tag":
		return []string{"tag "}
	case "min_free": // nothing stays for its sake but the days that it spares
		return []string{"newest of its day"}
	case "always":
		return []string{"pinned", "newest", "newest without errors", "newest with a time that is believed", "its time "}
	default:
		return []string{name + " "}
	}
}

// isReason reports whether a rule is one of the reasons.
func isReason(reasons, begin []string) bool {
	for _, r := range reasons {
		for _, b := range begin {
			if r == b || strings.HasSuffix(b, " ") && strings.HasPrefix(r, b) {
				return true
			}
		}
	}
	return false
}

// ruleRow draws what a rule is a reason for. The snapshots are newest first by now, as far as they are listed.
func (q *question) ruleRow(p *keepPage, r ruleRow) ruleRow {
	begin := reasonOf(r.Key)
	r.Of = len(p.reasons)
	r.On = dashes(r.Of, func(i int) bool {
		is := isReason(p.reasons[i], begin)
		if is {
			r.Count++
		}
		return is
	})
	return r
}

// drawAll draws what stays, and what always does.
func (q *question) drawAll(p *keepPage) {
	p.reasons = make([][]string, len(p.Each))
	for i := range p.Each {
		p.reasons[i] = p.Each[i].Reasons
		if !p.Each[i].Keep {
			p.reasons[i] = nil
		}
	}
	each := p.Each
	p.All = ruleRow{Name: "together", Count: p.Kept, Of: len(each)}
	p.All.On = dashes(len(each), func(i int) bool { return each[i].Keep })
	p.Always = q.ruleRow(p, ruleRow{Key: "always", Name: "pinned, newest"})
	n := len(q.d.Snapshots)
	p.Months = monthsOf(q.d.Snapshots, func(i int) float64 { return cellOf(i, n) }, q.now.Location())
}
