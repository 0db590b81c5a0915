package vault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"snap/record"
	"snap/remote/vault/table"
)

// copying is one run of Copy.
type copying struct {
	v    *Vault
	from Source
	o    CopyOptions
	res  CopyResult

	own    *own
	up     *uploads
	pack   *packWriter  // that is being filled; nil: none
	lists  []table.List // of files that are whole when the packs so far are put
	done   []Snapshot   // copied, and in no head yet
	lack   []lacking    // damaged here; of the snapshots in done, or of the one in work
	healed map[[32]byte]bool
	unsure int64     // contents that only a lost table may know, and that are not here
	last   time.Time // when a head was published, or the run began
	here   []uint64  // the snapshots that are here; nil: not known yet
}

// lacking is a content that is damaged here.
type lacking struct {
	MissingContent
	at  Place
	why error
}

// Copy brings the snapshots that the vault lacks, oldest first, and the labels and settings. What it says is copied is
// published, and was seen to be.
func (v *Vault) Copy(ctx context.Context, from Source, o CopyOptions) (res CopyResult, err error) {
	unlock, err := v.m.lock()
	if err != nil {
		return res, err
	}
	defer unlock()
	v.s.reset()
	c := &copying{v: v, from: from, o: o, own: newOwn(v.m), healed: map[[32]byte]bool{}}
	defer func() {
		err = errors.Join(err, c.own.close())
		res = c.res
		res.Requests, res.Objects, res.BytesStored = v.s.counts()
	}()
	if err := v.refresh(ctx); err != nil {
		return res, err
	}
	if !o.DryRun {
		if err := v.resumeIntent(ctx); err != nil {
			return res, err
		}
	}
	if err := c.loadJournal(ctx); err != nil {
		return res, err
	}
	for range maxLosses {
		stands, err := c.once(ctx)
		if err != nil || stands {
			return res, err
		}
		if err := c.checkOwn(ctx); err != nil { // R1: seen after the base was read
			return res, err
		}
	}
	return res, errors.New("other copies to the vault were quicker each time: run it again")
}

// maxLosses is how often a copy begins anew because another writer's head was there first.
const maxLosses = 20

// once copies all that is lacking on the head that counts. false: another writer's head came first.
func (c *copying) once(ctx context.Context) (stands bool, err error) {
	c.res = CopyResult{}
	c.done, c.lack, c.pack, c.lists, c.unsure = nil, nil, nil, nil, 0
	clear(c.healed)
	c.last = c.now()
	if d := c.v.h.Destination; d != "" && d != c.from.ID() {
		return false, fmt.Errorf("%w: it holds snapshots of destination %s, this one is %s", ErrOther, d, c.from.ID())
	}
	all, err := c.from.Snapshots(ctx)
	if err != nil {
		return false, err
	}
	lacks, err := c.lacks(ctx, all)
	if err != nil {
		return false, err
	}
	c.up = c.v.newUploads(ctx, c.wasPut)
	defer c.up.end()
	if err = c.heal(ctx, all); err == nil {
		err = c.replaceLost(ctx)
	}
	if errors.Is(err, errLost) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for i := range lacks {
		s, err := c.snapshot(ctx, &lacks[i])
		if errors.Is(err, errLost) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		c.done = append(c.done, *s)
		if c.now().Sub(c.last) >= time.Minute && i < len(lacks)-1 {
			if stands, err := c.publish(ctx, all, false); err != nil || !stands {
				return false, err
			}
		}
	}
	return c.publish(ctx, all, false)
}

// errLost is for a head that does not stand.
var errLost = errors.New("another writer was first")

// lacks are the snapshots that the vault has not, oldest first. They come behind its newest: a vault is only added to.
func (c *copying) lacks(ctx context.Context, all []record.Header) (lacks []record.Header, err error) {
	newest := uint64(0)
	for i := range c.v.h.Snapshots {
		there := &c.v.h.Snapshots[i].Header
		newest = max(newest, there.Seq)
		at := slices.IndexFunc(all, func(h record.Header) bool { return h.Seq == there.Seq })
		if at >= 0 && (all[at].Name != there.Name || !all[at].Finished.Equal(there.Finished)) {
			return nil, fmt.Errorf("%w: its number %d is %s, here it is %s", ErrDiverged, there.Seq, there.Name, all[at].Name)
		}
	}
	if n := len(all); newest > 0 && (n == 0 || all[n-1].Seq < newest) {
		if next, err := c.from.NextSeq(ctx); err != nil {
			return nil, err
		} else if next <= newest { // else it was deleted here
			return nil, fmt.Errorf("%w: number %d", ErrDiverged, newest)
		}
	}
	for i := range all {
		h := &all[i]
		if h.Seq <= newest || newest == 0 && h.Seq < c.o.Since {
			continue
		}
		if c.o.Seqs != nil && !slices.Contains(c.o.Seqs, h.Seq) {
			continue
		}
		lacks = append(lacks, *h)
	}
	return lacks, nil
}

func (c *copying) now() time.Time {
	if c.o.Now == nil {
		return time.Now()
	}
	return c.o.Now()
}

func (c *copying) checkpoint() time.Duration {
	if c.o.Checkpoint > 0 {
		return c.o.Checkpoint
	}
	return 10 * time.Minute
}

func (c *copying) report(h *record.Header) {
	if c.o.Report != nil {
		c.o.Report(CopyProgress{Snapshot: h, CopyResult: c.res})
	}
}
