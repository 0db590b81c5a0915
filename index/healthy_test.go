package index

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"snap/internal/file"
	"snap/internal/long"
	"snap/record"
)

// The format of a page of bbolt, as far as tests need it.
const (
	pageHeader  = 16
	elementSize = 16
)

// agree asks the proof and bbolt's own check about the file at path. Neither may find anything.
func agree(t tb, when, path string) {
	t.Helper()
	raw, err := os.Open(path)
	check(t, err)
	defer raw.Close()
	pages, err := openPages(raw)
	if err == nil {
		free, wrong := pages.Prove(bg, "records")
		err = errors.Join(wrong, free)
	}
	if said := boltFindings(t, path); err != nil || len(said) > 0 {
		t.Fatalf("%s: the proof says %v, bbolt %q", when, err, said)
	}
}

// boltFindings are what bbolt's own check finds.
func boltFindings(t tb, path string) (said []string) {
	t.Helper()
	boltView(t, path, func(tx *bolt.Tx) error {
		for err := range tx.Check() {
			said = append(said, err.Error())
		}
		return nil
	})
	return said
}

// boltView calls f with the database as bbolt sees it.
func boltView(t tb, path string, f func(tx *bolt.Tx) error) {
	t.Helper()
	b, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, PreLoadFreelist: true})
	check(t, err)
	defer b.Close()
	check(t, b.View(f))
}

// shaper makes an index of a random shape, step by step, and knows what its snapshots hold.
type shaper struct {
	t    *testing.T
	db   *DB
	size int // of its pages
	rnd  *rand.Rand
	now  map[string]int64 // size of each file in the newest snapshot
	seq  uint64
	kept []uint64 // snapshots
	was  []map[string]int64
}

func newShaper(t *testing.T, seed uint64) *shaper {
	s := &shaper{t: t, rnd: rand.New(rand.NewPCG(seed, 14)), now: map[string]int64{}}
	s.size = []int{4096, 4096, 4096, 1024, 2048, 16384, 65536}[s.rnd.IntN(7)]
	s.db = s.create()
	return s
}

func (s *shaper) create() *DB {
	path := filepath.Join(memoryDir(s.t), "index.db")
	check(s.t, create(path, "the-id", s.size))
	if info, err := os.Stat(path); err == nil && info.Size() < smallest {
		check(s.t, os.Truncate(path, smallest)) // four pages of 1 KiB are less than any index is
	}
	db, err := Open(path)
	check(s.t, err)
	return db
}

// path is one of a few hundred, with names of all lengths.
func (s *shaper) path() string {
	i := s.rnd.IntN(400)
	return fmt.Sprintf("%03d%s", i, strings.Repeat("n", (i*i)%80))
}

// record is that of a file, with an attribute that makes its element take n bytes of a page where it can.
func (s *shaper) record(path string, n int) record.Record {
	r := node{s.rnd.Uint64N(1000) + 10, file.Regular, strings.Repeat("x", s.rnd.IntN(50)), 0o644,
		s.rnd.Int64N(1e9)}.record()
	if pad := n - taken(path, &r) - len("n user.x n"); pad > 0 {
		r.Xattrs = []file.Xattr{{Name: "user.x", Value: make([]byte, pad)}}
	}
	return r
}

// taken is how much of a page the record takes.
func taken(path string, r *record.Record) int {
	return elementSize + len(path) + len(seal(record.Append(nil, r), nil))
}

// around is a number close to a limit: a quarter of a page, pages, or a few of them.
func (s *shaper) around() int {
	limit := []int{s.size / 4, s.size / 4, s.size / 4, s.size / 2, s.size, 2 * s.size, 3 * s.size,
		9 * s.size}[s.rnd.IntN(8)]
	return limit - 60 + s.rnd.IntN(120)
}

