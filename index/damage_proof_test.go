package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"snap/internal/file"
	"snap/internal/long"
	"snap/record"
)

// deepHistory is two snapshots with names so long that trees have three levels of pages.
func deepHistory(t tb) *DB {
	now := tree{"": {1, file.Folder, "", 0o755, 0}}
	for i := range 12 {
		dir := fmt.Sprintf("%02d%s", i, strings.Repeat("folder", 20))
		now[dir] = node{uint64(10 + i), file.Folder, "", 0o755, 0}
		for k := range 40 {
			now[fmt.Sprintf("%s/%02d%s", dir, k, strings.Repeat("name", 30))] = node{uint64(100*i + k + 100), file.Regular,
				fmt.Sprint(i, k), 0o644, 1}
		}
	}
	db, old := newDB(t), tree{}
	for seq := uint64(1); seq <= 3; seq++ {
		db.add(t, seq, now.changes(old))
		h := db.header(t, seq)
		now.count(&h)
		check(t, db.SetHeader(bg, &h))
		old = maps.Clone(now)
		l := &life{now: now, clock: 1e6 * int64(seq), ids: 1e6 * seq}
		for i, p := range now.paths() {
			switch n := now[p]; {
			case n.kind == file.Folder:
			case i%9 == 0:
				l.put(p, file.Regular, "edited")
			case i%70 == 0:
				l.move(p, p+".moved")
			}
		}
	}
	if got := db.findings(t); len(got) > 0 {
		t.Fatalf("sound: %q", got)
	}
	return db
}

// rawPages is a database file as a test damages it. The places are counted out here once more, so that a
// misreading in the package does not hide itself.
type rawPages struct {
	b        []byte
	parent   map[int]int // of the pages in trees of more than one page
	branches []int
	leaves   []int
	roots    []int // of buckets, where the elements that name them are: byte offsets
	freelist int
}

func (p *rawPages) page(id int) []byte { return p.b[id*4096 : (id+1)*4096] }
func (p *rawPages) count(id int) int   { return int(binary.NativeEndian.Uint16(p.page(id)[10:])) }
func (p *rawPages) setCount(id, n int) { binary.NativeEndian.PutUint16(p.page(id)[10:], uint16(n)) }
func (p *rawPages) child(id, i int) int {
	return int(binary.NativeEndian.Uint64(p.page(id)[16+16*i+8:]))
}
func (p *rawPages) setChild(id, i, child int) {
	binary.NativeEndian.PutUint64(p.page(id)[16+16*i+8:], uint64(child))
}
func (p *rawPages) setID(id, to int)          { binary.NativeEndian.PutUint64(p.page(id), uint64(to)) }
func (p *rawPages) setFlags(id int, f uint16) { binary.NativeEndian.PutUint16(p.page(id)[8:], f) }
func (p *rawPages) setRoot(at, id int)        { binary.NativeEndian.PutUint64(p.b[at:], uint64(id)) }
func (p *rawPages) clone() *rawPages          { c := *p; c.b = slices.Clone(p.b); return &c }
func (p *rawPages) all() []int                { return slices.Concat(p.branches, p.leaves) }
func (p *rawPages) swap(a, b int) {
	x := slices.Clone(p.page(a))
	copy(p.page(a), p.page(b))
	copy(p.page(b), x)
}
func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
func (p *rawPages) save(t tb, path string) { check(t, os.WriteFile(path, p.b, 0o600)) }
func (p *rawPages) up(id int) (chain []int) {
	for at, ok := p.parent[id]; ok; at, ok = p.parent[at] {
		chain = append(chain, at)
	}
	return chain
}

