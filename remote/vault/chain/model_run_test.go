package chain

import (
	"strconv"
	"time"
)

// disk is what a writer has on its disk, which outlives it.
type disk struct {
	journal map[int]int // content → object
	intent  *stored
}

// writer copies one snapshot.
func (w *world) writer(d *disk, contents int) func(step func() bool) {
	return func(step func() bool) {
		if d.intent != nil && !w.resume1(d, step) {
			return
		}
		w.runs++
		s := snapshot{id: w.runs, blobs: map[int]bool{}}
		for range 1 + w.choose(3) {
			s.blobs[w.choose(contents)] = true
		}
		for range 8 {
			if done, on := w.copyOnce(d, s, step); done || !on {
				return
			}
		}
	}
}

// resume1 looks after an intent that was left; false: killed.
func (w *world) resume1(d *disk, step func() bool) bool {
	for {
		h := d.intent
		there := Place{}
		if found := w.at(h.Ref); found != nil {
			there = Place{Taken: true, Sum: found.sum}
		}
		switch w.resume(Intent{Ref: h.Ref, Sum: h.sum}, there) {
		case Put:
			if !step() {
				return false
			}
			w.put(h)
			continue
		case Settled:
			w.said(h, w.see())
		case Build:
		}
		d.intent = nil
		return step()
	}
}

// said checks what a writer says when it has looked: its head is in the chain.
func (w *world) said(h *stored, seen []*stored) {
	c := w.best(seen)
	if !w.stands(h.Ref, refs(seen), func(Ref) bool { return sameLine(c, h) }) {
		return
	}
	if now := w.best(w.there()); w.createOnly && now != nil && !sameLine(now, h) {
		w.fail("head %d is said to stand, and head %d was not made of it", h.Number, now.Number)
	}
}

func sameLine(c, h *stored) bool {
	for ; c != nil; c = c.before {
		if c == h {
			return true
		}
	}
	return false
}

// copyOnce builds on the head that counts and puts the next one.
func (w *world) copyOnce(d *disk, s snapshot, step func() bool) (done, alive bool) {
	seen := map[int]bool{}
	for b, o := range d.journal { // seen too early, unless it is looked at again
		_, seen[b] = w.objects[name(o)]
	}
	if !step() {
		return false, false
	}
	base := w.best(w.see())
	if !step() {
		return false, false
	}
	h := w.next(base)
	var late []int
	for b := range w.order(s) {
		if _, ok := h.blobs[b]; ok {
			continue
		}
		if o, ok := d.journal[b]; ok {
			_, there := w.objects[name(o)]
			condemned := func(n string) bool { return h.condemned[n] > 0 }
			if w.usable(Own{Name: name(o), Seen: there}, condemned) {
				h.blobs[b] = o
				if !step() {
					return false, false
				}
				continue
			}
		}
		w.made++
		h.blobs[b], d.journal[b] = w.made, w.made
		if w.early {
			late = append(late, w.made)
			continue
		}
		w.objects[name(w.made)] = w.now
		if !step() {
			return false, false
		}
	}
	h.snaps = append(h.snaps, s)
	d.intent = h
	if !step() {
		return false, false
	}
	ok := w.put(h)
	if w.choose(8) == 1 {
		return false, false // the answer was lost
	}
	if !step() {
		return false, false
	}
	for _, o := range late {
		w.objects[name(o)] = w.now
	}
	if !ok {
		there := Place{}
		if found := w.at(h.Ref); found != nil {
			there = Place{Taken: true, Sum: found.sum}
		}
		if w.resume(Intent{Ref: h.Ref, Sum: h.sum}, there) != Settled {
			d.intent = nil
			return false, true
		}
	}
	after := w.see()
	c := w.best(after)
	d.intent = nil
	if !w.stands(h.Ref, refs(after), func(Ref) bool { return sameLine(c, h) }) {
		return false, true
	}
	w.said(h, after)
	return true, true
}

// order yields the contents of a snapshot in their order.
func (w *world) order(s snapshot) func(func(int) bool) {
	return func(yield func(int) bool) {
		for b := range 8 {
			if s.blobs[b] && !yield(b) {
				return
			}
		}
	}
}

// pruner drops the oldest snapshots, condemns, and deletes.
func (w *world) pruner(step func() bool) {
	for range 3 {
		base := w.best(w.see())
		if !step() {
			return
		}
		listed, at := map[string]time.Time{}, w.now
		for o, t := range w.objects {
			listed[o] = t
		}
		if !step() {
			return
		}
		if w.put(w.pruned(base, listed, at)) {
			break
		}
	}
	if !step() {
		return
	}
	w.deleteCondemned(step)
}

