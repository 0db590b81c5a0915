package index

import "encoding/binary"

// posRange is a range of snapshots by their places in a list of them: from first up to, not including, end.
type posRange struct{ first, end int }

// holding is where an inode is held: ranges in order, none empty, none touching another.
type holding []posRange

// and is l with one more range. It may change l.
func (l holding) and(first, end int) holding {
	if first >= end {
		return l
	}
	at := len(l)
	for at > 0 && l[at-1].end >= first {
		at--
	}
	past := at
	for ; past < len(l) && l[past].first <= end; past++ {
		first, end = min(first, l[past].first), max(end, l[past].end)
	}
	if past > at { // the usual case: the last one grows
		l[at] = posRange{first, end}
		return append(l[:at+1], l[past:]...)
	}
	l = append(l, posRange{})
	copy(l[at+1:], l[at:])
	l[at] = posRange{first, end}
	return l
}

// without is l without a range that lies in one of its own. It may change l.
func (l holding) without(gap posRange) holding {
	var rest holding
	for _, s := range l {
		rest = rest.and(s.first, min(s.end, gap.first)).and(max(s.first, gap.end), s.end)
	}
	return rest
}

// span is l, which is not empty, in the numbers of the snapshots.
func (l holding) span(snapshots []uint64) Span {
	s := Span{First: snapshots[l[0].first], Last: snapshots[l[len(l)-1].end-1]}
	if len(l) > 1 {
		var gaps []byte
		for i := range l[1:] {
			gaps = binary.AppendUvarint(gaps, snapshots[l[i].end])
			gaps = binary.AppendUvarint(gaps, snapshots[l[i+1].first-1])
		}
		s.gaps = string(gaps)
	}
	return s
}