func readRaw(t tb, path string) *rawPages {
	t.Helper()
	p := &rawPages{parent: map[int]int{}}
	b, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, PreLoadFreelist: true})
	check(t, err)
	defer b.Close()
	raw, err := os.ReadFile(path)
	check(t, err)
	check(t, b.View(func(tx *bolt.Tx) error {
		p.b = raw[:tx.Size()]
		for id := 2; ; id++ {
			switch info, err := tx.Page(id); {
			case err != nil || info == nil:
				return err
			case info.OverflowCount > 0:
				return errors.New("a page with an overflow")
			case info.Type == "freelist":
				p.freelist = id
			case info.Type == "branch":
				p.branches = append(p.branches, id)
				for i := range p.count(id) {
					p.parent[p.child(id, i)] = id
				}
			case info.Type == "leaf":
				p.leaves = append(p.leaves, id)
				for i := range p.count(id) {
					e := p.page(id)[16+16*i:]
					if binary.NativeEndian.Uint32(e) == 1 {
						at := id*4096 + 16 + 16*i + int(binary.NativeEndian.Uint32(e[4:])+binary.NativeEndian.Uint32(e[8:]))
						if binary.NativeEndian.Uint64(p.b[at:]) != 0 {
							p.roots = append(p.roots, at)
						}
					}
				}
			}
		}
	}))
	return p
}