// set is a change set whose records take a page of about total bytes, most of them more than one.
func (s *shaper) set(total, one int) (set []record.Entry) {
	entries := map[string]record.Record{}
	for size := pageHeader; size < total && len(entries) < 380; {
		p := s.path()
		if _, there := entries[p]; there {
			continue
		}
		want, last := one, false
		if total-size < one+250 {
			want, last = total-size, true // it fills the page
		}
		r := s.record(p, want)
		if _, there := s.now[p]; there && !last && s.rnd.IntN(4) == 0 {
			r = record.Record{Change: record.Removed, Reason: record.Gone}
		} else if there {
			r.Change, r.Reason = record.Modified, record.SizeOrTime
		}
		entries[p] = r
		size += taken(p, &r)
	}
	for p, r := range entries {
		set = append(set, record.Entry{Path: p, Record: r})
	}
	slices.SortFunc(set, func(a, b record.Entry) int { return record.Compare(a.Path, b.Path) })
	return set
}

func (s *shaper) header() *record.Header {
	h := &record.Header{Seq: s.seq, Name: fmt.Sprint("s", s.seq), Files: int64(len(s.now)), Dirs: 1}
	for _, size := range s.now {
		h.Bytes += size
	}
	return h
}

// add imports a set as a complete snapshot.
func (s *shaper) add(set []record.Entry) {
	s.seq += 1 + s.rnd.Uint64N(2)
	if len(s.kept) == 0 {
		set = append([]record.Entry{{Path: "", Record: node{1, file.Folder, "", 0o755, 0}.record()}}, set...)
	}
	for _, e := range set {
		switch {
		case e.Path == "":
		case e.Exists():
			s.now[e.Path] = e.Size
		default:
			delete(s.now, e.Path)
		}
	}
	h := s.header()
	h.Records = int64(len(set))
	check(s.t, s.db.Import(bg, s.seq, all(set), func() (*record.Header, error) { return h, nil }))
	h.State = record.Complete
	check(s.t, s.db.SetHeader(bg, h))
	s.kept, s.was = append(s.kept, s.seq), append(s.was, cloned(s.now))
}

