package chain

// Intent is a head that was about to be put.
type Intent struct {
	Ref
	Sum [32]byte // SHA-256 of its bytes
}

// Step is what to do about an intent.
type Step int

// The steps.
const (
	Build   Step = iota // on the current head; own objects stay usable as far as Usable says
	Put                 // the intent's bytes
	Settled             // the intent is in the chain: take it as the mirror, and go on from the current head
)

func (s Step) String() string { return [...]string{"build", "put", "settled"}[s] }

// Place is what was found under the number of an intent, or, without create-only Puts, under its name.
type Place struct {
	Taken bool
	Sum   [32]byte // of what is there
}

// Resume says what becomes of an intent that a run left, or whose Put was answered by an error.
//
//	nothing there     it died before the Put, or the Put was not done: put it again, the same bytes
//	the same bytes    it died after the Put, or the answer was lost: it is ours
//	other bytes       another writer won: build on that one
func Resume(in Intent, there Place) Step {
	switch {
	case !there.Taken:
		return Put
	case there.Sum == in.Sum:
		return Settled
	}
	return Build
}

// Stands reports whether a head that was put counts, or the one that counts was made of it. above is what was seen
// after the Put: the heads that are listed, and those above them that were found by reading. descends says of the
// current head whether it was made of ours, over however many others.
func Stands(own Ref, above []Ref, descends func(current Ref) bool) bool {
	c := Current(append([]Ref{own}, above...))
	return c == own || c.Number == own.Number && c.Run == own.Run || descends(c)
}

// Own is an object that a writer has put: in this run, or, as its journal says, in one before.
type Own struct {
	Name string
	Seen bool // its Put was answered, or it was seen, after the base was read
}

// Usable reports whether a head made of base may name an own object (R1, R3).
func Usable(o Own, condemned func(name string) bool) bool {
	if !o.Seen {
		return false // a prune may have found it named by nobody, and removed it, before the base was read
	}
	return !condemned(o.Name)
}