// pageDamages are what can happen to pages so that every single one still looks like a page.
var pageDamages = map[string]func(p *rawPages, r *rand.Rand){
	"a branch leads to itself": func(p *rawPages, r *rand.Rand) {
		id := pick(r, p.branches)
		p.setChild(id, r.IntN(p.count(id)), id)
	},
	"all of a branch leads to itself": func(p *rawPages, r *rand.Rand) {
		id := pick(r, p.branches)
		for i := range p.count(id) {
			p.setChild(id, i, id)
		}
	},
	"a branch leads to one above": func(p *rawPages, r *rand.Rand) {
		for {
			id := pick(r, p.branches)
			if up := p.up(id); len(up) > 0 {
				p.setChild(id, r.IntN(p.count(id)), pick(r, up))
				return
			}
		}
	},
	"branches lead to each other": func(p *rawPages, r *rand.Rand) {
		a, b := pick(r, p.branches), pick(r, p.branches)
		p.setChild(a, r.IntN(p.count(a)), b)
		p.setChild(b, r.IntN(p.count(b)), a)
	},
	"a circle of all branches": func(p *rawPages, r *rand.Rand) {
		for i, id := range p.branches {
			for k := range p.count(id) {
				p.setChild(id, k, p.branches[(i+1)%len(p.branches)])
			}
		}
	},
	"a branch leads to a page of another tree": func(p *rawPages, r *rand.Rand) {
		id := pick(r, p.branches)
		p.setChild(id, r.IntN(p.count(id)), pick(r, p.all()))
	},
	"a branch leads anywhere": func(p *rawPages, r *rand.Rand) {
		id := pick(r, p.branches)
		p.setChild(id, r.IntN(p.count(id)),
			pick(r, []int{0, 1, len(p.b) / 4096, len(p.b)/4096 - 1, math.MaxInt >> 22, -1, p.freelist}))
	},
	"a bucket begins in another tree": func(p *rawPages, r *rand.Rand) { p.setRoot(pick(r, p.roots), pick(r, p.all())) },
	"a bucket begins anywhere": func(p *rawPages, r *rand.Rand) {
		p.setRoot(pick(r, p.roots), pick(r, []int{0, 1, len(p.b) / 4096, math.MaxInt >> 12, -1, p.freelist}))
	},
	"a leaf becomes a branch": func(p *rawPages, r *rand.Rand) { p.setFlags(pick(r, p.leaves), 1) },
	"a branch becomes a leaf": func(p *rawPages, r *rand.Rand) { p.setFlags(pick(r, p.branches), 2) },
	"a page becomes of no type": func(p *rawPages, r *rand.Rand) {
		p.setFlags(pick(r, p.all()), pick(r, []uint16{0, 3, 4, 0x10, 0x12, 0xffff}))
	},
	"an empty branch": func(p *rawPages, r *rand.Rand) { p.setCount(pick(r, p.branches), 0) },
	"an empty leaf":   func(p *rawPages, r *rand.Rand) { p.setCount(pick(r, p.leaves), 0) },
	"only empty leaves": func(p *rawPages, r *rand.Rand) {
		for _, id := range p.leaves {
			if _, in := p.parent[id]; in {
				p.setCount(id, 0)
			}
		}
	},
	"too many elements": func(p *rawPages,
		r *rand.Rand) {
		p.setCount(pick(r, p.all()), pick(r, []int{200, 255, 256, 0xffff}))
	},
	"an element less":     func(p *rawPages, r *rand.Rand) { id := pick(r, p.all()); p.setCount(id, p.count(id)-1) },
	"a long page":         func(p *rawPages, r *rand.Rand) { p.page(pick(r, p.all()))[12] = byte(1 + r.IntN(255)) },
	"a page without end":  func(p *rawPages, r *rand.Rand) { copy(p.page(pick(r, p.all()))[12:], "\xff\xff\xff\xff") },
	"pages change places": func(p *rawPages, r *rand.Rand) { p.swap(pick(r, p.all()), pick(r, p.all())) },
	"pages change places and say so": func(p *rawPages, r *rand.Rand) {
		a, b := pick(r, p.all()), pick(r, p.all())
		p.swap(a, b)
		p.setID(a, a)
		p.setID(b, b)
	},
	"a page is that of another place": func(p *rawPages, r *rand.Rand) {
		a := pick(r, p.all())
		copy(p.page(a), p.page(pick(r, p.all())))
		p.setID(a, a)
	},
	"a page of zeros":               func(p *rawPages, r *rand.Rand) { clear(p.page(pick(r, p.all()))) },
	"a page of zeros with its head": func(p *rawPages, r *rand.Rand) { clear(p.page(pick(r, p.all()))[16:]) },
	"a page of noise":               func(p *rawPages, r *rand.Rand) { noise(r, p.page(pick(r, p.all()))) },
	"a page of noise with its head": func(p *rawPages, r *rand.Rand) { noise(r, p.page(pick(r, p.all()))[16:]) },
	"noise in the elements": func(p *rawPages, r *rand.Rand) {
		id := pick(r, p.all())
		noise(r, p.page(id)[16:16+16*max(p.count(id), 1)])
	},
	"the file is cut at a page":     func(p *rawPages, r *rand.Rand) { p.b = p.b[:4096*r.IntN(len(p.b)/4096)] },
	"the rest of the file is zeros": func(p *rawPages, r *rand.Rand) { clear(p.b[4096*(2+r.IntN(len(p.b)/4096-2)):]) },
	"the rest of the file is noise": func(p *rawPages, r *rand.Rand) { noise(r, p.b[4096*(2+r.IntN(len(p.b)/4096-2)):]) },
	"all of the file is noise":      func(p *rawPages, r *rand.Rand) { noise(r, p.b) },
	"the list of free pages holds others": func(p *rawPages, r *rand.Rand) {
		binary.NativeEndian.PutUint64(p.page(p.freelist)[16:], uint64(pick(r, p.all())))
		p.setCount(p.freelist, max(1, p.count(p.freelist)))
	},
	"the list of free pages is endless": func(p *rawPages, r *rand.Rand) {
		p.setCount(p.freelist, 0xffff)
		binary.NativeEndian.PutUint64(p.page(p.freelist)[16:], pick(r, []uint64{1 << 62, 1 << 36, 1 << 33, 511}))
	},
	"the list of free pages is noise": func(p *rawPages, r *rand.Rand) { noise(r, p.page(p.freelist)[8:]) },
}

func noise(r *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(r.Uint32())
	}
}

// TestNoDamageOfPagesStopsTheProcess damages pages in every way and asks and writes everything. A search
// that overflows the stack would end this test and all others with it, a cursor that goes round for ever
// would hang it. Check finds the damage unless no answer has changed.
func TestNoDamageOfPagesStopsTheProcess(t *testing.T) {
	db := deepHistory(t)
	good := readRaw(t, db.path)
	if len(good.up(good.leaves[len(good.leaves)-1])) < 2 && len(good.branches) < 8 {
		t.Fatalf("the trees are too flat: %d branches", len(good.branches))
	}
	whole := db.dump(t)
	r := rand.New(rand.NewPCG(3, 3))
	rounds := long.Of(2, 4)
	n, noticed := 0, 0
	for _, name := range slices.Sorted(maps.Keys(pageDamages)) {
		for range rounds {
			p := good.clone()
			if pageDamages[name](p, r); string(p.b) == string(good.b) {
				continue
			}
			n++
			p.save(t, db.path)
			if db.survives(t, name, whole) {
				noticed++
			}
		}
	}
	if noticed < n/2 {
		t.Errorf("of %d damages Check noticed %d", n, noticed)
	}
}

