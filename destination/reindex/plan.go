package reindex

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"snap/record"
)

// foundSet is a change set as reindex finds it.
type foundSet struct {
	seq   uint64
	head  *record.Header // its final header, or if it is damaged the one at its front; nil if neither can be read
	whole bool
	tree  bool  // DEST holds a folder of its name
	why   error // what is wrong with it
}

// foundTree is a folder of DEST that may be a snapshot and that no change set names.
type foundTree struct {
	name   string
	time   time.Time
	before string // the snapshot that it cannot be put before, where it finds no number
}

// step is one snapshot of the index that is made again, in the order of the sequence numbers.
type step struct {
	foundSet
	name string // of its tree, "" if nobody knows
	time time.Time
}

// arrange puts trees without change sets among the sets, by time: they take the numbers of sets that are
// known to have been lost, numbers after the last one, and numbers before a damaged set. Between two sets of
// which the later is relative to the earlier nothing can be put, because the later one would be read as
// relative to something else. What finds no number is returned as left.
//
// sets are in the order of their numbers.
func arrange(sets []foundSet, trees []foundTree) (steps []step, left []foundTree) {
	trees = slices.SortedFunc(slices.Values(trees), foundTree.compare)
	var a uint64          // the set before, that is known by name; 0: none
	var nameless []uint64 // the numbers of sets since a that nobody knows the names of
	for i := range sets {
		b := &sets[i]
		if b.head == nil {
			nameless = append(nameless, b.seq)
			continue
		}
		n := 0
		for n < len(trees) && trees[n].compare(foundTree{name: b.head.Name, time: b.head.Time.Truncate(time.Second)}) <= 0 {
			n++
		}
		last := a // the number of the last tree before b
		switch {
		case b.head.Parent > a && b.head.Parent < b.seq:
			last = b.head.Parent
		case !b.whole: // it will be made from its tree, relative to whatever is before it
			last = b.seq - 1
		case b.head.Parent == 0 && len(nameless) > 0: // written by a snap that did not say
			last = nameless[len(nameless)-1]
		}
		room := min(uint64(n), last-a)
		for _, t := range trees[:uint64(n)-room] {
			t.before = b.head.Name
			left = append(left, t)
		}
		placed := map[uint64]bool{}
		for j, t := range trees[uint64(n)-room : n] {
			seq := last - room + uint64(j) + 1
			placed[seq] = true
			steps = append(steps, step{foundSet: damagedAt(sets, seq), name: t.name, time: t.time})
		}
		steps = append(steps, losses(sets, nameless, placed, b.head.Parent, a)...)
		steps = append(steps, step{foundSet: *b, name: b.head.Name, time: b.head.Time})
		trees, a, nameless = trees[n:], b.seq, nil
	}
	placed := map[uint64]bool{}
	for i, t := range trees {
		seq := a + uint64(i) + 1
		placed[seq] = true
		steps = append(steps, step{foundSet: damagedAt(sets, seq), name: t.name, time: t.time})
	}
	steps = append(steps, losses(sets, nameless, placed, 0, a)...)
	slices.SortStableFunc(steps, func(x, y step) int { return cmp.Compare(x.seq, y.seq) })
	return steps, left
}

// follows reports whether the step's change set is whole and relative to the snapshot parent.
func (s *step) follows(parent uint64) bool { return s.whole && s.head.Parent == parent }

// title is the name of the snapshot, "" if nobody knows it.
func (s *step) title() string {
	if s.head != nil {
		return s.head.Name
	}
	return s.name
}

// allFollow says why not every step has a whole change set that is relative to the step before, nil if each has.
func allFollow(steps []step) error {
	before := uint64(0)
	for i := range steps {
		s := &steps[i]
		switch {
		case s.follows(before) || s.follows(0):
		case s.why != nil:
			return s.why
		case s.whole:
			return fmt.Errorf("the change set %d goes on from %d, of which none is left", s.seq, s.head.Parent)
		default:
			return fmt.Errorf("the change set %d is missing", s.seq)
		}
		before = s.seq
	}
	return nil
}

// compare orders trees by time, and those of one second as their names were given out.
func (t foundTree) compare(u foundTree) int {
	return cmp.Or(t.time.Compare(u.time), cmp.Compare(len(t.name), len(u.name)), cmp.Compare(t.name, u.name))
}

// damagedAt is the set of this number, which is there if it is damaged, with a tree to make it from.
func damagedAt(sets []foundSet, seq uint64) foundSet {
	i, ok := slices.BinarySearchFunc(sets, seq, func(s foundSet, seq uint64) int { return cmp.Compare(s.seq, seq) })
	if !ok {
		return foundSet{seq: seq, tree: true}
	}
	s := sets[i]
	s.tree = true
	return s
}

// losses are the snapshots that are known to have existed and that have no tree: sets without a name, and the parent
// of the set after them.
func losses(sets []foundSet, nameless []uint64, placed map[uint64]bool, parent, after uint64) (steps []step) {
	for _, seq := range nameless {
		if !placed[seq] {
			s := damagedAt(sets, seq)
			s.tree = false
			steps = append(steps, step{foundSet: s})
		}
	}
	if parent > after && !placed[parent] && !slices.Contains(nameless, parent) {
		steps = append(steps, step{foundSet: foundSet{seq: parent}})
	}
	return steps
}
