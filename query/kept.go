package query

import "sync"

// Kept is what is kept between the Readers of one destination, for as long as its index stays as it is: the headers,
// the proof of the pages, and the answers that take long (Stats, Touched, Weigh). A page that opens a Reader for every
// question puts one into Options.Kept. It is safe for several goroutines; each Reader still is for one.
type Kept struct {
	cacheDir string
	mu       sync.Mutex
}

// NewKept keeps answers in memory, and those about a snapshot, which never changes, also in files of the user's own
// folder cacheDir, which need not be there; "" for in memory alone.
func NewKept(cacheDir string) *Kept { return &Kept{cacheDir: cacheDir} }
