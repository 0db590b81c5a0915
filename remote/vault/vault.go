package vault

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"snap/remote/store"
	"snap/remote/vault/head"
	"snap/remote/vault/seal"
)

const aboutName = head.AboutName

// Vault is an open one. One goroutine at a time uses it; Contents may be used by several.
type Vault struct {
	s      *counted
	m      *mirror
	k      seal.Keys
	o      Options
	id     string
	h      *Head // of the mirror, verified; nil: none was seen
	sum    [32]byte
	tables []*openTable  // of h, but for those that are lost
	lost   []lostTable   // of h
	last   raw           // the last head that was read
	turn   *sync.RWMutex // held while h and tables become others, and while workers of a copy ask them
	zenc   *seal.Compressor

	sizes    *sync.Once // of sizesOf, anew with each head
	sizesOf  map[[32]byte]int64
	fetching *budget           // of objects that are fetched for their contents
	waiting  *budget           // of contents that were fetched ahead
	edges    *edges            // of packs that were opened last
	dropping map[[32]byte]bool // packs that a prune rewrites: what is in them does not count
}

// Open opens the vault in a store. dir is its mirror's folder, which is filled as far as it is empty.
func Open(ctx context.Context, s store.Store, dir string, k seal.Keys, o Options) (*Vault, error) {
	v, err := begin(s, dir, k, o)
	if err != nil {
		return nil, err
	}
	if err := v.open(ctx); err != nil {
		return nil, errors.Join(err, v.Close())
	}
	return v, nil
}

func begin(s store.Store, dir string, k seal.Keys, o Options) (*Vault, error) {
	m, err := openMirror(dir)
	if err != nil {
		return nil, err
	}
	enc, err := seal.NewCompressor()
	if err != nil {
		return nil, errors.Join(err, m.close())
	}
	return &Vault{s: &counted{Store: s}, m: m, k: k, o: o, zenc: enc, turn: new(sync.RWMutex), sizes: new(sync.Once),
		fetching: newBudget(fetchBytes), waiting: newBudget(aheadBytes), edges: new(edges)}, nil
}

// open reads the mirror, and of the store what that lacks. The id in the mirror is that of the vault that was seen
// last: another one is not built on.
func (v *Vault) open(ctx context.Context) error {
	id, err := v.m.read("id", 64)
	if err != nil {
		return err
	}
	if v.id = string(id); len(id) != 32 {
		if err := v.about(ctx); err != nil {
			return err
		}
		if err := v.m.write("id", []byte(v.id)); err != nil {
			return err
		}
	}
	body, err := v.m.read(headFile, maxHead)
	if err != nil {
		return err
	}
	if h, err := v.openHead(body); body != nil && err == nil {
		tables, lost, err := v.fetchTables(ctx, h)
		if err != nil {
			return err
		}
		v.h, v.tables, v.lost, v.sum, v.sizes = h, tables, lost, sumOf(body), new(sync.Once)
	}
	if v.h != nil {
		return nil
	}
	return v.refresh(ctx)
}

// about reads vault.json.
func (v *Vault) about(ctx context.Context) (err error) {
	v.id, err = v.aboutID(ctx)
	return err
}

// aboutID is the id in vault.json.
func (v *Vault) aboutID(ctx context.Context) (string, error) {
	b, err := v.s.Get(ctx, aboutName, 0, -1)
	if errors.Is(err, store.ErrNotFound) {
		return "", ErrNoVault
	}
	if err != nil {
		return "", err
	}
	a, err := head.ParseAbout(b)
	if err != nil {
		return "", fmt.Errorf("%s: %w", aboutName, err)
	}
	return a.ID, nil
}

// checkID says whether the store has another vault than the mirror, or none. Where that cannot be asked nothing is
// said: it is asked because something else is wrong.
func (v *Vault) checkID(ctx context.Context) error {
	now, err := v.aboutID(ctx)
	if err != nil && !errors.Is(err, ErrNoVault) {
		return nil
	}
	if err == nil && now != v.id {
		err = fmt.Errorf("%w: it was %s, it is %s", ErrOther, v.id, now)
	}
	return err
}

// Refresh brings the mirror up to what the store has.
func (v *Vault) Refresh(ctx context.Context) error { return v.refresh(ctx) }

// ID is the vault's id.
func (v *Vault) ID() string { return v.id }

// Head is the state that the mirror has. It is not to be changed.
func (v *Vault) Head() *Head { return v.h }

// Snapshots are what the vault holds, oldest first.
func (v *Vault) Snapshots() []Snapshot { return v.h.Snapshots }

// UseKeys takes other keys of the vault from here on.
func (v *Vault) UseKeys(k seal.Keys) { v.k = k }

// Close closes the mirror; the store is its opener's.
func (v *Vault) Close() error {
	return errors.Join(closeAll(v.tables), v.m.close())
}

// ChangeSet is the change set of a snapshot, as docs/formats.md has it.
func (v *Vault) ChangeSet(ctx context.Context, seq uint64) (io.ReadCloser, error) {
	for i := range v.h.Snapshots {
		if s := &v.h.Snapshots[i]; s.Header.Seq == seq {
			return io.NopCloser(&partsReader{ctx: ctx, v: v, left: s.Parts}), nil
		}
	}
	return nil, fmt.Errorf("snapshot %d: %w", seq, store.ErrNotFound)
}

// partsReader reads the parts of a change set, one at a time.
type partsReader struct {
	ctx  context.Context //nolint:containedctx // of the Read of an io.Reader
	v    *Vault
	left []head.Sum
	now  bytes.Reader
}

func (r *partsReader) Read(p []byte) (int, error) {
	for r.now.Len() == 0 {
		if len(r.left) == 0 {
			return 0, io.EOF
		}
		plain, err := r.v.getMeta(r.ctx, r.left[0])
		if err != nil {
			return 0, err
		}
		r.now.Reset(plain)
		r.left = r.left[1:]
	}
	return r.now.Read(p)
}

func (v *Vault) jobs() int {
	if v.o.Jobs > 0 {
		return v.o.Jobs
	}
	return 4
}

func (v *Vault) newRun() string { return strings.ToLower(rand.Text()[:12]) }