// survives asks everything of a damaged database, and writes to it, and reports whether Check says that it
// is damaged.
func (db *DB) survives(t *testing.T, name string, whole map[string]string) bool {
	t.Helper()
	found := 0
	_, err := db.Check(bg, func(err error) {
		if found++; !errors.Is(err, record.ErrDamaged) && !errors.Is(err, record.ErrNewer) {
			t.Errorf("%s: Check found: %v", name, err)
		}
	})
	if err != nil && !errors.Is(err, record.ErrDamaged) && !errors.Is(err, record.ErrNewer) {
		t.Errorf("%s: Check: %v", name, err)
	}
	h := &record.Header{Seq: 1}
	errs := map[string]error{"Check": err, "CheckSet": db.CheckSet(bg, h, all(nil), func(error) {})}
	_, more := db.answers()
	maps.Copy(errs, more)
	maps.Copy(errs, db.questions())
	_, errs["Versions"] = db.Versions(bg, "a")
	_, errs["ByContent"] = db.ByContent(bg, 3, 6, [32]byte{}, 9)
	_, errs["ByIdentity"] = db.ByIdentity(bg, 3, &record.Record{Volume: 1, Stat: file.Stat{Ino: 100}}, 9)
	_, errs["Usage"] = db.Usage(bg)
	_, errs["Freeable"] = db.Freeable(bg, []uint64{1, 3})
	_, errs["Merged"] = collect(db.Merged(bg, 0, &record.Header{Seq: 3}))
	damaged := err != nil || found > 0
	if !damaged {
		if d := difference(whole, db.dump(t)); d != "" {
			t.Errorf("%s: Check found nothing, but %s", name, d)
		}
	}
	set := []record.Entry{{Path: "", Record: node{1, file.Folder, "", 0o700, 0}.record()},
		{Path: "new", Record: node{9, file.Regular, "", 0o644, 1}.record()}}
	errs["Learn"] = db.Learn(bg, 3, all(set))
	errs["Import"] = db.Import(bg, 9, all(set), func() (*record.Header, error) { return &record.Header{Name: "s"}, nil })
	errs["Undo"] = db.Undo(bg, 3)
	errs["Clean"] = db.Clean(bg)
	for call, err := range errs {
		if err != nil && !errors.Is(err, record.ErrDamaged) && !errors.Is(err, record.ErrNewer) &&
			!errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %s: %v", name, call, err)
		}
	}
	return damaged
}

// TestCheckFindsEveryChangedByte changes some bytes of a page in use. Where Check finds nothing every key and
// value is what it was: the bytes were not used, or a branch leads as well as before.
func TestCheckFindsEveryChangedByte(t *testing.T) {
	db := deepHistory(t)
	good := readRaw(t, db.path)
	whole := db.dump(t)
	r := rand.New(rand.NewPCG(4, 4))
	quiet, found := 0, 0
	tries := long.Of(150, 400)
	for range tries {
		p := good.clone()
		b := p.page(pick(r, p.all()))
		at := r.IntN(len(b))
		for i := range b[at:min(at+1+r.IntN(8), len(b))] {
			b[at+i] ^= byte(1 << r.IntN(8))
		}
		p.save(t, db.path)
		before := found
		if _, err := db.Check(bg, func(error) { found = before + 1 }); err != nil {
			found = before + 1
		}
		if found == before {
			quiet++
			if d := difference(whole, db.dump(t)); d != "" {
				t.Errorf("byte %d: nothing found, but %s", at, d)
			}
		}
	}
	t.Logf("found %d, and %d that changed no key and no value", found, quiet)
	if found < tries/2 {
		t.Error("little was found")
	}
}
