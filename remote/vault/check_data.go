package vault

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"sync"

	"snap/remote/store"
	"snap/remote/vault/table"
)

// checking is one run of Check that reads.
type checking struct {
	v     *Vault
	o     CheckOptions
	packs map[string][32]byte // by the names of their objects

	mu      sync.Mutex
	res     *CheckResult
	done    int64
	stopped error
	lost    map[[32]byte][32]byte // contents that are in no object as they should be → the pack that should have them
	unread  map[[32]byte]bool     // packs of which all is lost
}

// groupRows is how many rows of tables are in memory at once.
const groupRows = 200_000

// data fetches objects, some at a time: those of the catalogue, then packs in groups, for each of which the tables are
// read once.
func (c *checking) data(ctx context.Context, names []string) error {
	names = slices.DeleteFunc(names, func(name string) bool { return !c.o.has(name) })
	per, err := c.v.rowsPerPack()
	if err != nil {
		return err
	}
	var group []string
	rows := 0
	for i, name := range names {
		group = append(group, name)
		rows += per[c.packs[name]]
		if rows < groupRows && i < len(names)-1 {
			continue
		}
		of, err := c.rowsOf(group)
		if err != nil {
			return err
		}
		if err := c.group(ctx, group, of, int64(len(names))); err != nil {
			return err
		}
		group, rows = nil, 0
	}
	return nil
}

// rowsPerPack is how many rows each pack has.
func (v *Vault) rowsPerPack() (map[[32]byte]int, error) {
	per := map[[32]byte]int{}
	for _, t := range v.tables {
		for r, err := range t.rows() {
			if err != nil {
				return nil, err
			}
			per[r.Pack]++
		}
	}
	return per, nil
}

// rowsOf are the rows of some packs.
func (c *checking) rowsOf(names []string) (map[[32]byte][]table.Row, error) {
	of := map[[32]byte][]table.Row{}
	for _, name := range names {
		if pack, ok := c.packs[name]; ok {
			of[pack] = nil
		}
	}
	if len(of) == 0 {
		return of, nil
	}
	for _, t := range c.v.tables {
		for r, err := range t.rows() {
			if err != nil {
				return nil, err
			}
			if rows, ok := of[r.Pack]; ok {
				of[r.Pack] = append(rows, r)
			}
		}
	}
	return of, nil
}

// group fetches some objects.
func (c *checking) group(ctx context.Context, names []string, rows map[[32]byte][]table.Row, all int64) error {
	var wg sync.WaitGroup
	slots := make(chan struct{}, c.v.jobs())
	for _, name := range names {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			n, err := c.object(ctx, name, rows)
			c.note(ctx, name, n, err)
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.o.Report != nil {
				c.o.Report(c.done, all)
			}
		})
	}
	wg.Wait()
	return c.stopped
}

func (c *checking) note(ctx context.Context, name string, n int64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done++
	c.res.Bytes += n
	reach := (*store.ReachError)(nil)
	switch {
	case ctx.Err() != nil || errors.As(err, &reach):
		c.stopped = errors.Join(context.Cause(ctx), err)
	case err != nil:
		c.res.Bad = append(c.res.Bad, BadObject{Name: name, Why: &ofObject{name, err}})
	}
}

// ofObject is an error without the name of the object that it is about.
type ofObject struct {
	name string
	error
}

func (e *ofObject) Error() string { return strings.TrimPrefix(e.error.Error(), e.name+": ") }
func (e *ofObject) Unwrap() error { return e.error }

// object fetches one: its name is its SHA-256, and what is in it is what the tables say.
func (c *checking) object(ctx context.Context, name string, of map[[32]byte][]table.Row) (int64, error) {
	pack, isPack := c.packs[name]
	if !isPack {
		sum, err := sumOfName(name)
		if err != nil {
			return 0, err
		}
		body, err := c.v.getWhole(ctx, name, sum) // an older version may be whole, and does not stay for ever
		if err == nil {
			body, err = c.v.openMeta(body)
		}
		return int64(len(body)), named(name, err)
	}
	body, err := c.v.getWhole(ctx, name, pack)
	if ctx.Err() != nil || errors.As(err, new(*store.ReachError)) {
		return 0, err
	}
	if err == nil && !c.res.Contents {
		return int64(len(body)), nil
	}
	had := map[[32]byte]bool{}
	if c.res.Contents && len(body) > 0 {
		had, err = c.whole(body, byFrame(of[pack]), err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range of[pack] {
		if !had[r.Key] {
			c.lost[r.Key] = pack
		}
	}
	return int64(len(body)), err
}

// whole are the contents of a pack that are what they should be. If it has all bytes of its name and yet not all of
// these, that is an error, too.
func (c *checking) whole(body []byte, rows []table.Row, err error) (map[[32]byte]bool, error) {
	had := make(map[[32]byte]bool, len(rows))
	stop := c.v.salvage(body, rows, func(r table.Row, _ []byte) error {
		had[r.Key] = true
		return nil
	})
	if err == nil {
		err = stop
	}
	for _, r := range rows {
		if err == nil && !had[r.Key] {
			err = notThere(r)
		}
	}
	return had, err
}

// has reports whether an object is of the part that is checked: by its name, which is even.
func (o *CheckOptions) has(name string) bool {
	if o.Of <= 1 {
		return true
	}
	sum := sha256.Sum256([]byte(name))
	return binary.BigEndian.Uint64(sum[:])%uint64(o.Of) == uint64(o.Part-1)
}
