package backup

import (
	"iter"

	"snap/index"
)

// merged is a path of the previous snapshot, of the plan, or of both.
type merged struct{ old, new *index.Entry }

// entry is what the new snapshot holds, a tombstone too.
func (m merged) entry() *index.Entry {
	if m.new != nil {
		return m.new
	}
	return m.old
}

// overlay merges the previous snapshot's entries with the plan's, both in key order.
func overlay(old, plan iter.Seq2[*index.Entry, error]) iter.Seq2[merged, error] {
	return func(yield func(merged, error) bool) {
		next, stop := iter.Pull2(plan)
		defer stop()
		p, err, more := next()
		for e, olderr := range old {
			if olderr != nil {
				yield(merged{}, olderr)
				return
			}
			c := 1
			for more && err == nil {
				if c = index.Compare(p.Path, e.Path); c >= 0 {
					break
				}
				if !yield(merged{new: p}, nil) {
					return
				}
				p, err, more = next()
			}
			if err != nil {
				yield(merged{}, err)
				return
			}
			m := merged{old: e}
			if more && c == 0 {
				m.new = p
			}
			if !yield(m, nil) {
				return
			}
			if m.new != nil {
				p, err, more = next()
			}
		}
		for ; more; p, err, more = next() {
			if err != nil {
				yield(merged{}, err)
				return
			}
			if !yield(merged{new: p}, nil) {
				return
			}
		}
	}
}
