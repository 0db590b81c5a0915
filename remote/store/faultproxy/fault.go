package faultproxy

// Fault is what happens to a request.
type Fault string

const (
	None       Fault = ""
	Refuse     Fault = "refuse"      // the connection is closed before anything is read
	CutBefore  Fault = "cut before"  // the request is read and lost
	CutAfter   Fault = "cut after"   // the store has done it, and the answer is lost
	CutBody    Fault = "cut body"    // the answer ends after Byte bytes of its body
	Error500   Fault = "500"         // InternalError, without asking the store
	SlowDown   Fault = "503"         // SlowDown, without asking the store
	Forbidden  Fault = "403"         // AccessDenied, without asking the store
	Wait       Fault = "wait"        // no answer, until the client goes away
	WaitAfter  Fault = "wait after"  // the same, and the store has done it
	Slow       Fault = "slow"        // the answer comes, after a while
	WrongByte  Fault = "wrong byte"  // one bit of byte Byte of what is got is another
	OldListing Fault = "old listing" // objects put through this proxy are not listed yet
)

// Faults are all of them.
var Faults = []Fault{Refuse, CutBefore, CutAfter, CutBody, Error500, SlowDown, Forbidden, Wait, WaitAfter, Slow,
	WrongByte, OldListing}

// Request is one that came.
type Request struct {
	Method string
	Path   string // with the bucket
	Query  string
	Status int   // that the store answered; 0: it was not asked
	Fault  Fault // that it met
}

// Plan says which request meets what.
type Plan struct {
	At    int    // the number of the request from Break on, 1 the first
	Times int    // how many in a row; 0: one, negative: all
	Fault Fault  // what they meet
	Byte  int64  // for CutBody and WrongByte; past the end: the last byte
	Met   func() // is called when a request meets it; for CutAfter and WaitAfter when the store has done it
}

func (p Plan) meets(number int) bool {
	last := p.At + max(p.Times, 1) - 1
	return p.At > 0 && number >= p.At && (p.Times < 0 || number <= last)
}

func (p Plan) met() {
	if p.Met != nil {
		p.Met()
	}
}