func cloned(m map[string]int64) map[string]int64 {
	c := make(map[string]int64, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}

// step does one of the things that happen to an index, and says which.
func (s *shaper) step() string {
	what := []string{"few", "few", "few", "around", "around", "around", "many", "empty", "large", "clear", "fold", "fold",
		"undo", "learn", "label", "aborted", "stopped", "rolled back", "made again"}[s.rnd.IntN(19)]
	if len(s.kept) == 0 && (what == "undo" || what == "learn" || what == "label" || what == "made again") {
		what = "few"
	}
	switch what {
	case "few": // some neighbours that lie in a page of their parent, together more than it
		for range 1 + s.rnd.IntN(6) {
			s.add(s.set(s.size/4-s.rnd.IntN(s.size/100), 130))
		}
	case "around":
		s.add(s.set(s.around(), 60+s.rnd.IntN(400)))
	case "many":
		s.add(s.set(50_000, 150))
	case "empty":
		s.add(nil)
	case "large":
		s.add(s.set(s.around(), 20*s.size))
	case "clear":
		var set []record.Entry
		for p := range s.now {
			set = append(set, record.Entry{Path: p, Record: record.Record{Change: record.Removed, Reason: record.Gone}})
		}
		slices.SortFunc(set, func(a, b record.Entry) int { return record.Compare(a.Path, b.Path) })
		s.add(set)
	case "fold":
		if len(s.kept) > 1 {
			s.fold(false)
		}
	case "stopped":
		if len(s.kept) > 1 {
			s.fold(true)
		}
	case "undo":
		n := len(s.kept) - 1
		check(s.t, s.db.Undo(bg, s.kept[n]))
		s.kept, s.was, s.now = s.kept[:n], s.was[:n], map[string]int64{}
		if n > 0 {
			s.now = cloned(s.was[n-1])
		}
	case "learn":
		listing, err := s.db.listing(s.kept[len(s.kept)-1], "")
		check(s.t, err)
		for i := range listing {
			listing[i].Ino, listing[i].Ctime.Sec = s.rnd.Uint64(), s.rnd.Int64()>>1
		}
		check(s.t, s.db.Learn(bg, s.kept[len(s.kept)-1], all(listing)))
	case "label":
		h := s.db.header(s.t, s.kept[s.rnd.IntN(len(s.kept))])
		h.Note = strings.Repeat("note", s.around()/4)
		check(s.t, s.db.SetHeader(bg, &h))
	case "aborted":
		s.abort()
	case "rolled back":
		s.rollBack()
	case "made again":
		s.again()
	}
	return what
}

// fold deletes some neighbours; stop: it is stopped once on the way.
func (s *shaper) fold(stop bool) {
	to := 1 + s.rnd.IntN(len(s.kept)-1)
	from := s.rnd.IntN(to)
	prev := uint64(0)
	if from > 0 {
		prev = s.kept[from-1]
	}
	h := s.db.header(s.t, s.kept[to])
	set := s.db.merged(s.t, prev, &h)
	if stop {
		if err := s.db.Fold(bg, prev, &h, cut(set, 1, s.rnd.IntN(len(set)+1))); !errors.Is(err, errStopped) {
			s.t.Fatal(err)
		}
		s.sound("a deletion that was stopped")
	}
	check(s.t, s.db.Fold(bg, prev, &h, all(set)))
	s.kept, s.was = slices.Delete(s.kept, from, to), slices.Delete(s.was, from, to)
}

// abort begins an import that ends before its header, in one of two ways, and takes it back.
func (s *shaper) abort() {
	set := s.set(s.around(), 200)
	fail := func() (*record.Header, error) { return nil, errStopped }
	n := s.rnd.IntN(len(set) + 1)
	changes := all(set)
	if s.rnd.IntN(2) == 0 {
		changes = cut(set, 1, n)
	}
	if err := s.db.Import(bg, s.seq+9, changes, fail); !errors.Is(err, errStopped) {
		s.t.Fatal(err)
	}
	s.sound("an import that was stopped")
	check(s.t, s.db.Clean(bg))
}

// rollBack begins a transaction and ends it without a commit, and makes another that changes nothing.
func (s *shaper) rollBack() {
	b, err := bolt.Open(s.db.path, 0o600, &bolt.Options{FreelistType: bolt.FreelistMapType})
	check(s.t, err)
	err = b.Update(func(tx *bolt.Tx) error {
		for i := range s.rnd.IntN(2000) {
			check(s.t, tx.Bucket(bucketContent).Put(fmt.Appendf(nil, "key %d", i), make([]byte, 100)))
		}
		return errStopped
	})
	if !errors.Is(err, errStopped) {
		s.t.Fatal(err)
	}
	check(s.t, b.Update(func(*bolt.Tx) error { return nil }))
	check(s.t, b.Close())
}

// again makes the index anew of what each snapshot changed, as reindex does.
func (s *shaper) again() {
	fresh := s.create()
	heads, err := s.db.Snapshots(bg)
	check(s.t, err)
	prev := uint64(0)
	for _, h := range heads {
		counted := h
		set := s.db.merged(s.t, prev, &counted)
		h.Bucket, h.Records = 0, int64(len(set))
		check(s.t, fresh.Import(bg, h.Seq, all(set), func() (*record.Header, error) { return &h, nil }))
		h.State = record.Complete
		check(s.t, fresh.SetHeader(bg, &h))
		prev = h.Seq
	}
	s.db = fresh
}

// sound asks everybody who may refuse an index.
func (s *shaper) sound(when string) {
	s.t.Helper()
	agree(s.t, when, s.db.path)
	if all := s.db.findings(s.t); len(all) > 0 {
		s.t.Fatalf("%s: %.300q", when, all)
	}
	for _, how := range []int{reading, writing} {
		again, err := Open(s.db.path)
		check(s.t, err)
		h, err := again.open(bg, how)
		if err != nil {
			s.t.Fatalf("%s: %v", when, err)
		}
		check(s.t, h.Close())
	}
}

// An index that snap has made is proved, whatever its shape: buckets around the size up to which bbolt puts them into
// a page of their parent, pages and their overflows, pages of all sizes, imports and deletions, also stopped ones,
// what was learned, labels, transactions without a commit. The proof and bbolt's own check are asked after each step.
// SNAP_LONG=1 does it with 250 indexes, some 6,000 states of them, others for each tree that .ci/run tests.
func TestNoHealthyIndexIsRefused(t *testing.T) {
	first, indexes, steps := uint64(0), uint64(24), 12 // few, and always these: they have every shape
	if long.Form() {
		first, indexes, steps = long.Random(t).Uint64()>>1, 250, 25
	}
	overflows := 0
	for n := uint64(0); n < indexes; n++ {
		seed := first + n
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			s := newShaper(t, seed)
			s.sound("new")
			var did []string
			for range steps {
				did = append(did, s.step())
				s.sound(strings.Join(did, ", "))
			}
			overflows += s.bucketPages()
			s.torn()
		})
	}
	if overflows == 0 {
		t.Error("no page of buckets was larger than a page")
	}
}

