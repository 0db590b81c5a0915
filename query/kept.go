package query

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"snap/index"
)

// Kept is what is kept between the Readers of one destination, for as long as its index stays as it is: the headers,
// the proof of the pages, and the answers that take long (Stats, Touched, Weigh). A page that opens a Reader for every
// question puts one into Options.Kept. It is safe for several goroutines; each Reader still is for one.
type Kept struct {
	cacheDir string        // for what is known of snapshots; "" for none
	turn     chan struct{} // has one in it while a long question is at work

	done, total atomic.Int64 // how far that has come

	mu   sync.Mutex
	free []*index.DB // of Readers that were closed: they know which pages are proved

	// All that follows is about the index with this mark (index.DB.Mark).
	mark      string
	snapshots Snapshots
	usage     index.Usage
	stats     *Stats // made of that
	use       *keptUse
	copies    *keptCopies
	touched   map[string][]int // by folder

	weights []*folderWeights // of snapshots: those asked about last come first
	id      string           // of the destination
}

// freeDBs is how many databases of closed Readers are kept, and touchedKept the answers of how many folders.
const (
	freeDBs     = 8
	touchedKept = 256
)

// NewKept keeps answers in memory, and those about a snapshot, which never changes, also in files of the user's own
// folder cacheDir, which need not be there; "" for in memory alone.
func NewKept(cacheDir string) *Kept {
	return &Kept{cacheDir: cacheDir, turn: make(chan struct{}, 1)}
}

// used is a database that a Reader before has used, else db.
func (k *Kept) used(db *index.DB) *index.DB {
	k.mu.Lock()
	defer k.mu.Unlock()
	if n := len(k.free); n > 0 {
		db, k.free = k.free[n-1], k.free[:n-1]
	}
	return db
}

// give keeps a database that its Reader needs no more.
func (k *Kept) give(db *index.DB) error {
	err := db.Release()
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.free) < freeDBs {
		k.free = append(k.free, db)
	}
	return err
}

// readSnapshots are the complete snapshots of db, and its mark, "" without Kept.
func (k *Kept) readSnapshots(ctx context.Context, db *index.DB) (all Snapshots, mark string, err error) {
	if k == nil {
		all, err = ReadSnapshots(ctx, db)
		return all, "", err
	}
	err = db.Holding(ctx, func() error {
		if mark, err = db.Mark(ctx); err != nil {
			return err
		}
		known := false
		k.at(mark, func() { all, known = slices.Clone(k.snapshots), true })
		if known {
			return nil
		}
		if all, err = ReadSnapshots(ctx, db); err != nil {
			return err
		}
		id, err := db.ID(ctx)
		if err != nil {
			return err
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		k.id, k.mark, k.snapshots = id, mark, slices.Clone(all)
		k.usage, k.stats, k.touched, k.use, k.copies = nil, nil, nil, nil, nil
		return nil
	})
	return all, mark, err
}

// at runs f, which may use what is kept, if that is about the index with this mark.
func (k *Kept) at(mark string, f func()) {
	if k == nil || mark == "" {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.mark == mark {
		f()
	}
}

// kept is what known says, or find finds, which is kept if the index was the same before and after. Long questions are
// found out one at a time.
func kept[T any](ctx context.Context, d *Reader, long bool, known func() (T, bool), find func() (T, error),
	keep func(T)) (answer T, err error) {
	k, ok := d.options.Kept, false
	if k.at(d.mark, func() { answer, ok = known() }); ok {
		return answer, nil
	}
	ask := func() error {
		if k.at(d.mark, func() { answer, ok = known() }); ok {
			return nil
		}
		if answer, err = find(); err != nil || k == nil {
			return err
		}
		if now, err := d.DB.Mark(ctx); err == nil && now == d.mark {
			k.at(now, func() { keep(answer) })
		}
		return nil
	}
	if long {
		err = k.inTurn(ctx, ask)
	} else {
		err = ask()
	}
	return answer, err
}

// inTurn runs f alone among the long questions about this destination: who asks the same meanwhile finds the answer.
func (k *Kept) inTurn(ctx context.Context, f func() error) error {
	if k == nil {
		return f()
	}
	select {
	case k.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() {
		k.done.Store(0)
		k.total.Store(0)
		<-k.turn
	}()
	return f()
}

// Progress is how far the long question has come that is at work: done of total; both are 0 while there is none.
func (k *Kept) Progress() (done, total int64) { return k.done.Load(), k.total.Load() }

// come notes how far it has.
func (k *Kept) come(done, total int64) {
	if k != nil {
		k.done.Store(min(done, total))
		k.total.Store(total)
	}
}

// usage is index.DB.Usage.
func (d *Reader) usage(ctx context.Context) (index.Usage, error) {
	k := d.options.Kept
	return kept(ctx, d, true,
		func() (index.Usage, bool) { return k.usage, k.usage != nil },
		func() (index.Usage, error) {
			total := int64(0)
			for i := range d.Snapshots {
				total += 2 * d.Snapshots[i].Records
			}
			return d.DB.UsageTelling(ctx, func(records int64) { k.come(records, total) })
		},
		func(u index.Usage) { k.usage = u })
}

// StatsKnown reports whether Stats need not read the whole index.
func (d *Reader) StatsKnown() (known bool) {
	k := d.options.Kept
	k.at(d.mark, func() { known = k.usage != nil })
	return known
}

// FolderUseKnown reports whether FolderUse need not read the whole index.
func (d *Reader) FolderUseKnown() (known bool) {
	k := d.options.Kept
	k.at(d.mark, func() { known = k.use != nil })
	return known
}

// FolderCopiesKnown reports whether FolderCopies since this position need not.
func (d *Reader) FolderCopiesKnown(since int) (known bool) {
	k := d.options.Kept
	k.at(d.mark, func() { known = k.copies != nil && k.copies.since == since })
	return known
}

// keepTouched keeps the answer about a folder, and of others not too many.
func (k *Kept) keepTouched(path string, counts []int) {
	if k.touched == nil || len(k.touched) >= touchedKept {
		k.touched = map[string][]int{}
	}
	k.touched[path] = counts
}