// pruned is the head that a prune makes.
func (w *world) pruned(base *stored, listed map[string]time.Time, at time.Time) *stored {
	h := w.next(base)
	if len(h.snaps) > 1 {
		h.snaps = h.snaps[w.choose(len(h.snaps)):]
	}
	live := map[int]bool{}
	for _, s := range h.snaps {
		for b := range s.blobs {
			live[b] = true
		}
	}
	var leaving []string
	named := map[string]bool{}
	for b := range 8 {
		o, ok := h.blobs[b]
		switch {
		case !ok:
		case !live[b]:
			delete(h.blobs, b)
			leaving = append(leaving, name(o))
		case w.choose(6) == 1: // written anew
			w.made++
			w.objects[name(w.made)] = w.now
			h.blobs[b] = w.made
			leaving = append(leaving, name(o))
			named[name(w.made)] = true
		default:
			named[name(o)] = true
		}
	}
	for o, t := range listed {
		if w.orphan(named[o], h.condemned[o] > 0, t, at, Grace) {
			leaving = append(leaving, o)
		}
	}
	h.condemned = w.condemn(h.condemned, leaving, h.Number)
	return h
}

// deleteCondemned deletes what may be, and then their lines, and old heads.
func (w *world) deleteCondemned(step func() bool) {
	now := w.now // before the look: what is there later is not taken for old
	if !step() {
		return
	}
	seen := w.see()
	current := w.best(seen)
	line := current.madeOf
	if w.createOnly {
		line = func(Ref) bool { return true }
	}
	s := &Sight{Current: current.Ref, Heads: refs(seen), Line: line, Now: now, Grace: Grace,
		Keep: modelKeep, CreateOnly: w.createOnly, Clock: w.clock}
	named := map[string]bool{}
	for _, o := range current.blobs {
		named[name(o)] = true
	}
	var gone []string
	for o := 1; o <= w.made; o++ {
		n := strconv.Itoa(o)
		if _, there := w.objects[n]; there && !named[n] && w.deletable(current.condemned[n], s) == Delete {
			gone = append(gone, n)
		}
	}
	for _, n := range gone {
		w.remove(n)
		if !step() {
			return
		}
	}
	for _, r := range w.old(s) {
		if h := w.at(r); h != nil {
			h.gone = true
			w.whole("after a head was removed")
		}
	}
	h := w.next(w.best(w.see()))
	for _, n := range gone {
		delete(h.condemned, n)
	}
	if step() {
		w.put(h)
	}
}

// reader begins at the head that counts and fetches what it names, for as long as it may.
func (w *world) reader(step func() bool) {
	c := w.best(w.there())
	if c == nil {
		return
	}
	began := w.now
	for b := range 8 {
		o, ok := c.blobs[b]
		if !ok {
			continue
		}
		if !step() || w.now.Sub(began) > Grace {
			return
		}
		_, there := w.objects[name(o)]
		lost := !w.createOnly && !sameLine(w.best(w.there()), c) // it never stood
		if !there && !lost {
			w.fail("a reader of head %d finds object %d gone after %v", c.Number, o, w.now.Sub(began))
		}
	}
}

// run lets processes take steps until there is a violation.
func (w *world) run(steps, writers, prunes, contents int) {
	disks := make([]*disk, writers)
	if w.calm, w.sleep = 12, 24*time.Hour; w.choose(2) == 1 {
		w.calm, w.sleep = 300, time.Hour
	}
	for i := range disks {
		disks[i] = &disk{journal: map[int]int{}}
	}
	begin := func(i int) *process {
		switch {
		case i < writers:
			return start(w.writer(disks[i], contents))
		case i < writers+prunes:
			return start(w.pruner)
		}
		return start(w.reader)
	}
	all := make([]*process, writers+prunes+1)
	for i := range all {
		all[i] = begin(i)
	}
	for n := 0; n < steps && w.violation == ""; n++ {
		i := (n + w.choose(len(all))) % len(all)
		w.pass()
		p := all[i]
		if p.until.After(w.now) {
			continue
		}
		if w.choose(25) == 1 {
			p.until = w.now.Add(time.Duration(w.choose(40)) * w.sleep)
			continue
		}
		killed := w.choose(60) == 1
		if !killed {
			_, on := p.next()
			killed = !on
		}
		if killed {
			p.stop()
			all[i] = begin(i)
		}
	}
	for _, p := range all {
		p.stop() // a process that is stopped takes no step
	}
}

// pass lets time go on: minutes mostly, sometimes days. Where days are rare, much happens within one grace, as much as
// what must not rest on a clock needs to go wrong; where they are not, graces end while others are at work.
func (w *world) pass() {
	switch w.choose(w.calm) {
	case 1:
		w.now = w.now.Add(time.Duration(w.choose(24)) * time.Hour)
	case 2:
		w.now = w.now.Add(time.Duration(w.choose(12*24)) * time.Hour)
	default:
		w.now = w.now.Add(time.Duration(w.choose(18)) * time.Minute)
	}
}