// bucketPages counts the pages of buckets that overflow into others.
func (s *shaper) bucketPages() (n int) {
	raw, err := os.ReadFile(s.db.path)
	check(s.t, err)
	boltView(s.t, s.db.path, func(tx *bolt.Tx) error {
		for id := 2; ; id++ {
			p, err := tx.Page(id)
			if err != nil || p == nil {
				return err
			}
			first := raw[id*s.size+pageHeader:] // its first element
			if p.Type == "leaf" && p.OverflowCount > 0 && binary.NativeEndian.Uint32(first) == 1 {
				n++
			}
		}
	})
	return n
}

// torn is what a power cut leaves while the newest meta page is written: the index is the one before.
func (s *shaper) torn() {
	raw, err := os.ReadFile(s.db.path)
	check(s.t, err)
	boltView(s.t, s.db.path, func(tx *bolt.Tx) error {
		raw[tx.ID()%2*s.size+40] ^= 1
		return nil
	})
	path := filepath.Join(memoryDir(s.t), "index.db")
	check(s.t, os.WriteFile(path, raw, 0o600))
	agree(s.t, "a torn meta page", path)
}

// A list of more than 64 Ki free pages has its length in another place, and takes pages of its own.
func TestALongListOfFreePagesIsProved(t *testing.T) {
	sizes := []int{0xfffe, 0x10001}
	if long.Form() {
		sizes = append(sizes, 0xfffc, 0xfffd, 0xffff, 0x10000, 0x11000)
	}
	for _, pages := range sizes {
		path := filepath.Join(memoryDir(t), "index.db")
		check(t, create(path, "the-id", 1<<10))
		b, err := bolt.Open(path, 0o600, &bolt.Options{NoSync: true})
		check(t, err)
		key := []byte("free pages")
		update := func(f func(b *bolt.Bucket) error) {
			check(t, b.Update(func(tx *bolt.Tx) error { return f(tx.Bucket(bucketContent)) }))
		}
		update(func(b *bolt.Bucket) error { return b.Put(key, make([]byte, pages<<10)) })
		update(func(b *bolt.Bucket) error { return b.Delete(key) })
		check(t, b.Close())
		agree(t, fmt.Sprint(pages), path)
		db, err := Open(path)
		check(t, err)
		h := &record.Header{Seq: 1, Name: "s1"}
		check(t, db.Import(bg, 1, all(manyEntries(50)), func() (*record.Header, error) { return h, nil }))
		agree(t, fmt.Sprint(pages, ", and written to"), path)
	}
}

// An index of a newer version is not damaged, whatever its pages look like to this one.
func TestANewerIndexIsNotDamaged(t *testing.T) {
	for name, change := range map[string]func(tx *bolt.Tx) error{
		"other buckets": func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketContent) },
		"buckets in another one": func(tx *bolt.Tx) error {
			_, err := tx.Bucket(bucketPaths).CreateBucket([]byte("inner"))
			return err
		},
		"values in the list of buckets of records": func(tx *bolt.Tx) error {
			return tx.Bucket(bucketRecords).Put([]byte("key"), []byte("value"))
		},
	} {
		db := smallHistory(t)
		edit(t, db.path, func(tx *bolt.Tx) error {
			return errors.Join(change(tx), tx.Bucket(bucketMeta).Put(keyVersion, []byte{schemaVersion + 1}))
		})
		for _, how := range []int{reading, writing} {
			if _, err := db.open(context.Background(), how); !errors.Is(err, record.ErrNewer) ||
				errors.Is(err, record.ErrDamaged) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := db.Check(bg, func(error) {}); !errors.Is(err, record.ErrNewer) || errors.Is(err, record.ErrDamaged) {
			t.Errorf("%s: check: %v", name, err)
		}
	}
}
