package chain

import (
	"crypto/sha256"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"time"
)

// rules are what the model's writers and prunes go by: those of the package, or a mutant of them.
type rules struct {
	counts    func(a, b Ref) bool
	resume    func(in Intent, there Place) Step
	stands    func(own Ref, above []Ref, descends func(Ref) bool) bool
	usable    func(o Own, condemned func(string) bool) bool
	condemn   func(before map[string]uint64, leaving []string, n uint64) map[string]uint64
	orphan    func(named, condemned bool, modified, now time.Time, grace time.Duration) bool
	deletable func(k uint64, s *Sight) Verdict
	old       func(s *Sight) []Ref
	early     bool // a head is put before its objects are
	overwrite bool // a head is put over another
}

func trueRules() rules {
	return rules{counts: Counts, resume: Resume, stands: Stands, usable: Usable, condemn: Condemn, orphan: Orphan,
		deletable: Deletable, old: OldHeads}
}

// choose answers which of n ways a run goes on.
type choose func(n int) int

const modelKeep = 1 // heads that stay, so few that sleepers find their numbers free

// stored is a head with all that it says.
type stored struct {
	Ref
	sum       [32]byte
	before    *stored
	blobs     map[int]int // content → object
	condemned map[string]uint64
	snaps     []snapshot
	gone      bool
	truly     time.Time // when it was put, whatever Modified says
}

type snapshot struct {
	id    int
	blobs map[int]bool
}

// world is a store, and what writers have on their disks.
type world struct {
	choose
	rules
	createOnly, clock bool
	now               time.Time
	objects           map[string]time.Time
	heads             []*stored
	runs, made        int
	calm              int           // of so many steps days pass in one
	sleep             time.Duration // who sleeps does for up to 40 of these
	violation         string
	published         int
	deleted           int
}

func newWorld(c choose, r rules, createOnly, clock bool) *world {
	w := &world{choose: c, rules: r, createOnly: createOnly, clock: clock, objects: map[string]time.Time{},
		now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	w.heads = []*stored{{Ref: Ref{Number: 1, Modified: w.now}, blobs: map[int]int{}, condemned: map[string]uint64{},
		truly: w.now}}
	return w
}

func (w *world) fail(format string, args ...any) {
	if w.violation == "" {
		w.violation = fmt.Sprintf(format, args...)
	}
}

// best is the head that counts of some.
func (w *world) best(heads []*stored) *stored {
	var c *stored
	for _, h := range heads {
		if c == nil || w.counts(h.Ref, c.Ref) {
			c = h
		}
	}
	return c
}

// there are the heads that are in the store.
func (w *world) there() []*stored {
	return slices.DeleteFunc(slices.Clone(w.heads), func(h *stored) bool { return h.gone })
}

// see is what a look finds: a listing that may lack each of the heads of the last three hours, and, where names can be
// known, what is read above it.
func (w *world) see() []*stored {
	all := w.there()
	hidden := func(h *stored) bool { return w.now.Sub(h.truly) < 3*time.Hour && w.choose(2) == 1 }
	seen := slices.DeleteFunc(slices.Clone(all), hidden)
	for again := w.createOnly; again; {
		again = false
		top := uint64(0)
		if c := w.best(seen); c != nil {
			top = c.Number
		}
		for _, h := range all {
			if h.Number == top+1 {
				seen, again = append(seen, h), true
			}
		}
	}
	if len(seen) == 0 {
		return all
	}
	return seen
}

func refs(heads []*stored) (all []Ref) {
	for _, h := range heads {
		all = append(all, h.Ref)
	}
	return all
}

func (h *stored) madeOf(r Ref) bool {
	for ; h != nil; h = h.before {
		if h.Number == r.Number && h.Run == r.Run {
			return true
		}
	}
	return false
}

// next is a head made of h.
func (w *world) next(h *stored) *stored {
	w.runs++
	n := &stored{Ref: Ref{Number: h.Number + 1}, before: h, blobs: maps.Clone(h.blobs),
		condemned: maps.Clone(h.condemned), snaps: slices.Clone(h.snaps), sum: sha256.Sum256([]byte(strconv.Itoa(w.runs)))}
	if !w.createOnly {
		n.Run = fmt.Sprintf("%02d-%d", w.choose(90), w.runs)
	}
	return n
}

// at is what is under the number of a head, or under its name.
func (w *world) at(r Ref) *stored {
	for _, h := range w.heads {
		if !h.gone && h.Number == r.Number && h.Run == r.Run {
			return h
		}
	}
	return nil
}

// put puts a head; false is 412.
func (w *world) put(h *stored) bool {
	if old := w.at(h.Ref); old != nil && w.createOnly {
		if !w.overwrite {
			return false
		}
		old.gone = true
	}
	again := *h
	again.truly, again.Modified = w.now, w.now
	if !w.clock { // each machine has its own
		again.Modified = w.now.Add(time.Duration(w.choose(60)-30) * 24 * time.Hour)
	}
	h.Ref, h.truly = again.Ref, again.truly
	w.heads = append(w.heads, h)
	w.published++
	w.whole("after a head was put")
	return true
}

// whole is the invariant: the head that counts finds what it names.
func (w *world) whole(when string) {
	c := w.best(w.there())
	if c == nil {
		w.fail("%s: no head is left", when)
		return
	}
	for blob, object := range c.blobs {
		if _, ok := w.objects[name(object)]; !ok {
			w.fail("%s: head %d %s names object %d for content %d, which is not there", when, c.Number, c.Run, object, blob)
		}
	}
}

func name(object int) string { return strconv.Itoa(object) }

func (w *world) remove(object string) {
	delete(w.objects, object)
	w.deleted++
	w.whole("after an object was deleted")
}

// process is one that can be stopped between any two steps.
type process struct {
	next  func() (struct{}, bool)
	stop  func()
	until time.Time // asleep
}

func start(body func(step func() bool)) *process {
	next, stop := iter.Pull(func(yield func(struct{}) bool) {
		body(func() bool { return yield(struct{}{}) })
	})
	return &process{next: next, stop: stop}
}
